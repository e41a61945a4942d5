"""Widens agent_executions to full tracking: a plan that is shown, then applied step by step, then verified.

`plan` is pure; `apply` runs exactly what the plan says and nothing else. No column is dropped or retyped.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import NoReturn

from psycopg import sql
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from agentctl.core.catalog import Catalog, Table, introspect
from agentctl.core.database import Connection, is_lock_timeout
from agentctl.core.errors import DatabaseTrouble, SchemaLacks
from agentctl.core.mapping import table_for
from agentctl.core.times import milliseconds
from agentctl.core.tracking import INDEXES, OPTIONAL_COLUMNS, Tracking, serves, tracking_of


class StepKind(StrEnum):
    """What a step does, which also tells how it is run."""

    ADD_COLUMNS = "add columns"
    DROP_INDEX = "drop invalid index"
    BUILD_INDEX = "build index"


@dataclass(frozen=True, slots=True)
class Step:
    """One statement of the plan.

    Attributes:
        sql: exactly what is sent.
        lock: the lock it takes on the table, and for how long, in words.

    """

    kind: StepKind
    object: str
    sql: str
    lock: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps that lead from the table as it is to full tracking; none where it is there already."""

    table: str
    before: Tracking
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class LockWait:
    """How locks are waited for: each attempt `timeout`, all of them `give_up_after`."""

    timeout: timedelta = timedelta(milliseconds=200)
    give_up_after: timedelta = timedelta(minutes=10)


_BRIEF = "ACCESS EXCLUSIVE, for milliseconds; given up and tried again when it is not had at once"
_SHARED = "SHARE UPDATE EXCLUSIVE: reads and writes go on"


def plan(catalog: Catalog) -> Plan:
    """Compare the table with full tracking and return what is to be done.

    Raises:
        SchemaLacks: there is no such table, or it is no ordinary one, or a column or an index of a name
            that is wanted exists as something else. Every obstacle is named at once.

    """
    name, table = table_for(catalog, "executions")
    if table is None:
        msg = f"There is no table {name} on the search path."
        raise SchemaLacks(msg, hint="See what is there: agentctl schema-check.")
    obstacles = [*_obstacles(table), *_taken_names(catalog, table)]
    if obstacles:
        msg = "\n".join(obstacles)
        hint = "Nothing was changed. Rename what is in the way or change its type, then run this again."
        raise SchemaLacks(msg, hint=hint, code="schema_conflict")
    steps = (*_column_steps(table), *_index_steps(table))
    return Plan(table=f"{table.schema}.{table.name}", before=tracking_of(table), steps=steps)


def _obstacles(table: Table) -> Iterator[str]:
    if table.kind != "table":
        yield f"{table.schema}.{table.name} is a {table.kind}; only an ordinary table can be widened."
    for column in OPTIONAL_COLUMNS:
        found = table.column(column.name)
        if found is not None and not column.accepts(found):
            yield f"{table.name}.{column.name} exists as {found.type}; {column.type} is needed."
    for name, key in INDEXES.items():
        index = table.index(name)
        if index is not None and not serves(index, key):
            yield f"Index {name} exists with another definition: {index.definition}."


def _taken_names(catalog: Catalog, table: Table) -> Iterator[str]:
    """Look for the indexes' names on other tables: a schema has each name once."""
    for other in catalog.tables:
        if other.schema == table.schema and other.name != table.name:
            for index in other.indexes:
                if index.name in INDEXES:
                    yield f"Index {index.name} exists on another table: {index.definition}."


def _column_steps(table: Table) -> Iterator[Step]:
    missing = [column for column in OPTIONAL_COLUMNS if table.column(column.name) is None]
    if missing:
        clauses = ",\n    ".join(
            f"ADD COLUMN IF NOT EXISTS {column.name} {column.type}"
            + (f" DEFAULT {column.default}" if column.default else "")
            for column in missing
        )
        names = ", ".join(column.name for column in missing)
        yield Step(StepKind.ADD_COLUMNS, names, f"ALTER TABLE {_name(table)}\n    {clauses}", _BRIEF)


def _index_steps(table: Table) -> Iterator[Step]:
    for name, key in INDEXES.items():
        index = table.index(name)
        if index is not None and index.valid:
            continue
        quoted = sql.Identifier(table.schema, name).as_string()
        if index is not None:
            statement = f"DROP INDEX CONCURRENTLY IF EXISTS {quoted}"
            yield Step(StepKind.DROP_INDEX, name, statement, _SHARED)
        statement = f"CREATE INDEX CONCURRENTLY {sql.Identifier(name).as_string()} ON {_name(table)} ({key})"
        yield Step(StepKind.BUILD_INDEX, name, statement, _SHARED)


def _name(table: Table) -> str:
    return sql.Identifier(table.schema, table.name).as_string()


def apply(
    connection: Connection,
    plan: Plan,
    *,
    wait: LockWait,
    started: Callable[[Step], None],
    waiting: Callable[[Step, int], None],
) -> Catalog:
    """Run a plan's steps and return the catalog that it led to.

    Args:
        connection: in autocommit mode; concurrent index builds allow no other.
        plan: what to do.
        wait: how to wait for locks.
        started: told before each step.
        waiting: told when a lock was not had, with the number of the attempt.

    Raises:
        DatabaseTrouble: a lock was not had in time (retryable), or the end state is not what was planned.

    """
    for step in plan.steps:
        started(step)
        if step.kind is StepKind.ADD_COLUMNS:
            _run_briefly(connection, step, wait=wait, waiting=waiting)
        else:
            connection.execute(step.sql.encode())
    catalog = introspect(connection)
    _verify(catalog)
    return catalog


def _run_briefly(
    connection: Connection, step: Step, *, wait: LockWait, waiting: Callable[[Step, int], None]
) -> None:
    """Run a step that needs the whole table, without letting others queue behind it."""

    def told(state: RetryCallState) -> None:
        waiting(step, state.attempt_number)

    def gave_up(state: RetryCallState) -> NoReturn:
        msg = f"The table is in use: no lock on it was had in {state.attempt_number} attempts."
        hint = "Nothing waits behind these attempts. Try again, or with a longer --give-up-after."
        raise DatabaseTrouble(msg, hint=hint, code="locked", retryable=True)

    # PostgreSQL takes 0 for no limit at all.
    timeout = sql.Literal(f"{max(1, milliseconds(wait.timeout))}ms")
    for attempt in Retrying(
        retry=retry_if_exception(is_lock_timeout),
        stop=stop_after_delay(wait.give_up_after.total_seconds()),
        wait=wait_random_exponential(multiplier=0.1, max=5),
        before_sleep=told,
        retry_error_callback=gave_up,
    ):
        with attempt, connection.transaction():
            connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(timeout))
            connection.execute(step.sql.encode())


def _verify(catalog: Catalog) -> None:
    left = plan(catalog)
    if left.steps:
        wanting = ", ".join(step.object for step in left.steps)
        msg = f"After the migration {left.table} still lacks: {wanting}."
        raise DatabaseTrouble(msg, hint="Somebody else may be changing the table; run migrate-full again.")
