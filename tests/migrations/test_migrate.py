"""migrate-full's core: it leads from every table to sql/full.sql, blocks nobody, and does nothing half."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from agentctl.core.catalog.introspection import Catalog, Table, introspect
from agentctl.core.database.connection import read_database_url
from agentctl.core.errors import DatabaseTrouble, PermissionDenied, SchemaLacks
from agentctl.core.mapping.optional_columns import Tracking, tracking_of
from agentctl.core.migration.apply import Event, StepBegun
from agentctl.core.migration.locks import LockAwaited
from agentctl.core.migration.plan import LockWait, StepKind
from agentctl.resources import sql_bytes
from support.executions import plant
from support.marketplace import OPTIONAL_COLUMNS, Database, Marketplace
from support.migrations import attempts_among, executions, plan_steps, shape, steps_among, widen

Make = Callable[..., Marketplace]
STARTED_AT = "idx_agent_executions_started_at"
WORKFLOW_ID = "idx_agent_executions_workflow_id"
INSERT: LiteralString = (
    "INSERT INTO agent_executions (user_id, agent_id) SELECT p.id, a.id FROM profiles p, agents a LIMIT 1"
)
_INDEXES = {WORKFLOW_ID: "workflow_id", STARTED_AT: "started_at DESC"}
ONLY = [(name,) for name in OPTIONAL_COLUMNS]
ALL_BUT = [tuple(one for one in OPTIONAL_COLUMNS if one != name) for name in OPTIONAL_COLUMNS]


def read(database: Database) -> Catalog:
    with read_database_url(database.url, source="a test").connect() as connection:
        return introspect(connection)


def tracking(table: Table | None) -> Tracking:
    """Return the tracking of a table whose columns have the reference's names."""
    return tracking_of(table, {column.name: column.name for column in table.columns} if table else {})


@contextmanager
def reader(database: Database) -> Iterator[None]:
    """Keep a transaction open that has read the table."""
    with database.connect() as connection, connection.transaction():
        connection.execute("SELECT count(*) FROM agent_executions")
        yield


@contextmanager
def old_writer(database: Database) -> Iterator[None]:
    """Keep a writing transaction open: a concurrent build waits for its end."""
    with database.connect() as connection, connection.transaction():
        connection.execute("LOCK TABLE agent_executions IN ROW EXCLUSIVE MODE")
        yield


