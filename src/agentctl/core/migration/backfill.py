"""Fills the new columns of old executions from the ledger, in batches too small to be noticed.

Each batch is a transaction of its own. Rows that are filled already are recognised and not written again, so
a backfill can be killed at any moment and started again; its only state is the table.
"""

import time
from collections import Counter
from collections.abc import Callable
from typing import LiteralString

from msgspec import Struct
from psycopg import sql

from agentctl.core.database.connection import Connection
from agentctl.core.database.quoting import compose
from agentctl.core.database.transactions import in_transaction
from agentctl.core.errors import PermissionDenied, SchemaLacks
from agentctl.core.failpoints import Failpoint, passing
from agentctl.core.mapping import Marketplace, SchemaSettings, read_marketplace
from agentctl.core.mapping.index_keys import IndexKey
from agentctl.core.mapping.instants import latest_in_utc
from agentctl.core.mapping.optional_columns import NAIVE, Tracking
from agentctl.core.mapping.settings import NO_SETTINGS
from agentctl.core.mapping.table_role import Executions, Ledger
from agentctl.core.migration.apply import OnEvent
from agentctl.core.migration.backfill_batch import FILLABLE, batch_statement, ids_statement
from agentctl.core.migration.exclusion import hold_migration_lock
from agentctl.core.migration.indexes import plan_index
from agentctl.core.migration.pace import Pace, look_around
from agentctl.core.migration.plan import SHORT_WAIT, LockWait, Plan
from agentctl.core.migration.survey import Member, survey

_REPLICA_SECONDS = 1.0
# A crash may lose commits, because the next backfill fills those rows again. No limit is needed, because no
# lock is waited for. Of a table that nobody has analysed yet, the planner might read all for every batch.
_FOR_A_BATCH: LiteralString = (
    "SET LOCAL synchronous_commit = off; SET LOCAL statement_timeout = 0; SET LOCAL enable_seqscan = off"
)
_UNLINKED: LiteralString = (
    "SELECT (CASE WHEN count(*) > 0 THEN coalesce(max({latest}), 'infinity') END)::text AS until "
    "FROM {ledger} AS l WHERE movement = 'charge' AND execution_id IS NULL"
)


class BackfillProgress(Struct, frozen=True):
    """The progress of a backfill.

    Attributes:
        done: executions that were looked at, of about `total`.
        replica: the replica that is too far behind and is waited for; else None.

    """

    done: int
    total: int
    replica: str | None = None


class BackfillReport(Struct, frozen=True):
    """The result of a backfill.

    Attributes:
        rows: executions that were looked at.
        filled: column -> rows that it was written in.
        unknown: column -> rows in which it stays NULL, because its value is not known.
        differing: rows whose recorded cost differs from the ledger's.
        passed_over: rows that others had locked; the next backfill fills them.
        triggers: the table's triggers, which fired for every change.

    """

    rows: int
    filled: dict[str, int]
    unknown: dict[str, int]
    differing: int
    passed_over: int
    triggers: tuple[str, ...]


def require_fillable(market: Marketplace) -> tuple[Executions, Ledger]:
    """Return the executions, and the ledger that they can be filled from.

    Raises:
        SchemaLacks: there is no such ledger, or no index to go through the executions with.
        PermissionDenied: row level security hides rows.

    """
    executions, ledger = market.executions, market.require_ledger()
    if not ledger.is_linked:
        raise SchemaLacks(
            f"{ledger.name} does not say which execution a row belongs to, so nothing can be filled from it.",
            code="backfill_impossible",
        )
    key = executions.columns["id"]
    if not any(i.valid and not i.partial and i.begins_with(key) for i in executions.table.indexes):
        statement = executions.query("CREATE INDEX CONCURRENTLY ON {table} ({id});")
        raise SchemaLacks(
            f"No index of {executions.name} begins with {key}, so it cannot be processed in batches.",
            hint=statement.as_string(),
            code="backfill_impossible",
        )
    for table in (executions, ledger):
        if table.is_filtered:
            raise PermissionDenied(
                f"Row level security may hide rows of {table.name} from this role, so costs could be wrong.",
                hint="Connect as a role with BYPASSRLS.",
                code="row_level_security",
            )
    return executions, ledger


def plan_link_index(
    connection: Connection, settings: SchemaSettings = NO_SETTINGS, *, wait: LockWait = SHORT_WAIT
) -> Plan:
    """Plan the index that finds the ledger rows of an execution, unless there is one.

    Raises:
        SchemaLacks: as `require_fillable`.

    """
    _, ledger = require_fillable(read_marketplace(connection, settings))
    key = IndexKey((ledger.columns["execution"],))
    family = survey(connection, schema=ledger.table.schema, table=ledger.table.name)
    steps = plan_index(family, family.table, key=key, wait=wait)
    return Plan(ledger.table.schema, ledger.name, Tracking.FULL, settings, tuple(steps), wait)


