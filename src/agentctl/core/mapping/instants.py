"""Composes SQL about created_at, which has no time zone in some marketplaces.

A time without a zone was written by a server's or an application's clock, and nothing in the database says in
which zone. Filters read it as it is shown, as UTC. Decisions take the latest or the earliest instant that it
can mean. The zone of the session never counts.
"""

from datetime import UTC, datetime, timedelta

from psycopg import sql

from agentctl.core.database.quoting import compose
from agentctl.core.mapping.table_role import TableRole
from agentctl.core.times import AHEAD_OF_UTC, BEHIND_UTC, DAY, shifted

_ZONED = frozenset({"timestamp with time zone", ""})  # a part without a column is NULL, of this type
# Adding a day to these, or taking it away, is never out of range, whatever a customer wrote.
_FIRST, _LAST = sql.SQL("'0001-01-03'::timestamp"), sql.SQL("'9999-12-29'::timestamp")
EVERY_ZONE = AHEAD_OF_UTC + BEHIND_UTC + DAY
"""How far the distance between two times without a zone can be from what it seems, for dates, too."""


def is_zoned(role: TableRole) -> bool:
    """Whether created_at has a time zone, so that it is a certain instant."""
    return role.base_type("created_at") in _ZONED


def bound(role: TableRole, instant: datetime, *, slack: timedelta = timedelta(0)) -> sql.Composable:
    """Return an instant to compare created_at with; an index on the column serves the comparison.

    Args:
        role: the table.
        instant: an aware datetime.
        slack: added if the column has no time zone.

    """
    if is_zoned(role):
        return sql.Literal(instant)
    return sql.Literal(shifted(instant.astimezone(UTC), slack).replace(tzinfo=None))


def latest_in_utc(role: TableRole, column: sql.Composable) -> sql.Composed:
    """Return the latest instant that a created_at can mean, as a time in UTC without a zone."""
    if is_zoned(role):
        return compose("({} AT TIME ZONE 'UTC')", column)
    length = DAY if role.base_type("created_at") == "date" else timedelta(0)
    text = "(least({}::timestamp, {}) + {})"
    return compose(text, column, _LAST, sql.Literal(BEHIND_UTC + length))


def earliest_in_utc(role: TableRole, column: sql.Composable) -> sql.Composed:
    """Return the earliest instant that a created_at can mean, as a time in UTC without a zone."""
    if is_zoned(role):
        return compose("({} AT TIME ZONE 'UTC')", column)
    text = "(greatest({}::timestamp, {}) - {})"
    return compose(text, column, _FIRST, sql.Literal(AHEAD_OF_UTC))


def in_utc(role: TableRole, column: sql.Composable) -> sql.Composed:
    """Return a created_at as it is shown, as a time in UTC without a zone."""
    return compose("({} AT TIME ZONE 'UTC')" if is_zoned(role) else "({}::timestamp)", column)
