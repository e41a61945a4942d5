"""Parses SQL with PostgreSQL's own grammar, and survives any text.

It splits no text and gives no statement a meaning. Nothing else calls the parser.
"""

from collections.abc import Iterator

from pglast.ast import Node
from pglast.parser import ParseError, parse_sql

TOO_DEEP = "nested too deeply"
"""What is said of a tree that nobody can walk."""
_DEEPEST = 2500
"""Trees of three times that depth are still walked within a stack of 8 MB, as measured."""


class NotParsed(Exception):
    """A text is not SQL as PostgreSQL knows it; `offset` is where parsing stopped."""

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


def parse(text: str, *, depth: int) -> tuple[Node, ...]:
    """Return the syntax trees of the statements in a text.

    Args:
        text: SQL.
        depth: how deep the trees can be, as nesting.py estimates it; the text is not measured again.

    Raises:
        NotParsed: the grammar does not know it, or it is nested too deeply to look.

    """
    if depth > _DEEPEST:
        raise NotParsed(TOO_DEEP)
    if "\0" in text:
        msg = "a NUL character"
        raise NotParsed(msg, text.index("\0"))
    try:
        return tuple(raw.stmt for raw in parse_sql(text) if raw.stmt is not None)
    except ParseError as error:
        message, *position = error.args
        raise NotParsed(str(message), position[0] if position and position[0] is not None else 0) from error
    except UnicodeEncodeError as error:
        raise NotParsed(error.reason, error.start) from error


def parse_one(text: str, *, depth: int) -> Node:
    """Return the syntax tree of a text that is one statement.

    Raises:
        NotParsed: as `parse` does, and where there are several or none.

    """
    trees = parse(text, depth=depth)
    if len(trees) != 1:
        msg = "it is not one statement"
        raise NotParsed(msg)
    return trees[0]


def nodes_in(tree: object) -> Iterator[Node]:
    """Yield every node of a tree, however deep it is."""
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Node):
            yield part
            waiting.extend(getattr(part, attribute) for attribute in part)
        elif isinstance(part, tuple):
            waiting.extend(part)