def backfill(
    connection: Connection, planned: Plan, on_progress: Callable[[BackfillProgress], None], on_event: OnEvent
) -> BackfillReport:
    """Fill in whatever is known of every execution.

    Args:
        connection: in autocommit mode.
        planned: the migration whose columns, which exist by now, are filled.
        on_progress: called with the progress after each batch.
        on_event: called while another migration is at work.

    Raises:
        SchemaLacks: as `require_fillable`.
        DatabaseTrouble: another migration went on for too long.

    """
    market = read_marketplace(connection, planned.settings)
    executions, ledger = require_fillable(market)
    with hold_migration_lock(connection, planned, on_event):
        return _Backfill(connection, executions, ledger, on_progress).fill_all()


class _Backfill:
    """One backfill at work; the pace and the counts change from batch to batch."""

    def __init__(
        self,
        connection: Connection,
        executions: Executions,
        ledger: Ledger,
        on_progress: Callable[[BackfillProgress], None],
    ) -> None:
        self._connection = connection
        self._executions = executions
        # A time without a zone could only be filled with what the session's clocks show.
        self._columns = [
            part for part in FILLABLE if part in executions.recordable and executions.base_type(part) != NAIVE
        ]
        self._unlinked_until = _find_last_unlinked_charge(connection, ledger)
        self._statement = batch_statement(executions, ledger, self._columns)
        self._on_progress = on_progress
        self._pace = Pace()
        self._counts: Counter[str] = Counter()

    def fill_all(self) -> BackfillReport:
        table = self._executions.table
        family = survey(self._connection, schema=table.schema, table=table.name)
        parts = [member for member in family.members if member.kind == "table"]
        for part in parts:
            self._go_through(part, again=False)
        if "credits_used" in self._columns:
            # A row that others update moves, perhaps to a block that was filled already; and rows that were
            # locked are free now.
            self._counts["passed_over"] = 0
            for part in parts:
                self._go_through(part, again=True)
        rows, unknown = self._count_unknown()
        return BackfillReport(
            rows=rows,
            filled={part: self._counts[f"filled_{part}"] for part in self._columns},
            unknown=unknown,
            differing=self._counts["differing"],
            passed_over=self._counts["passed_over"],
            triggers=tuple(trigger.name for trigger in table.triggers),
        )

    def _count_unknown(self) -> tuple[int, dict[str, int]]:
        """Count all rows, and for each column those in which it is NULL."""
        counts = sql.SQL(", ").join(
            compose(
                "count(*) FILTER (WHERE {} IS NULL) AS {}",
                sql.Identifier(self._executions.columns[part]),
                sql.Identifier(part),
            )
            for part in self._columns
        )
        query = compose("SELECT count(*) AS rows, {} FROM {}", counts, self._executions.table.identifier)
        with self._connection.transaction():
            self._connection.execute("SET LOCAL statement_timeout = 0")
            row = self._connection.execute(query).fetchone() or {}
        return row.pop("rows", 0), row

    def _go_through(self, part: Member, *, again: bool) -> None:
        """Fill the rows of a table, from its first block to what is its last one now."""
        statement = ids_statement(self._executions, part, again=again)
        block, end = 0, self._count_blocks(part)
        while block < end:
            to = min(block + self._pace.blocks, end)
            began = time.monotonic()
            places = {"from": f"({block},0)", "to": f"({to},0)"}
            ids = self._connection.read_value(statement, places)
            rows = self._fill_batch(ids) if ids else 0
            self._make_room(rows, time.monotonic() - began)
            block = to

    def _count_blocks(self, part: Member) -> int:
        query = "SELECT pg_relation_size(%(table)s::regclass) / current_setting('block_size')::int AS blocks"
        return int(self._connection.read_value(query, {"table": part.identifier.as_string()}))

    def _fill_batch(self, ids: list[object]) -> int:
        """Fill one batch, and return its number of rows."""
        values = {"ids": ids, "unlinked_until": self._unlinked_until}

        def work() -> dict[str, int]:
            self._connection.execute(_FOR_A_BATCH)
            return self._connection.execute(self._statement, values).fetchone() or {}

        counts = in_transaction(self._connection, work)
        passing(Failpoint.BACKFILLED)
        self._counts.update(counts)
        return counts["rows"]

    def _report_progress(self, replica: str | None) -> None:
        done = self._counts["rows"]
        self._on_progress(BackfillProgress(done, max(self._executions.table.estimated_rows, done), replica))

    def _make_room(self, rows: int, seconds: float) -> None:
        """Pause for the sake of others, and for as long as a replica is too far behind."""
        around = look_around(self._connection)
        if rows:
            self._report_progress(around.replica)
        while around.replica is not None:
            time.sleep(_REPLICA_SECONDS)
            around = look_around(self._connection)
            self._report_progress(around.replica)
        self._pace = self._pace.after(rows, seconds, around.busy)
        time.sleep(self._pace.pause)


def _find_last_unlinked_charge(connection: Connection, ledger: Ledger) -> object:
    """Return the time of the last charge that names no execution; None if every charge names one."""
    with connection.transaction():
        connection.execute("SET LOCAL statement_timeout = 0")
        latest = latest_in_utc(ledger, sql.Identifier("created_at"))
        return connection.read_value(compose(_UNLINKED, ledger=ledger.rows, latest=latest))
