"""Parses one statement with PostgreSQL's own grammar, and lives through whatever the statement is.

It reads no files and gives statements no meaning.
"""

from collections.abc import Iterator

from pglast import parse_sql
from pglast.ast import Node
from pglast.error import Error

from agentctl.core.schema_source.statements import Statement

_TOKENS_AT_MOST = 10_000
"""A tree is built by recursion in C: only a limit to the text keeps it from the stack's end."""


class NotParsed(Exception):
    """The grammar does not know such a statement.

    Attributes:
        place: in its text.

    """

    def __init__(self, message: str, place: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.place = place


def parse(statement: Statement) -> Node:
    """Return the tree of a statement.

    Raises:
        NotParsed: there is none.

    """
    if len(statement.tokens) > _TOKENS_AT_MOST:
        msg = "it is too long to be looked at"
        raise NotParsed(msg)
    if "\0" in statement.text:
        msg = "there is a zero byte in it"
        raise NotParsed(msg, statement.text.index("\0"))
    try:
        found = parse_sql(statement.text)
    except Error as error:
        raise NotParsed(str(error.args[0]), _place(error)) from None
    except UnicodeError:
        msg = "it is no Unicode text"
        raise NotParsed(msg) from None
    if len(found) != 1 or found[0].stmt is None:
        msg = "it is not one statement"
        raise NotParsed(msg)
    return found[0].stmt


def nodes_in(tree: object) -> Iterator[Node]:
    """Yield every node of a tree, however deep it is."""
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Node):
            yield one
            waiting.extend(getattr(one, attribute) for attribute in one)
        elif isinstance(one, tuple):
            waiting.extend(one)


def _place(error: Error) -> int:
    place = error.args[1] if len(error.args) > 1 else None
    return place if isinstance(place, int) else 0
