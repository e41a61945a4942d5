"""Finds one execution by its id, or by the beginning of it that people copy from a list.

It only reads.
"""

import re
from collections.abc import Iterator
from uuid import UUID

from psycopg import sql

from agentctl.core.database.connection import Connection
from agentctl.core.database.quoting import compose
from agentctl.core.errors import Refused
from agentctl.core.executions import history
from agentctl.core.mapping import Marketplace
from agentctl.core.mapping.vocabulary import TEXT, WHOLE
from agentctl.core.models import Execution, Key

_UUID_DIGITS = 32
_SHOWN = 5


def find_execution(connection: Connection, market: Marketplace, key: Key) -> Execution | None:
    """Return the execution with exactly this id, or None."""
    condition = compose("e.id = {}", sql.Literal(key))
    return next(iter(history.list_matching(connection, market, condition, limit=1)), None)


def find_by_key(connection: Connection, market: Marketplace, key: str) -> Execution | None:
    """Return the execution of an idempotency key that a column of its own holds, or None."""
    condition = compose("e.key = {}", sql.Literal(key))
    return next(iter(history.list_matching(connection, market, condition, limit=1)), None)


def get_execution(connection: Connection, market: Marketplace, prefix: str) -> Execution:
    """Return the one execution whose id is, or begins with, a text.

    Raises:
        Refused: none does, or several do; they are listed then.
        PermissionDenied: row level security hides all executions.

    """
    matches = _find_matches(connection, market, prefix)
    if not matches:
        market.executions.require_visible_rows()
        hint = "See the latest ones: agentctl history."
        if market.executions.is_filtered:
            hint = "Row level security may hide it from this role: connect as one with BYPASSRLS."
        raise Refused(f"There is no execution {prefix!r}.", hint=hint, code="execution_not_found")
    if len(matches) > 1:
        listed = "\n".join(f"  {execution.id}" for execution in matches[:_SHOWN])
        more = "\n  …" if len(matches) > _SHOWN else ""
        raise Refused(
            f"Several executions begin with {prefix!r}:\n{listed}{more}",
            hint="Use more of the id.",
            code="execution_ambiguous",
        )
    return matches[0]


def _find_matches(connection: Connection, market: Marketplace, prefix: str) -> tuple[Execution, ...]:
    """Return the executions that a text can mean, a few at most: by the first condition that any meets."""
    for condition in _list_conditions(market.executions.base_type("id"), prefix):
        if matches := history.list_matching(connection, market, condition, limit=_SHOWN + 1):
            return matches
    return ()


def _list_conditions(kind: str, prefix: str) -> Iterator[sql.Composed]:
    """Yield the conditions on an id, what an index answers first.

    Ids that are texts are of any length, so that one may begin with another: the whole id counts before the
    beginning of one, and the case as it was given before any other. In most collations, the texts that begin
    with another do not stand together, so only an index in the order of bytes has a range of them.
    PostgreSQL 15 knows which index that is, and finds the range itself.
    """
    column, text = sql.Identifier("e", "id"), prefix.strip()
    if text and kind != "uuid" and kind not in WHOLE:
        compared = column if kind in TEXT else compose("{}::text", column)
        yield compose("{} = {}", compared, sql.Literal(text))
        yield compose("starts_with({}::text, {})", column, sql.Literal(text))
    if (condition := begins_with(column, kind, prefix)) is not None:
        yield condition


def begins_with(column: sql.Composable, kind: str, prefix: str) -> sql.Composed | None:
    """Return the condition that a key begins with a text in any case; None if none can.

    For a uuid it is a range, and for a number equality, which an index answers.
    """
    prefix = prefix.strip().lower()
    if not prefix:
        return None
    if kind == "uuid":
        digits = prefix.replace("-", "")
        if not re.fullmatch(rf"[0-9a-f]{{1,{_UUID_DIGITS}}}", digits):
            return None
        low, high = (UUID(digits.ljust(_UUID_DIGITS, end)) for end in "0f")
        return compose("({0} >= {1} AND {0} <= {2})", column, sql.Literal(low), sql.Literal(high))
    if kind in WHOLE:
        number = int(prefix) if re.fullmatch(r"[0-9]{1,18}", prefix) else -1
        return compose("{} = {}", column, sql.Literal(number))
    return compose("starts_with(lower({}::text), {})", column, sql.Literal(prefix))