def await_build(database: Database, index: str) -> int:
    """Return the object id of an index as soon as it is there, valid or not."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        ((oid,),) = database.execute("SELECT to_regclass(%s)::oid", (index,))
        if oid is not None:
            assert isinstance(oid, int)
            return oid
        time.sleep(0.01)
    raise AssertionError(index)


def keep_snapshots(database: Database, level: str) -> None:
    """Make the default isolation one snapshot per transaction."""
    statement = sql.SQL("ALTER DATABASE {} SET default_transaction_isolation = {}")
    with database.connect() as connection:
        connection.execute(statement.format(sql.Identifier(database.name), level))


@pytest.fixture
def full(marketplace_factory: Make) -> Marketplace:
    """Create a marketplace as sql/full.sql leaves it."""
    made = marketplace_factory()
    made.execute(sql_bytes("full"))
    return made


@pytest.mark.parametrize("columns", [(), *ONLY, *ALL_BUT, OPTIONAL_COLUMNS], ids="+".join)
def test_every_table_becomes_the_one_of_full_sql(
    marketplace_factory: Make, full: Marketplace, columns: tuple[str, ...]
) -> None:
    made = marketplace_factory(columns=columns)

    plan = widen(made)

    assert shape(executions(made)) == shape(executions(full))
    assert plan.before == {0: Tracking.MINIMAL, 7: Tracking.FULL}.get(len(columns), Tracking.PARTIAL)
    assert tracking(executions(made)) is Tracking.FULL
    assert plan_steps(made) == ()


def test_the_table_of_full_sql_needs_no_step(full: Marketplace) -> None:
    assert plan_steps(full) == ()


def test_runs_exactly_the_sql_of_the_plan(marketplace: Marketplace) -> None:
    events: list[Event] = []

    plan = widen(marketplace, told=events.append)

    assert steps_among(events) == plan.steps
    assert [step.kind for step in plan.steps] == [StepKind.ADD_COLUMNS, *[StepKind.BUILD_INDEX] * 2]


def test_keeps_the_content_of_rows_and_does_not_rewrite_the_table(marketplace: Marketplace) -> None:
    keys = [plant(marketplace, charged=1) for _ in range(3)]
    file: LiteralString = "SELECT pg_relation_filenode('agent_executions')"
    rows: LiteralString = "SELECT ctid, xmin, id, user_id, agent_id, status, created_at FROM agent_executions"
    before = marketplace.execute(file), marketplace.execute(rows)

    widen(marketplace)

    assert (marketplace.execute(file), marketplace.execute(rows)) == before
    filled = marketplace.execute("SELECT DISTINCT credits_used, inputs, started_at FROM agent_executions")
    assert len(keys) == 3
    assert filled == [(None, None, None)]


def test_widens_a_table_in_a_schema_of_any_name(database: Database) -> None:
    database.execute('CREATE SCHEMA "My ""Shop"""')
    database.execute(
        b"DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = ' || quote_ident('My \"Shop\"'), "
        b"current_database()); END $$"
    )
    database.execute(sql_bytes("minimal"))

    plan = widen(database)

    assert plan.full_name == 'My "Shop".agent_executions'
    assert plan_steps(database) == ()


@pytest.mark.parametrize(
    ("column", "type_", "said"),
    [
        ("result", "text", "text; jsonb is needed"),
        ("inputs", "text[]", "text[]; jsonb is needed"),
        ("error", "jsonb", "jsonb; text is needed"),
        ("workflow_id", "uuid", "uuid; text is needed"),
        ("credits_used", "text", "text; integer is needed"),
        ("credits_used", "real", "real; integer is needed"),
        ("started_at", "time", "time without time zone; timestamp with time zone is needed"),
        ("completed_at", "date", "date; timestamp with time zone is needed"),
        ("credits_used", "integer GENERATED ALWAYS AS (1) STORED", "integer that the database generates"),
        ("credits_used", "integer GENERATED ALWAYS AS IDENTITY", "integer that the database generates"),
    ],
)
def test_refuses_an_incompatible_column_and_changes_nothing(
    marketplace: Marketplace, column: str, type_: str, said: str
) -> None:
    marketplace.execute(f"ALTER TABLE agent_executions ADD COLUMN {column} {type_}".encode())
    before = read(marketplace)

    with pytest.raises(SchemaLacks, match=f"agent_executions.{column} exists as ") as refused:
        widen(marketplace)

    assert said in refused.value.message
    assert refused.value.code == "schema_conflict"
    assert read(marketplace) == before
    assert tracking(before.table("agent_executions")) is Tracking.PARTIAL


def test_names_all_obstacles_at_once(marketplace: Marketplace) -> None:
    marketplace.execute("ALTER TABLE agent_executions ADD result text, ADD inputs text")
    marketplace.execute(f"CREATE INDEX {STARTED_AT} ON agent_executions (created_at)".encode())

    with pytest.raises(SchemaLacks) as refused:
        widen(marketplace)

    assert len(refused.value.message.splitlines()) == 3


