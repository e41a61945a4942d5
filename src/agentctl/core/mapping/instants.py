"""Composes SQL about created_at, which has no time zone in some marketplaces.

A time without a zone was written by a server's or an application's clock. Where the configuration names the
zone, it is read there, as PostgreSQL does: of an hour that clocks show twice, the later one counts. Where it
names none, nothing in the database says which zone it was: filters compare what is shown, and decisions take
the latest or the earliest instant that it can mean. The zone of the session never counts.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import LiteralString

from psycopg import sql

from agentctl.core.database.quoting import compose
from agentctl.core.mapping.table_role import TableRole
from agentctl.core.times import AHEAD_OF_UTC, BEHIND_UTC, DAY, shifted

_ZONED = frozenset({"timestamp with time zone", ""})  # a part without a column is NULL, of this type
# Adding a day to these, or taking it away, is never out of range, whatever a customer wrote.
_FIRST, _LAST = sql.SQL("'0001-01-03'::timestamp"), sql.SQL("'9999-12-29'::timestamp")
EVERY_ZONE = AHEAD_OF_UTC + BEHIND_UTC + DAY
"""How far the distance between two times without a zone can be from what it seems, for dates, too."""
_LONGEST = timedelta(days=700_000)  # taking it away from the present is not out of range
# Longer than clocks are ever set back or forward, and shorter than what lies between two such changes.
_AROUND_A_CHANGE = timedelta(hours=3)


def has_zone(role: TableRole) -> bool:
    """Whether created_at has a time zone of its own."""
    return role.base_type("created_at") in _ZONED


def is_certain(role: TableRole) -> bool:
    """Whether a created_at is a certain instant, by its own zone or by the one of the configuration."""
    return has_zone(role) or role.zone is not None


def bound(role: TableRole, instant: datetime, *, slack: timedelta = timedelta(0)) -> sql.Composable:
    """Return an instant to compare created_at with; an index on the column serves the comparison.

    Args:
        role: the table.
        instant: an aware datetime.
        slack: added if the column has no time zone.

    """
    if has_zone(role):
        return sql.Literal(instant)
    return sql.Literal(shifted(instant.astimezone(UTC), slack).replace(tzinfo=None))


def since(role: TableRole, column: sql.Composable, instant: datetime) -> sql.Composed:
    """Return the condition that a created_at is no earlier than an instant, as it is shown."""
    if has_zone(role) or role.zone is None:
        return compose("{} >= {}", column, bound(role, instant))
    rough = bound(role, instant, slack=-DAY)  # for the index
    shown = _read_there(column, role.zone)
    return compose("({} >= {} AND {} >= {})", column, rough, shown, sql.Literal(instant))


def before(role: TableRole, column: sql.Composable, instant: datetime) -> sql.Composed:
    """Return the condition that a created_at is earlier than an instant, as it is shown."""
    if has_zone(role) or role.zone is None:
        return compose("{} < {}", column, bound(role, instant))
    rough = bound(role, instant, slack=DAY)
    shown = _read_there(column, role.zone)
    return compose("({} < {} AND {} < {})", column, rough, shown, sql.Literal(instant))


def perhaps_older(role: TableRole, column: sql.Composable, age: timedelta) -> sql.Composed:
    """Return the condition that a created_at may be older than an age, by the database's clock."""
    if has_zone(role):
        return compose("{} < (statement_timestamp() - {})", column, sql.Literal(min(age, _LONGEST)))
    age = min(age, _LONGEST) - AHEAD_OF_UTC
    return compose("{} < ((statement_timestamp() AT TIME ZONE 'UTC') - {})", column, sql.Literal(age))


def latest_in_utc(role: TableRole, column: sql.Composable) -> sql.Composed:
    """Return the latest instant that a created_at can mean, as a time in UTC without a zone."""
    return read_latest(role.base_type("created_at"), column, role.zone)


