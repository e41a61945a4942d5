"""Puts a streamed answer together: n8n's objects, or server-sent events. What it means is judged elsewhere.

n8n writes one JSON object a line: `begin`, `item` with a piece of the text, `end` or `error`, each with the
node that it comes from, since several nodes may stream. Server-sent events carry such objects or pieces of
text as data: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

_TYPES = frozenset({"begin", "item", "end", "error"})
_LAST_EVENTS = frozenset({"end", "done", "complete", "completed"})
_LAST_DATA = "[DONE]"
_LINE_END = re.compile(r"\r\n|\n|\r")


class StreamedAnswer(Struct, frozen=True):
    """The pieces of an answer, joined.

    Attributes:
        text: what the items hold.
        error: what the first error says; None where there is none.
        has_ended: whether all that began has ended.

    """

    text: str
    error: str | None
    has_ended: bool


class _Piece(Struct, frozen=True):
    type: str
    content: str = ""
    source: str = ""


def read_lines(text: str) -> StreamedAnswer | None:
    """Join what n8n has streamed; None where the text is something else."""
    values, is_whole = _parse_values(text)
    pieces = [_make_piece(value) for value in values if isinstance(value, dict)]
    types = [piece.type for piece in pieces]
    if len(pieces) < len(values) or not pieces:
        return None
    if types[0] != "begin":
        # What has no beginning is a stream only if nothing else can be meant.
        is_error = types == ["error"] and "metadata" in values[0]
        if not is_whole or not (is_error or (len(types) > 1 and _TYPES.issuperset(types))):
            return None
    return _join_pieces(pieces, is_whole=is_whole)


def _parse_values(text: str) -> tuple[list[Any], bool]:
    """Return the JSON values that follow each other in a text, and whether that is all of it."""
    decoder, values, position = json.JSONDecoder(), list[Any](), 0
    text = text.strip()
    while position < len(text):
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            return values, False
        values.append(value)
        while position < len(text) and text[position].isspace():
            position += 1
    return values, True


def _make_piece(value: Mapping[str, Any]) -> _Piece:
    content, metadata = value.get("content"), value.get("metadata")
    source = metadata if isinstance(metadata, dict) else {}
    return _Piece(
        str(value.get("type")),
        content if isinstance(content, str) else "",
        str([source.get(name) for name in ("nodeId", "nodeName", "runIndex", "itemIndex")]),
    )


def read_events(text: str) -> StreamedAnswer:
    """Join server-sent events."""
    return _join_pieces(list(_list_events(text)))


def _list_events(text: str) -> Iterator[_Piece]:
    name, data = "", list[str]()
    for line in (*_LINE_END.split(text), ""):
        field, _, value = line.partition(":")
        if not line:
            if name or data:
                yield _make_event(name, "\n".join(data))
            name, data = "", []
        elif field == "event":
            name = value.strip()
        elif field == "data":
            data.append(value.removeprefix(" "))


def _make_event(name: str, data: str) -> _Piece:
    values, is_whole = _parse_values(data)
    value = values[0] if is_whole and len(values) == 1 and isinstance(values[0], dict) else {}
    if value.get("type") in _TYPES:
        return _make_piece(value)
    if data == _LAST_DATA or name in _LAST_EVENTS:
        return _Piece("end")
    content = value.get("content")
    return _Piece("error" if name == "error" else "item", content if isinstance(content, str) else data)


def _join_pieces(pieces: list[_Piece], *, is_whole: bool = True) -> StreamedAnswer:
    begun = {piece.source for piece in pieces if piece.type == "begin"}
    ended = {piece.source for piece in pieces if piece.type == "end"}
    errors = (piece.content or "it gave no reason" for piece in pieces if piece.type == "error")
    return StreamedAnswer(
        text="".join(piece.content for piece in pieces if piece.type == "item"),
        error=next(errors, None),
        has_ended=is_whole and bool(ended) and begun <= ended,
    )
