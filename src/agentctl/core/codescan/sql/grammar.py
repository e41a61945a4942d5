"""Parses one statement with PostgreSQL's own grammar, and never overflows the stack."""

from pglast.ast import Node
from pglast.parser import ParseError, parse_sql

from agentctl.core.codescan.sql.statements import Statement

_TOO_DEEP = 2000
"""Trees of four times that depth are still walked within a stack of 8 MB, as measured."""


class NotUnderstood(Exception):
    """A statement is not PostgreSQL's SQL; `offset` is where in its text it stops to be."""

    def __init__(self, why: str, offset: int = 0) -> None:
        super().__init__(why)
        self.why = why
        self.offset = offset


def parse(statement: Statement) -> tuple[Node, ...]:
    """Return the syntax tree of a statement; more than one where it was not split far enough.

    Raises:
        NotUnderstood: the grammar does not know it, or it is nested too deeply to look.

    """
    if statement.depth > _TOO_DEEP:
        msg = "nested too deeply"
        raise NotUnderstood(msg)
    if "\0" in statement.text:
        msg = "a NUL character"
        raise NotUnderstood(msg, statement.text.index("\0"))
    try:
        return tuple(raw.stmt for raw in parse_sql(statement.text) if raw.stmt is not None)
    except ParseError as error:
        message, *place = error.args
        raise NotUnderstood(str(message), place[0] if place and place[0] is not None else 0) from error
    except UnicodeEncodeError as error:
        raise NotUnderstood(error.reason, error.start) from error
