"""Finds the statements of a DO block that change the schema, without running the block.

A statement behind a condition counts as executed: idempotent migrations ask whether it is still to be done.
A removal behind a condition on anything but the schema is doubtful. A statement that is composed at run
time has no text.
"""

import re
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from agentctl.core.schema_files.migration_files import CHANGING, MAY_CHANGE
from agentctl.core.sql.statements import Statement, split_statements
from agentctl.core.sql.tokens import Token, content_of

_ASKS_SCHEMA = re.compile(r"information_schema|\bpg_\w+|\bto_reg\w+|\bexists\b", re.IGNORECASE)
_OPENERS = frozenset({"BEGIN", "ELSE", "LOOP", "DECLARE", "EXCEPTION", ">"})
_CONDITIONS = frozenset({"IF", "ELSIF", "ELSEIF", "WHEN", "FOR", "FOREACH", "WHILE", "CASE"})
_ENDS_OF_CONDITION = frozenset({"THEN", "LOOP"})
_STRINGS = frozenset({"string", "dollar"})
_TAKING = re.compile(r"\bdrop\b|\brename\b|\bset\s+schema\b", re.IGNORECASE)


class Inner(Struct, frozen=True):
    """A statement in a block, and its offset there.

    Attributes:
        text: None where it is composed at run time.
        beginning: the beginning of a composed one, as far as it is known.
        doubtful: whether it removes something under a condition that cannot be decided.

    """

    text: str | None
    offset: int
    beginning: str = ""
    doubtful: bool = False


def statements_in(block: str) -> Iterator[Inner]:
    """Yield what a block does to the schema."""
    conditions: list[str] = []
    for piece in split_statements(block, whole=True):
        words = piece.words
        if words[:1] == ("END",) and words[1:2] in {("IF",), ("LOOP",), ("CASE",)}:
            conditions = conditions[:-1]
            continue
        start = _find_end_of_control(piece, conditions)
        inner = _read_inner(piece, start)
        if inner is not None:
            yield replace(inner, doubtful=_is_doubtful(inner, conditions))


def _is_doubtful(inner: Inner, conditions: list[str]) -> bool:
    """Whether it removes something, under a condition that does not look at the schema."""
    blind = any(not _ASKS_SCHEMA.search(condition) for condition in conditions)
    return blind and inner.text is not None and bool(_TAKING.search(inner.text))


def _find_end_of_control(piece: Statement, conditions: list[str]) -> int:
    """Return the first token behind the control flow, and note the conditions on the way."""
    at, own = 0, piece.tokens
    while at < len(own):
        word = _word_at(piece, own[at])
        if word in _OPENERS:
            at += 1
        elif word == "<":  # <<label>>
            at = _find_word(piece, at, frozenset({">"})) + 1
        elif word in _CONDITIONS:
            end = _find_word(piece, at, _ENDS_OF_CONDITION)
            _note_condition(word, piece.text[own[at].start : own[min(end, len(own) - 1)].start], conditions)
            at = end + 1
        else:
            break
    return at


def _note_condition(word: str, condition: str, conditions: list[str]) -> None:
    """Remember a condition until its END; WHEN, of a handler or of CASE, has none of its own."""
    if word in {"ELSIF", "ELSEIF"}:
        conditions[-1:] = [condition]
    elif word != "WHEN":
        conditions.append(condition)


def _find_word(piece: Statement, at: int, wanted: frozenset[str]) -> int:
    """Return the next token that is one of these words, outside of parentheses."""
    depth = 0
    for number, token in enumerate(piece.tokens[at:], start=at):
        word = _word_at(piece, token)
        depth += {"(": 1, ")": -1}.get(word, 0)
        if number > at and depth <= 0 and word in wanted:
            return number
    return len(piece.tokens)


def _read_inner(piece: Statement, at: int) -> Inner | None:
    rest = piece.tokens[at:]
    if not rest:
        return None
    start = rest[0].start
    word = _word_at(piece, rest[0])
    if word == "EXECUTE":
        return _read_executed(piece, rest[1:])
    text = piece.text[start:]
    return Inner(text, piece.start + start) if word in CHANGING else None


def _read_executed(piece: Statement, rest: tuple[Token, ...]) -> Inner | None:
    """Read EXECUTE of one literal; any other that may change the schema is only known at run time."""
    if not rest:
        return None
    start, text = rest[0].start, content_of(piece.text, rest[0])
    if len(rest) == 1 and text is not None:
        return Inner(text, piece.start + start)
    if not MAY_CHANGE.search(piece.text, start):
        return None
    known = next((content_of(piece.text, token) for token in rest if token.kind in _STRINGS), None)
    return Inner(None, piece.start + start, known or "")


def _word_at(piece: Statement, token: Token) -> str:
    return piece.text[token.start : token.end].upper()
