"""Writes the GRANT statements that let a role do what it may not do yet."""

from collections.abc import Sequence
from typing import LiteralString

from psycopg import sql

from agentctl.core.catalog.introspection import Function, Table
from agentctl.core.database.quoting import Printed, compose


def grant(table: Table, privileges: Sequence[LiteralString], columns: Sequence[str], *, to: str) -> str:
    """Return the statement that lets a role use columns of a table, ready to be pasted."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    what = sql.SQL(", ").join(compose("{} ({})", sql.SQL(privilege), names) for privilege in privileges)
    on, grantee = table.identifier, sql.Identifier(to)
    return compose("GRANT {} ON {} TO {};", what, on, grantee).as_string()


def grant_execute(function: Function, *, to: str) -> str:
    """Return the statement that lets a role call a function."""
    signature = Printed(function.signature)
    text: LiteralString = "GRANT EXECUTE ON FUNCTION {}({}) TO {};"
    return compose(text, function.identifier, signature, sql.Identifier(to)).as_string()