@pytest.mark.parametrize(
    "definition",
    [
        "INDEX {} ON agent_executions (created_at)",
        "INDEX {} ON agent_executions (created_at, started_at)",
        "INDEX {} ON agent_executions (started_at) WHERE started_at IS NULL",
        "INDEX {} ON agent_executions USING brin (started_at)",
        "INDEX {} ON agent_executions USING hash (started_at)",
        "INDEX {} ON agent_executions ((started_at IS NULL))",
        "UNIQUE INDEX {} ON agent_executions (started_at)",
        "INDEX {} ON profiles (created_at)",
        "TABLE {} (x integer)",
    ],
)
def test_refuses_an_index_name_that_is_taken(marketplace_factory: Make, definition: str) -> None:
    made = marketplace_factory(columns=("started_at",))
    made.execute(f"CREATE {definition.format(STARTED_AT)}".encode())
    before = read(made)

    with pytest.raises(SchemaLacks, match=STARTED_AT) as refused:
        widen(made)

    assert refused.value.code == "schema_conflict"
    assert read(made) == before


@pytest.mark.parametrize("key", ["started_at", "started_at DESC NULLS LAST", "started_at, id"])
def test_keeps_an_equivalent_index(marketplace_factory: Make, key: str) -> None:
    made = marketplace_factory(columns=OPTIONAL_COLUMNS)
    made.execute(f"CREATE INDEX {STARTED_AT} ON agent_executions ({key})".encode())

    assert [step.object for step in widen(made).steps] == ["idx_agent_executions_workflow_id"]


def test_refuses_a_missing_table(database: Database) -> None:
    with pytest.raises(SchemaLacks, match="no table agent_executions"):
        widen(database)


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("CREATE VIEW agent_executions AS SELECT 1 AS id", "a view"),
        ("CREATE MATERIALIZED VIEW agent_executions AS SELECT 1 AS id", "a materialized view"),
    ],
)
def test_refuses_a_relation_that_is_not_a_table(
    database: Database, statement: LiteralString, kind: str
) -> None:
    database.execute(statement)
    with pytest.raises(SchemaLacks, match=f"is {kind}"):
        widen(database)


def leave_invalid(database: Database, index: str) -> int:
    """Cancel a concurrent build while it waits, and return the invalid index that is left."""
    build = f"CREATE INDEX CONCURRENTLY {index} ON agent_executions ({_INDEXES[index]})"
    with old_writer(database), database.connect() as builder:
        builder.execute("SET statement_timeout = '300ms'")
        with pytest.raises(psycopg.errors.QueryCanceled):
            builder.execute(build.encode())
    valid: LiteralString = "SELECT indisvalid FROM pg_index WHERE indexrelid = %s::regclass"
    assert database.execute(valid, (index,)) == [(False,)]
    return await_build(database, index)


@pytest.mark.parametrize("index", _INDEXES)
def test_rebuilds_an_invalid_index_of_an_interrupted_build(
    marketplace_factory: Make, full: Marketplace, index: str
) -> None:
    made = marketplace_factory(columns=OPTIONAL_COLUMNS)
    left = leave_invalid(made, index)

    plan = widen(made)

    assert [step.kind for step in plan.steps if step.object == index] == ["drop invalid index", "build index"]
    assert shape(executions(made)) == shape(executions(full))
    assert made.execute("SELECT %s::regclass::oid <> %s", (index, left)) == [(True,)]


def test_waits_for_a_reader_and_then_takes_the_step(marketplace: Marketplace) -> None:
    gave_way = threading.Event()

    def waiting(event: Event) -> None:
        if isinstance(event, LockAwaited) and event.attempt == 2:
            gave_way.set()

    with ThreadPoolExecutor() as threads:
        with reader(marketplace):
            migration = threads.submit(widen, marketplace, told=waiting)
            assert gave_way.wait(20)
            assert tracking(executions(marketplace)) is Tracking.MINIMAL
        migration.result()
    assert tracking(executions(marketplace)) is Tracking.FULL


def test_gives_up_on_a_long_reader_with_nothing_half_done(marketplace: Marketplace) -> None:
    before = read(marketplace)
    wait = LockWait(timedelta(milliseconds=20), timedelta(milliseconds=300))

    with reader(marketplace), pytest.raises(DatabaseTrouble) as trouble:
        widen(marketplace, wait=wait)

    assert (trouble.value.code, trouble.value.retryable, trouble.value.exit_code) == ("locked", True, 3)
    assert read(marketplace) == before