def read_latest(base_type: str, column: sql.Composable, zone: tzinfo | None) -> sql.Composed:
    """Return the latest instant that a column of times can mean, as a time in UTC without a zone."""
    if base_type in _ZONED:
        return compose("({} AT TIME ZONE 'UTC')", column)
    length = DAY if base_type == "date" else timedelta(0)
    if zone is not None:
        end = compose("({} + {})", _clamp(column), sql.Literal(length))
        return compose("({} AT TIME ZONE 'UTC')", _read_there(end, zone))
    text = "(least({}::timestamp, {}) + {})"
    return compose(text, column, _LAST, sql.Literal(BEHIND_UTC + length))


def earliest_in_utc(role: TableRole, column: sql.Composable) -> sql.Composed:
    """Return the earliest instant that a created_at can mean, as a time in UTC without a zone."""
    if has_zone(role):
        return compose("({} AT TIME ZONE 'UTC')", column)
    if role.zone is not None:
        return compose("({} AT TIME ZONE 'UTC')", _read_earliest(column, role.zone))
    text = "(greatest({}::timestamp, {}) - {})"
    return compose(text, column, _FIRST, sql.Literal(AHEAD_OF_UTC))


def in_utc(role: TableRole, column: sql.Composable) -> sql.Composed:
    """Return a created_at as it is shown, as a time without a zone, in UTC where that is known."""
    if has_zone(role):
        return compose("({} AT TIME ZONE '0'::interval)", column)  # no name to look up for each row
    if role.zone is not None:
        return compose("({} AT TIME ZONE 'UTC')", _read_there(column, role.zone))
    return compose("({}::timestamp)", column)


def instant(role: TableRole, column: sql.Composable) -> sql.Composable:
    """Return the instant of a created_at, NULL where that is not certain."""
    if has_zone(role):
        return column
    if role.zone is None or role.base_type("created_at") == "date":
        return sql.SQL("NULL::timestamptz")
    latest, earliest = _read_there(column, role.zone), _read_earliest(column, role.zone)
    return compose("(CASE WHEN {} = {} THEN {} END)", latest, earliest, latest)


def find_instant(role: TableRole, part: LiteralString) -> sql.Composable | None:
    """Return the instant of a time of the rows, as it is shown; None where nobody knows its zone."""
    column = sql.Identifier(part)
    if role.base_type(part) in _ZONED:
        return column
    return _read_there(column, role.zone) if role.zone is not None else None


def _clamp(column: sql.Composable) -> sql.Composed:
    """Return a time that can be computed with; NULL, which least() would pass over, stays NULL."""
    text = "(CASE WHEN {} IS NOT NULL THEN least(greatest({}::timestamp, {}), {}) END)"
    return compose(text, column, column, _FIRST, _LAST)


def _read_there(column: sql.Composable, zone: tzinfo) -> sql.Composed:
    """Return the instant at which a zone's clocks show a time: the later one, if there are two."""
    return compose("({} AT TIME ZONE {})", _clamp(column), sql.Literal(str(zone)))


def _read_earliest(column: sql.Composable, zone: tzinfo) -> sql.Composed:
    """Return the first instant at which a zone's clocks show a time, or would if they did not leave it out.

    `sooner` counts with the offset before a change of the clocks, `later` with the one after it. That is
    another instant only if the clocks show the time then as well; or if they never show it.
    """
    text = (
        "least({latest}, CASE WHEN ({sooner} AT TIME ZONE {zone}) = {time} THEN {sooner} END, "
        "CASE WHEN ({latest} AT TIME ZONE {zone}) <> {time} THEN {later} END)"
    )
    time, around = _clamp(column), sql.Literal(_AROUND_A_CHANGE)
    shift = {"time": time, "around": around, "zone": sql.Literal(str(zone))}
    return compose(
        text,
        latest=_read_there(column, zone),
        sooner=compose("((({time} - {around}) AT TIME ZONE {zone}) + {around})", **shift),
        later=compose("((({time} + {around}) AT TIME ZONE {zone}) - {around})", **shift),
        time=time,
        zone=sql.Literal(str(zone)),
    )
