"""Widens agent_executions to full tracking: a plan that is shown, then applied step by step, then verified.

`plan` is pure; `apply` takes such steps only, each where it is still needed. No column is dropped or retyped.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import NoReturn, TypeVar

import psycopg
from psycopg import sql
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_before_delay, wait_random_exponential

from agentctl.core.catalog import Catalog, Table
from agentctl.core.database import Connection, is_lock_timeout
from agentctl.core.errors import DatabaseTrouble, SchemaLacks
from agentctl.core.mapping import Reading, SchemaSettings, catalog_for, read, refusal
from agentctl.core.mapping.settings import NOTHING_TOLD
from agentctl.core.mapping.vocabulary import ROLES
from agentctl.core.times import milliseconds
from agentctl.core.tracking import (
    INDEXES,
    OPTIONAL_COLUMNS,
    OptionalColumn,
    Tracking,
    index_names,
    serves,
    tracking_of,
)


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

    schema: str
    name: str
    before: Tracking
    settings: SchemaSettings
    steps: tuple[Step, ...]

    @property
    def table(self) -> str:
        """The table's name for people."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class LockWait:
    """How locks are waited for: each attempt `timeout`, all of them `give_up_after`."""

    timeout: timedelta = timedelta(milliseconds=200)
    give_up_after: timedelta = timedelta(minutes=10)


_BRIEF = "ACCESS EXCLUSIVE, for milliseconds; given up and tried again when it is not had at once"
_SHARED = "SHARE UPDATE EXCLUSIVE: reads and writes go on"
# What others do not wait behind may last longer: after a second PostgreSQL tells autovacuum to give way.
_UNNOTICED = timedelta(seconds=2)
# duplicate_table, deadlock_detected: two migrations were at it at once; another look tells who was first.
_COLLISIONS = frozenset({"42P07", "40P01"})
_SPARE_STEPS = 10

T = TypeVar("T")


def plan(catalog: Catalog, settings: SchemaSettings = NOTHING_TOLD) -> Plan:
    """Compare the table with full tracking and return what is to be done.

    A column that plays its part under another name is there; what is added has the reference's names.

    Raises:
        SchemaLacks: there is no such table, or it is no ordinary one, or a column or an index of a name
            that is wanted exists as something else. Every obstacle is named at once.

    """
    reading = read(catalog, settings)
    found = reading.discovery.roles.get("executions")
    if found is None:
        raise refusal(catalog, reading.findings)
    table, columns = found.table, {part: choice.column for part, choice in found.parts.items()}
    wanted = [replace(column, name=_new_name(column.name, table, columns)) for column in _missing(columns)]
    columns |= {old.name: new.name for old, new in zip(_missing(columns), wanted, strict=True)}
    indexes = index_names(table, columns, INDEXES)
    obstacles = [*_obstacles(table, columns, indexes), *_taken_names(catalog, table, indexes)]
    if obstacles:
        msg = "\n".join(obstacles)
        hint = "Nothing was changed. Rename what is in the way or change its type, then run this again."
        raise SchemaLacks(msg, hint=hint, code="schema_conflict")
    steps = (*_column_steps(table, wanted, prices=_price_type(reading)), *_index_steps(table, indexes))
    before = tracking_of(table, {part: name for part, name in columns.items() if table.column(name)})
    return Plan(table.schema, table.name, before, settings, steps)


def _missing(columns: Mapping[str, str]) -> list[OptionalColumn]:
    return [column for column in OPTIONAL_COLUMNS if column.name not in columns]


def _new_name(part: str, table: Table, columns: Mapping[str, str]) -> str:
    """Return the part's own name, or the next best where another part's column has it."""
    if part not in columns.values():
        return part
    names = (name for group in ROLES["executions"].parts[part].names for name in group)
    return next((name for name in names if table.column(name) is None), part)


def _price_type(reading: Reading) -> str:
    """Return the type of what an execution can cost: whole numbers, unless prices are not."""
    agents = reading.discovery.roles.get("agents")
    price = agents.parts.get("price") if agents else None
    column = agents.table.column(price.column) if agents and price else None
    return "numeric" if column is not None and column.base_type == "numeric" else "integer"


def _obstacles(table: Table, columns: Mapping[str, str], indexes: Mapping[str, str]) -> Iterator[str]:
    if table.kind != "table":
        yield f"{table.schema}.{table.name} is a {table.kind}; only an ordinary table can be widened."
    for column in OPTIONAL_COLUMNS:
        found = table.column(columns[column.name])
        if found is not None and not column.fits(found):
            generated = " that the database generates" if found.generated else ""
            yield f"{table.name}.{found.name} exists as {found.type}{generated}; {column.type} is needed."
    for name, key in indexes.items():
        index = table.index(name)
        if index is not None and not serves(index, key):
            yield f"Index {name} exists with another definition: {index.definition}."