def test_writers_do_not_queue_behind_a_waiting_migration(marketplace: Marketplace) -> None:
    events: list[Event] = []
    with ThreadPoolExecutor() as threads:
        with reader(marketplace), marketplace.connect() as writer:
            # PostgreSQL itself ends the test if one insert waits for so much longer than an attempt may.
            writer.execute("SET lock_timeout = '5s'")
            migration = threads.submit(widen, marketplace, told=events.append)
            inserts = 0
            while len(attempts_among(events)) < 4 and not migration.done():
                writer.execute(INSERT)
                inserts += 1
        migration.result()
    assert marketplace.execute("SELECT count(*) FROM agent_executions") == [(inserts,)]


def test_writers_continue_during_an_index_build(marketplace_factory: Make) -> None:
    made = marketplace_factory(columns=OPTIONAL_COLUMNS)
    with ThreadPoolExecutor() as threads:
        with old_writer(made), made.connect() as writer:
            migration = threads.submit(widen, made)
            await_build(made, WORKFLOW_ID)
            writer.execute("SET lock_timeout = '1ms'")
            writer.execute(INSERT)
        migration.result()
    assert plan_steps(made) == ()


def test_waits_for_a_running_index_build_of_another_session(marketplace_factory: Make) -> None:
    made = marketplace_factory(columns=OPTIONAL_COLUMNS)
    waits = threading.Event()
    events: list[Event] = []

    def second_tells(event: Event) -> None:
        events.append(event)
        if isinstance(event, LockAwaited):
            waits.set()

    with ThreadPoolExecutor() as threads:
        with old_writer(made):
            first = threads.submit(widen, made)
            built = await_build(made, WORKFLOW_ID)
            second = threads.submit(widen, made, told=second_tells)
            assert waits.wait(30)
        first.result()
        second.result()
    assert await_build(made, WORKFLOW_ID) == built
    assert StepKind.DROP_INDEX not in {step.kind for step in steps_among(events)}
    assert plan_steps(made) == ()


def test_concurrent_migrations_all_end_with_the_right_table(
    marketplace: Marketplace, full: Marketplace
) -> None:
    together = threading.Barrier(3)

    def one() -> None:
        together.wait(20)
        widen(marketplace)

    for _ in range(2):
        with ThreadPoolExecutor() as threads:
            for migration in [threads.submit(one) for _ in range(3)]:
                migration.result()
        assert shape(executions(marketplace)) == shape(executions(full))
        marketplace.execute("ALTER TABLE agent_executions DROP started_at, DROP workflow_id, DROP result")


def test_gives_up_on_a_table_that_somebody_keeps_changing_back(marketplace: Marketplace) -> None:
    drop_the_other: dict[str, LiteralString] = {
        WORKFLOW_ID: f"DROP INDEX IF EXISTS {STARTED_AT}",
        STARTED_AT: f"DROP INDEX IF EXISTS {WORKFLOW_ID}",
    }

    def sabotage(event: Event) -> None:
        if isinstance(event, StepBegun) and event.step.kind is StepKind.BUILD_INDEX:
            marketplace.execute(drop_the_other[event.step.object])

    with pytest.raises(DatabaseTrouble, match="repeatedly lacks"):
        widen(marketplace, told=sabotage)


def test_a_role_that_does_not_own_the_table_changes_nothing(marketplace: Marketplace) -> None:
    url = marketplace.add_role("guest")
    before = read(marketplace)
    with pytest.raises(PermissionDenied):
        widen(marketplace, url=url)
    assert read(marketplace) == before


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_builds_indexes_with_a_stricter_default_isolation(marketplace: Marketplace, level: str) -> None:
    keep_snapshots(marketplace, level)

    widen(marketplace)

    assert plan_steps(marketplace) == ()
