"""The words that the checks' SQL is written in: tables under agentctl's own names, whatever theirs are.

It composes statements and executes none. Every word is a WITH query that PostgreSQL merges into the check's
own, so that a word which is not used costs nothing. A row's `movement` is agentctl's word for its kind:
charge, refund, grant or purchase; its `kind` is the database's.
"""

from datetime import timedelta
from typing import LiteralString

from psycopg import sql

from agentctl.core.audit.check import Scope
from agentctl.core.mapping import Marketplace, TableRole
from agentctl.core.mapping.instants import bound, has_zone, latest_in_utc, since
from agentctl.core.times import BEHIND_UTC, DAY

_WORDS: LiteralString = """
WITH users AS NOT MATERIALIZED (
    SELECT id, {balance} AS balance FROM {users} AS users
), executions AS NOT MATERIALIZED (
    SELECT id, user_id, agent_id, status, created_at, {compared} AS compared_at,
           {credits_used} AS credits_used
    FROM {executions} AS executions
), ledger AS NOT MATERIALIZED (
    SELECT id, user_id, kind, movement, {amount} AS amount, {balance_after} AS balance_after, execution_id,
           created_at
    FROM {ledger} AS ledger
), recent_executions AS NOT MATERIALIZED (
    SELECT * FROM executions WHERE {execution_may_be_recent}
), recent_rows AS NOT MATERIALIZED (
    SELECT * FROM ledger WHERE {row_may_be_recent}
), deadline AS NOT MATERIALIZED (  -- whose compared_at is before it is dead, whatever zone its time is of
    SELECT {dead_before} AS dead_before
), histories AS NOT MATERIALIZED (  -- whole, of every user who has a recent ledger row
    SELECT * FROM ledger WHERE user_id IS NOT NULL AND {user_is_recent}
), sums AS NOT MATERIALIZED (  -- whole, of every execution that has a recent ledger row
    SELECT execution_id,
           count(*) FILTER (WHERE amount < 0) AS charges,
           coalesce(-sum(amount) FILTER (WHERE amount < 0), 0) AS charged,
           count(*) FILTER (WHERE amount > 0) AS refunds,
           coalesce(sum(amount) FILTER (WHERE amount > 0), 0) AS refunded
    FROM ledger WHERE execution_id IS NOT NULL AND {execution_is_recent}
    GROUP BY execution_id
), not_amounts AS NOT MATERIALIZED (  -- what stands where an amount should, and is none
    SELECT id::text AS id, id::text AS user_id, 'balance' AS part, balance::text AS value
    FROM {users} AS users WHERE NOT {balance_countable}
    UNION ALL
    SELECT id::text, user_id::text, 'credits_used', credits_used::text
    FROM {executions} AS executions WHERE {execution_may_be_recent} AND NOT {credits_used_countable}
    UNION ALL
    SELECT id::text, user_id::text, 'amount', amount::text
    FROM {ledger} AS ledger WHERE {row_may_be_recent} AND NOT {amount_countable}
    UNION ALL
    SELECT id::text, user_id::text, 'balance_after', balance_after::text
    FROM {ledger} AS ledger WHERE {row_may_be_recent} AND NOT {balance_after_countable}
)"""
_NO_LEDGER: LiteralString = (
    "SELECT NULL::uuid AS id, NULL::uuid AS user_id, NULL AS kind, NULL AS movement, 0 AS amount, "
    "0 AS balance_after, NULL::uuid AS execution_id, NULL::timestamptz AS created_at WHERE false"
)
_EXAMPLES: LiteralString = (
    "{words}, found AS (\n{query}\n)\nSELECT *, count(*) OVER () AS count FROM found ORDER BY 1 LIMIT {limit}"
)
_COUNTS: LiteralString = (
    "{words}\nSELECT (SELECT count(*) FROM users) AS users, "
    "(SELECT count(*) FROM recent_executions) AS executions, "
    "(SELECT count(*) FROM recent_rows) AS ledger_rows"
)


def compose_examples(market: Marketplace, scope: Scope, query: LiteralString, *, limit: int) -> sql.Composed:
    """Return the statement that finds some rows of a check's query, each with the number of all: `count`."""
    return sql.SQL(_EXAMPLES).format(words=_compose_words(market, scope), query=sql.SQL(query), limit=limit)


def compose_counts(market: Marketplace, scope: Scope) -> sql.Composed:
    """Return the statement that counts what an audit looks at."""
    return sql.SQL(_COUNTS).format(words=_compose_words(market, scope))


def _compose_words(market: Marketplace, scope: Scope) -> sql.Composed:
    return sql.SQL(_WORDS).format(
        users=market.users.rows,
        executions=market.executions.rows,
        ledger=market.ledger.rows if market.ledger is not None else sql.SQL(f"({_NO_LEDGER})"),
        **_compose_amounts(market),
        execution_may_be_recent=_compose_recent(market.executions, scope),
        row_may_be_recent=_compose_recent(market.ledger, scope),
        dead_before=_compose_deadline(market.executions),
        compared=_compose_compared(market.executions),
        user_is_recent=_compose_recent_filter("user_id", scope),
        execution_is_recent=_compose_recent_filter("execution_id", scope),
    )


def _compose_amounts(market: Marketplace) -> dict[str, sql.Composable]:
    """Return each part that holds amounts so that it can be computed with, and the condition that it can."""
    roles: dict[str, TableRole | None] = {"balance": market.balances, "credits_used": market.executions}
    roles |= {"amount": market.ledger, "balance_after": market.ledger}
    amounts: dict[str, sql.Composable] = {}
    for part, role in roles.items():
        amounts[part] = role.counted(part) if role else sql.Identifier(part)
        amounts[f"{part}_countable"] = role.countable(part) if role else sql.SQL("true")
    return amounts


def _compose_recent(role: TableRole | None, scope: Scope) -> sql.Composable:
    if role is None or scope.since is None:
        return sql.SQL("TRUE")
    column = sql.Identifier("created_at")
    if role.zone is not None:
        return since(role, column, scope.since)
    return sql.SQL("{} >= {}").format(column, bound(role, scope.since, slack=-(BEHIND_UTC + DAY)))


def _compose_compared(executions: TableRole) -> sql.Composable:
    """Return what is compared with the deadline: created_at itself, or the latest that it can mean."""
    column = sql.Identifier("created_at")
    is_read = executions.zone is not None and not has_zone(executions)
    return latest_in_utc(executions, column) if is_read else column


def _compose_deadline(executions: TableRole) -> sql.Composable:
    """Return the time before which a run must have ended, as `compared_at` is compared with it."""
    if has_zone(executions):
        return sql.SQL("now() - %(stale_after)s::interval")
    text = "((now() AT TIME ZONE 'UTC') - %(stale_after)s::interval) - {}"
    length = DAY if executions.base_type("created_at") == "date" else timedelta(0)
    slack = BEHIND_UTC + length if executions.zone is None else timedelta(0)
    return sql.SQL(text).format(sql.Literal(slack))


def _compose_recent_filter(column: str, scope: Scope) -> sql.Composable:
    # Not "since IS NULL OR ...": PostgreSQL would plan that before it knows that there is no limit.
    if scope.since is None:
        return sql.SQL("TRUE")
    return sql.SQL("{0} = ANY (SELECT {0} FROM recent_rows)").format(sql.Identifier(column))
