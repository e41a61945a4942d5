"""Composes the SQL of one batch of a backfill: from the ledger rows of some executions, their columns.

It executes nothing. A column is filled only with what is known, and stays NULL otherwise:

- credits_used: the sum of the execution's ledger rows. If there are none, it has cost nothing, unless charges
  at that time named no execution.
- started_at: the time of its only charge, which commits right before the webhook is called.
- completed_at: the time at which a failed execution's only charge was refunded in full, if the webhook can
  have lasted until then. The refund commits with the outcome.

If the ledger's times have no zone, and the configuration names none, nobody knows which instants they are,
and they fill no column; nor does a time that the zone's clocks show twice.

Values that somebody has written are kept, with two exceptions: a cost of 0, which is the column's default,
and a cost that leaves out the refund.
"""

from collections.abc import Sequence
from typing import LiteralString

from psycopg import sql

from agentctl.core.database.quoting import compose
from agentctl.core.mapping.instants import earliest_in_utc, has_zone, instant, is_certain
from agentctl.core.mapping.table_role import Executions, Ledger
from agentctl.core.migration.survey import Member

FILLABLE = ("credits_used", "started_at", "completed_at")

# By position in the table: rows that lie together are written together, in whatever order their ids are.
_IDS: LiteralString = """
SELECT array_agg({id}) AS ids FROM ONLY {table}
WHERE ctid >= %(from)s::tid AND ctid < %(to)s::tid AND {wanted}
"""
_BATCH: LiteralString = """
WITH page AS MATERIALIZED (
    SELECT e.id, e.status, e.created_at, e.credits_used, e.started_at, e.completed_at
    FROM {executions} AS e WHERE e.id = ANY (%(ids)s)
), told AS MATERIALIZED (
    SELECT p.*, l.*,
        CASE WHEN l.charges + l.refunds > 0 THEN l.charged - l.refunded
             WHEN %(unlinked_until)s::timestamp IS NULL
                  OR {earliest} > %(unlinked_until)s::timestamp THEN 0
        END AS cost
    FROM page AS p CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE amount < 0) AS charges,
               count(*) FILTER (WHERE amount > 0) AS refunds,
               coalesce(-sum(amount) FILTER (WHERE amount < 0), 0) AS charged,
               coalesce(sum(amount) FILTER (WHERE amount > 0), 0) AS refunded,
               min({moved}) FILTER (WHERE amount < 0) AS charged_at,
               min({moved}) FILTER (WHERE amount > 0) AS refunded_at
        FROM {ledger} AS ledger WHERE ledger.execution_id = p.id
    ) AS l
), wanted AS MATERIALIZED (
    SELECT id, credits_used, started_at, completed_at, cost,
        CASE WHEN credits_used IS NULL OR credits_used = 0 OR credits_used = charged
             THEN coalesce({cost}, credits_used) ELSE credits_used END AS new_credits_used,
        CASE WHEN {zoned} AND started_at IS NULL AND status = ANY ('{{success,failed}}') AND charges = 1
                  AND charged_at >= ({created} - interval '1 minute')
             THEN charged_at ELSE started_at END AS new_started_at,
        CASE WHEN {zoned} AND completed_at IS NULL AND status = 'failed' AND charges = 1 AND refunds = 1
                  AND refunded = charged
                  AND refunded_at >= charged_at AND refunded_at <= (charged_at + interval '300 seconds')
             THEN refunded_at ELSE completed_at END AS new_completed_at
    FROM told
), changes AS MATERIALIZED (
    SELECT w.* FROM wanted AS w JOIN {table} AS t ON t.{id} = w.id
    WHERE t.{id} = ANY (%(ids)s) AND ({changes})
    FOR NO KEY UPDATE OF t SKIP LOCKED
), filled AS (
    UPDATE {table} AS t SET {assignments}
    FROM changes AS w WHERE t.{id} = w.id AND {unchanged}
    RETURNING w.*
)
SELECT (SELECT count(*) FROM wanted) AS rows,
       (SELECT count(*) FROM wanted AS w WHERE {changes}) - (SELECT count(*) FROM filled) AS passed_over,
       (SELECT count(*) FROM wanted WHERE new_credits_used <> cost) AS differing,
       {counts}
"""

_DIFFERS: LiteralString = "((w.{0} = w.{1}) IS NOT TRUE AND (w.{0} IS NOT NULL OR w.{1} IS NOT NULL))"


def ids_statement(executions: Executions, part: Member, *, again: bool) -> sql.Composed:
    """Compose the statement that returns the `ids` of a batch, or NULL if there are none.

    Its parameters are two positions in the table: `from`, and `to`, which is excluded.

    Args:
        executions: the table.
        part: the table itself or one below it.
        again: whether to return only rows that have no cost yet.

    """
    missing = compose("{} IS NULL", sql.Identifier(executions.columns["credits_used"]))
    return compose(
        _IDS,
        table=part.identifier,
        id=sql.Identifier(executions.columns["id"]),
        wanted=missing if again else sql.SQL("true"),
    )


def batch_statement(executions: Executions, ledger: Ledger, columns: Sequence[str]) -> sql.Composed:
    """Compose the statement of one batch.

    Its parameters are `ids` and `unlinked_until`, a time in UTC without a zone. It answers with one row:
    `rows`, `passed_over` (locked by others), `differing`, and for each column how many rows were `filled_`.

    Args:
        executions: the table.
        ledger: the ledger, which names executions.
        columns: those of FILLABLE to fill.

    """
    changes = [_fill_names(_DIFFERS, part) for part in columns]
    unchanged = [
        _fill_names("((t.{2} = w.{0}) IS TRUE OR t.{2} IS NULL AND w.{0} IS NULL)", part, executions)
        for part in columns
    ]
    assignments = [_fill_names("{2} = w.{1}", part, executions) for part in columns]
    counts = [
        compose(
            "(SELECT count(*) FROM filled AS w WHERE {}) AS {}",
            _fill_names(_DIFFERS, part),
            sql.Identifier(f"filled_{part}"),
        )
        for part in columns
    ]
    whole = executions.base_type("credits_used") not in {"numeric", ""}
    return compose(
        _BATCH,
        table=executions.table.identifier,
        id=sql.Identifier(executions.columns["id"]),
        executions=executions.rows,
        ledger=ledger.rows,
        zoned=sql.SQL("TRUE" if is_certain(ledger) else "FALSE"),
        moved=instant(ledger, sql.Identifier("created_at")),
        earliest=earliest_in_utc(executions, sql.Identifier("p", "created_at")),
        created=_compose_earliest_creation(executions),
        # A whole-number column cannot hold a fraction, so such a cost stays unknown.
        cost=sql.SQL("CASE WHEN cost = trunc(cost) THEN cost END" if whole else "cost"),
        changes=sql.SQL(" OR ").join(changes),
        unchanged=sql.SQL(" AND ").join(unchanged),
        assignments=sql.SQL(", ").join(assignments),
        counts=sql.SQL(",\n       ").join(counts),
    )


def _compose_earliest_creation(executions: Executions) -> sql.Composable:
    column = sql.Identifier("created_at")
    if has_zone(executions):
        return column
    return compose("({} AT TIME ZONE 'UTC')", earliest_in_utc(executions, column))


def _fill_names(text: LiteralString, part: str, executions: Executions | None = None) -> sql.Composed:
    """Fill in a column's three names: the old value's, the new value's, and its name in the table."""
    names = (part, f"new_{part}", executions.columns[part] if executions else part)
    return compose(text, *map(sql.Identifier, names))
