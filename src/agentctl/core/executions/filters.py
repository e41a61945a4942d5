"""An operator's filters of executions, and the SQL conditions that they become."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from psycopg import sql

from agentctl.core.database.quoting import compose
from agentctl.core.mapping import Marketplace
from agentctl.core.mapping.instants import before, perhaps_older, since
from agentctl.core.models import NO_STATUS, Key


class Filters(Struct, frozen=True):
    """Which executions are meant; what is None or empty does not restrict.

    Attributes:
        statuses: the statuses, with NO_STATUS for NULL.
        since: the earliest created_at, as it is shown.
        until: the first created_at, as it is shown, that is not included.
        perhaps_older: only executions that may be older than this, whatever their time zone is.

    """

    agent: Key | None = None
    user: Key | None = None
    statuses: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    perhaps_older: timedelta | None = None


def list_conditions(market: Marketplace, filters: Filters) -> list[sql.Composed]:
    """Return the filters as SQL conditions on the executions' table `e`."""
    executions, conditions = market.executions, []
    created = sql.Identifier("e", "created_at")
    if filters.agent is not None:
        conditions.append(compose("e.agent_id = {}", sql.Literal(filters.agent)))
    if filters.user is not None:
        conditions.append(compose("e.user_id = {}", sql.Literal(filters.user)))
    if filters.statuses:
        conditions.append(_compose_status(market.executions.statuses.raw(*filters.statuses)))
    if filters.since is not None:
        conditions.append(since(executions, created, filters.since))
    if filters.until is not None:
        conditions.append(before(executions, created, filters.until))
    if filters.perhaps_older is not None:
        conditions.append(perhaps_older(executions, created, filters.perhaps_older))
    return conditions


def _compose_status(words: Sequence[str]) -> sql.Composed:
    """Return the condition that a status is one of some words of the database, or NULL for NO_STATUS."""
    if len(words) == 1 and NO_STATUS not in words:
        # An index on status and time serves this in the order of time; of several words, only from 17 on.
        return compose("e.word = {}", sql.Literal(words[0]))
    condition = "(e.word = ANY ({words}) OR e.word IS NULL AND {none} = ANY ({words}))"
    return compose(condition, words=sql.Literal(list(words)), none=sql.Literal(NO_STATUS))


def join_conditions(conditions: Sequence[sql.Composable]) -> sql.Composed:
    """Return the condition that all of these hold."""
    return sql.SQL(" AND ").join([sql.SQL("TRUE"), *conditions])
