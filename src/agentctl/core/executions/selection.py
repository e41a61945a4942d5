"""The SELECT of executions with the names of their agents and users.

It works on any table that has the required columns: `mapping` makes NULL of those that are missing.
"""

from collections.abc import Mapping, Sequence
from typing import LiteralString

from psycopg import sql

from agentctl.core.database.quoting import compose
from agentctl.core.executions.filters import join_conditions
from agentctl.core.mapping import Marketplace

# Where each column of an execution comes from.
_SOURCES: Mapping[str, LiteralString] = {
    **{
        name: f"e.{name}"
        for name in (
            *("id", "user_id", "agent_id", "created_at", "started_at", "completed_at", "credits_used"),
            *("status", "workflow_id", "error", "inputs", "result"),
        )
    },
    "email": "u.email",
    "agent_name": "a.name",
    "agent_slug": "a.slug",
}
# Columns whose values are short, and those that may be of any length.
_FIXED = ("id", "user_id", "agent_id", "created_at", "started_at", "completed_at")
_UNBOUNDED = ("credits_used", "status", "workflow_id", "error", "email", "agent_name", "agent_slug")
_CONTENT = ("inputs", "result")
_NOTHING = sql.SQL("")
LARGE_ROW = 4096
"""Bytes of a row from which it does not come together with a thousand others."""


def select(market: Marketplace, conditions: Sequence[sql.Composable], *, content: bool) -> sql.Composed:
    """Return the query for whole rows, newest first; inputs and results only with `content`."""
    names = (*_FIXED, *_UNBOUNDED, *(_CONTENT if content else ()))
    columns = sql.SQL(", ").join(sql.SQL(f"{_SOURCES[name]} AS {name}") for name in names)
    return _write_select(market, conditions, columns)


def select_small(market: Marketplace, conditions: Sequence[sql.Composable], *, content: bool) -> sql.Composed:
    """Return the same query with a column `bytes`; a large row comes without its long columns."""
    unbounded = (*_UNBOUNDED, *(_CONTENT if content else ()))
    lengths = [sql.SQL(f"coalesce(octet_length({_SOURCES[name]}::text), 0)::bigint") for name in unbounded]
    measured = compose(
        "CROSS JOIN LATERAL (SELECT {} AS bytes OFFSET 0) AS s",
        sql.SQL(" + ").join(lengths),  # OFFSET keeps PostgreSQL from measuring anew for each column
    )
    small = [
        compose(f"CASE WHEN s.bytes <= {{}} THEN {_SOURCES[name]} END AS {name}", sql.Literal(LARGE_ROW))
        for name in unbounded
    ]
    fixed = [sql.SQL(f"{_SOURCES[name]} AS {name}") for name in _FIXED]
    return _write_select(
        market, conditions, sql.SQL(", ").join([sql.SQL("s.bytes"), *fixed, *small]), measured
    )


def _write_select(
    market: Marketplace,
    conditions: Sequence[sql.Composable],
    columns: sql.Composable,
    measured: sql.Composable = _NOTHING,
) -> sql.Composed:
    return compose(
        "SELECT {columns} FROM {executions} AS e LEFT JOIN {users} AS u ON u.id = e.user_id "
        "{agents} {measured} WHERE {conditions} ORDER BY e.created_at DESC, e.id DESC",
        columns=columns,
        executions=market.executions.rows,
        users=market.users.rows,
        agents=_join_agents(market),
        measured=measured,
        conditions=join_conditions(conditions),
    )


def _join_agents(market: Marketplace) -> sql.Composed:
    """Return the join that gives each execution its agent's name as `a`: of its version, where it has one."""
    named, every = market.agents.rows, market.agents.versions
    if every is None or "agent_version" not in market.executions:
        return compose("LEFT JOIN {} AS a ON a.id = e.agent_id", named)
    return compose(
        "LEFT JOIN {every} AS v ON v.id = e.agent_id AND v.version = e.agent_version "
        "LEFT JOIN {named} AS c ON c.id = e.agent_id "
        "CROSS JOIN LATERAL (SELECT coalesce(v.name, c.name) AS name, coalesce(v.slug, c.slug) AS slug) AS a",
        every=every,
        named=named,
    )
