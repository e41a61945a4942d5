"""The words that the checks' SQL is written in: tables under agentctl's own names, whatever theirs are.

It composes statements and executes none. Every word is a WITH query that PostgreSQL merges into the check's
own, so that a word which is not used costs nothing.
"""

from typing import LiteralString

from psycopg import sql

from agentctl.core.audit.check import Scope
from agentctl.core.mapping import Marketplace, TableRole

_WORDS: LiteralString = """
WITH users AS NOT MATERIALIZED (
    {users}
), executions AS NOT MATERIALIZED (
    {executions}
), ledger AS NOT MATERIALIZED (
    {ledger}
), recent_executions AS NOT MATERIALIZED (
    SELECT * FROM executions WHERE {is_recent}
), recent_rows AS NOT MATERIALIZED (
    SELECT * FROM ledger WHERE {is_recent}
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
)"""
_USERS: LiteralString = "SELECT {id} AS id, {balance} AS balance FROM {table}"
_EXECUTIONS: LiteralString = (
    "SELECT {id} AS id, {user} AS user_id, {status}::text AS status, {created_at} AS created_at, "
    "{or_null} AS credits_used FROM {table}"
)
_LEDGER: LiteralString = (
    "SELECT {id} AS id, {user} AS user_id, {kind}::text AS kind, {amount} AS amount, "
    "{or_null} AS balance_after, {execution} AS execution_id, {created_at} AS created_at FROM {table}"
)
_RECENT: LiteralString = "created_at >= %(since)s"
_EXAMPLES: LiteralString = (
    "{words}, found AS (\n{query}\n)\nSELECT *, count(*) OVER () AS count FROM found ORDER BY 1 LIMIT {limit}"
)
_COUNTS: LiteralString = (
    "{words}\nSELECT (SELECT count(*) FROM users) AS users, "
    "(SELECT count(*) FROM recent_executions) AS executions, "
    "(SELECT count(*) FROM recent_rows) AS ledger_rows"
)


def examples(market: Marketplace, scope: Scope, query: LiteralString, *, limit: int) -> sql.Composed:
    """Return the statement that finds some rows of a check's query, each with the number of all: `count`."""
    return sql.SQL(_EXAMPLES).format(words=_words(market, scope), query=sql.SQL(query), limit=limit)


def counts(market: Marketplace, scope: Scope) -> sql.Composed:
    """Return the statement that counts what an audit looks at."""
    return sql.SQL(_COUNTS).format(words=_words(market, scope))


def _words(market: Marketplace, scope: Scope) -> sql.Composed:
    # Not "since IS NULL OR ...": PostgreSQL would plan that before it knows that there is no limit.
    everything = scope.since is None
    return sql.SQL(_WORDS).format(
        users=market.users.query(_USERS),
        executions=market.executions.query(_EXECUTIONS, or_null=_or_null(market.executions, "credits_used")),
        ledger=market.ledger.query(_LEDGER, or_null=_or_null(market.ledger, "balance_after")),
        is_recent=sql.SQL("TRUE" if everything else _RECENT),
        user_is_recent=_among_recent("user_id", everything=everything),
        execution_is_recent=_among_recent("execution_id", everything=everything),
    )


def _or_null(role: TableRole, part: str) -> sql.Composable:
    return sql.Identifier(role.columns[part]) if part in role else sql.SQL("NULL::numeric")


def _among_recent(column: str, *, everything: bool) -> sql.Composable:
    if everything:
        return sql.SQL("TRUE")
    return sql.SQL("{0} IN (SELECT {0} FROM recent_rows)").format(sql.Identifier(column))
