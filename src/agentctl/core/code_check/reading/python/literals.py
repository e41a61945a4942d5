"""String literals of Python, with the position in the source of every character that is written literally.

It relies on Python's parser and decides nothing about what a text means.
"""

import ast
import re
from bisect import bisect_right
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

_TOKEN = re.compile(
    r"""(?P<prefix>[A-Za-z]*)(?P<quote>\"{3}|'{3}|"|')(?P<body>(?:[^\\]|\\.)*?)(?P=quote)""", re.DOTALL
)
_BETWEEN = re.compile(r"(?:\s|\\\n|\#[^\n]*)*")
_JOINED_LINE = "\\\n"


class Piece(Struct, frozen=True):
    """A part of a text that one literal gave.

    Attributes:
        offset: in the text.
        line: of the source, from 1.
        column: in characters, from 1.
        exact: whether the source has the same characters; else all of it gets the position of its start.

    """

    offset: int
    line: int
    column: int
    exact: bool


class Text(Struct, frozen=True):
    """A text in the source; not `whole` where a part of it is filled in at run time."""

    value: str
    pieces: tuple[Piece, ...]
    whole: bool = True

    def locate(self, offset: int) -> tuple[int, int]:
        """Return line and column in the source of an offset in the text."""
        piece = self.pieces[max(0, bisect_right(self.pieces, offset, key=lambda item: item.offset) - 1)]
        if not piece.exact:
            return piece.line, piece.column
        before = self.value[piece.offset : offset]
        lines = before.count("\n")
        column = len(before) - before.rfind("\n") if lines else piece.column + len(before)
        return piece.line + lines, column


def join_texts(texts: list[Text], *, whole: bool) -> Text:
    """Concatenate texts."""
    pieces: list[Piece] = []
    length = 0
    for text in texts:
        pieces += [replace(piece, offset=piece.offset + length) for piece in text.pieces]
        length += len(text.value)
    return Text("".join(text.value for text in texts), tuple(pieces), whole)


class Source:
    """The lines of a Python file, for positions that its parser counts in bytes."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")

    def start(self, node: ast.expr) -> tuple[int, int]:
        """Return line and column, from 1, of where an expression begins."""
        return node.lineno, self._find_column(node.lineno, node.col_offset) + 1

    def literal(self, node: ast.expr, value: str) -> Text:
        """Return a string literal, or an implicit concatenation of several."""
        line, column = self.start(node)
        tokens = list(_list_literals(self._cut_slice(node), line, column))
        text = join_texts(tokens, whole=True)
        return text if tokens and text.value == value else make_inexact(value, (line, column))

    def _cut_slice(self, node: ast.expr) -> str:
        end_line, end_bytes = node.end_lineno or node.lineno, node.end_col_offset or 0
        lines = self._lines[node.lineno - 1 : end_line]
        lines[-1] = lines[-1][: self._find_column(end_line, end_bytes)]
        lines[0] = lines[0][self._find_column(node.lineno, node.col_offset) :]
        return "\n".join(lines)

    def _find_column(self, line: int, offset: int) -> int:
        text = self._lines[line - 1]
        return offset if text.isascii() else len(text.encode()[:offset].decode(errors="ignore"))


def make_inexact(value: str, start: tuple[int, int], *, whole: bool = True) -> Text:
    """Return a text of which only the position of its beginning is known."""
    return Text(value, (Piece(0, *start, exact=False),), whole)


def _list_literals(source: str, line: int, column: int) -> Iterator[Text]:
    """Return the literals of an implicit concatenation."""
    position = 0
    where = Text(source, (Piece(0, line, column, exact=True),))
    while token := _TOKEN.match(source, position):
        begin, body = token.start("body"), token["body"]
        if body.startswith(_JOINED_LINE):
            begin, body = begin + len(_JOINED_LINE), body[len(_JOINED_LINE) :]
        prefix = token["prefix"].lower()
        if ("\\" in body and "r" not in prefix) or ("f" in prefix and re.search("[{}]", body)):
            yield make_inexact(
                _decode_token(token.group(), formatted="f" in prefix), where.locate(token.start())
            )
        else:
            yield Text(body, (Piece(0, *where.locate(begin), exact=True),))
        between = _BETWEEN.match(source, token.end())
        position = between.end() if between else token.end()


def _decode_token(token: str, *, formatted: bool) -> str:
    """Return the value of a literal with escapes."""
    value = ast.literal_eval(re.sub("^([A-Za-z]*)[fF]", r"\1", token) if formatted else token)
    return str(value).replace("{{", "{").replace("}}", "}") if formatted else str(value)