def _taken_names(catalog: Catalog, table: Table, indexes: Mapping[str, str]) -> Iterator[str]:
    """Look for the indexes' names elsewhere: a schema has each name once, for tables and indexes alike."""
    for other in catalog.tables:
        if other.schema != table.schema or other.name == table.name:
            continue
        if other.name in indexes:
            yield f"{other.name} exists as a {other.kind}; an index of that name is needed."
        for index in other.indexes:
            if index.name in indexes:
                yield f"Index {index.name} exists on another table: {index.definition}."


def _column_steps(table: Table, missing: Sequence[OptionalColumn], *, prices: str) -> Iterator[Step]:
    if missing:
        clauses = ",\n    ".join(_clause(column, prices=prices) for column in missing)
        names = ", ".join(column.name for column in missing)
        yield Step(StepKind.ADD_COLUMNS, names, f"ALTER TABLE {_name(table)}\n    {clauses}", _BRIEF)


def _clause(column: OptionalColumn, *, prices: str) -> str:
    kind = prices if column.default else column.type
    default = f" DEFAULT {column.default}" if column.default else ""
    return f"ADD COLUMN IF NOT EXISTS {column.name} {kind}{default}"


def _index_steps(table: Table, indexes: Mapping[str, str]) -> Iterator[Step]:
    for name, key in indexes.items():
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
    planned: Plan,
    *,
    wait: LockWait,
    started: Callable[[Step], None],
    waiting: Callable[[int], None],
) -> None:
    """Take a plan's steps, one after the other, until nothing is left to be done.

    Before each, the table is looked at again, so that what somebody else does meanwhile is neither done
    twice nor undone. The last look is the proof that the table is as it was to become.

    Args:
        connection: in autocommit mode; concurrent index builds allow no other.
        planned: what to do.
        wait: how to wait for locks.
        started: told before each step.
        waiting: told when a lock was not had, with the number of the attempt.

    Raises:
        SchemaLacks: an obstacle has appeared since the plan was made.
        DatabaseTrouble: a lock was not had in time (retryable), or the table never becomes as planned.

    """
    for _ in range(len(planned.steps) + _SPARE_STEPS):
        look = partial(_look, connection, planned)
        ahead = plan(_patiently(look, wait=wait, waiting=waiting), planned.settings).steps
        if not ahead:
            return
        started(ahead[0])
        take = partial(_take, connection, ahead[0], wait.timeout)
        _patiently(take, wait=wait, waiting=waiting)
    msg = f"Again and again {planned.table} lacks {ahead[0].object}."
    raise DatabaseTrouble(msg, hint="Somebody else is changing the table; run migrate-full again.")


def _look(connection: Connection, planned: Plan) -> Catalog:
    """Read the catalog while nobody else is at work on the table.

    An index that is being built looks like one whose build was given up. This lock, which neither readers
    nor writers notice, tells them apart.
    """
    with connection.transaction():
        _limit_locks(connection, _UNNOTICED)
        table = sql.Identifier(planned.schema, planned.name)
        connection.execute(sql.SQL("LOCK TABLE {} IN SHARE UPDATE EXCLUSIVE MODE").format(table))
        return catalog_for(connection, planned.settings)


def _take(connection: Connection, step: Step, timeout: timedelta) -> None:
    if step.kind is StepKind.ADD_COLUMNS:
        with connection.transaction():
            _limit_locks(connection, timeout)
            connection.execute(step.sql.encode())
        return
    try:
        connection.execute(step.sql.encode())
    except psycopg.Error as error:
        if not _is_collision(error):
            raise


def _is_collision(error: BaseException) -> bool:
    return isinstance(error, psycopg.Error) and error.sqlstate in _COLLISIONS


def _limit_locks(connection: Connection, timeout: timedelta) -> None:
    # PostgreSQL takes 0 for no limit at all.
    limit = sql.Literal(f"{max(1, milliseconds(timeout))}ms")
    connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(limit))


def _patiently(work: Callable[[], T], *, wait: LockWait, waiting: Callable[[int], None]) -> T:
    """Do what needs a lock, in many short attempts, so that others do not queue behind it."""

    def gave_up(state: RetryCallState) -> NoReturn:
        msg = f"The table is in use: no lock on it was had in {state.attempt_number} attempts."
        hint = "Nothing waits behind these attempts. Try again, or with a longer --give-up-after."
        raise DatabaseTrouble(msg, hint=hint, code="locked", retryable=True)

    retrying = Retrying(
        retry=retry_if_exception(lambda error: is_lock_timeout(error) or _is_collision(error)),
        stop=stop_before_delay(wait.give_up_after.total_seconds()),
        wait=wait_random_exponential(multiplier=0.1, max=5),
        before_sleep=lambda state: waiting(state.attempt_number),
        retry_error_callback=gave_up,
    )
    return retrying(work)
