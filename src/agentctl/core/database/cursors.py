"""Cursors whose statements leave with the schema before every name of PostgreSQL's (`qualified_sql`)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import psycopg
from psycopg import sql
from psycopg.abc import Params, Query

from agentctl.core.database.qualified_sql import qualify_names


class QualifyingCursor(psycopg.Cursor[dict[str, Any]]):
    """A cursor that qualifies the names in its statements."""

    def execute(self, query: Query, params: Params | None = None, **options: Any) -> Self:
        """Execute a statement as psycopg does."""
        return super().execute(_qualify_query(query, self), params, **options)

    @contextmanager
    def copy(self, statement: Query, params: Params | None = None, **options: Any) -> Iterator[psycopg.Copy]:
        """Copy as psycopg does."""
        with super().copy(_qualify_query(statement, self), params, **options) as copy:
            yield copy


class QualifyingServerCursor(psycopg.ServerCursor[dict[str, Any]]):
    """A cursor on the server that qualifies the names in its statements."""

    def execute(self, query: Query, params: Params | None = None, **options: Any) -> Self:
        """Execute a statement as psycopg does."""
        return super().execute(_qualify_query(query, self), params, **options)


def _qualify_query(query: Query, cursor: psycopg.Cursor[Any] | psycopg.ServerCursor[Any]) -> str:
    if isinstance(query, sql.Composable):
        text = query.as_string(cursor)
    elif isinstance(query, str):
        text = query
    elif isinstance(query, bytes):
        text = query.decode()
    else:
        raise TypeError("A statement is text, or composed of psycopg's parts.")
    return qualify_names(text)
