"""Tables with child tables: partitions at any depth, inheritance, and children that cannot be widened."""

from datetime import timedelta
from typing import Any, LiteralString

import pytest

from agentctl.core.database.connection import read_database_url
from agentctl.core.errors import DatabaseTrouble, SchemaLacks
from agentctl.core.migration.plan import LockWait, StepKind
from agentctl.core.migration.widening import plan_widening
from support.marketplace import OPTIONAL_COLUMNS, Database
from support.migrations import plan_steps, steps_among, widen

_OTHERS: LiteralString = """
CREATE TABLE agents (id uuid PRIMARY KEY, name text NOT NULL, credit_cost integer);
CREATE TABLE profiles (id uuid PRIMARY KEY, email text NOT NULL, credits integer);
"""
_PARENT: LiteralString = """
CREATE TABLE agent_executions (
    id uuid NOT NULL DEFAULT gen_random_uuid(), user_id uuid NOT NULL, agent_id uuid NOT NULL,
    status text NOT NULL DEFAULT 'pending', created_at timestamptz NOT NULL DEFAULT now()
"""
_PARTITIONED: LiteralString = (
    _PARENT
    + """) PARTITION BY RANGE (created_at);
CREATE SCHEMA archive;
CREATE TABLE archive.executions_2025 PARTITION OF agent_executions
    FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE "Executions 2026" PARTITION OF agent_executions
    FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY HASH (user_id);
CREATE TABLE "Executions 2026 a" PARTITION OF "Executions 2026" FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE "Executions 2026 b" PARTITION OF "Executions 2026" FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE later PARTITION OF agent_executions DEFAULT;
INSERT INTO agent_executions (user_id, agent_id, created_at)
SELECT gen_random_uuid(), gen_random_uuid(), day
FROM generate_series('2025-06-01'::timestamptz, '2027-06-01', '1 day') AS day;
"""
)
_HEIRS: LiteralString = (
    _PARENT
    + """, PRIMARY KEY (id));
CREATE TABLE archived () INHERITS (agent_executions);
CREATE TABLE long_archived (inputs jsonb, boxed boolean) INHERITS (archived);
"""
)
# Every index on one of the two columns, on which table, whether PostgreSQL uses it, and what it is a part of.
_INDEXES: LiteralString = """
SELECT i.indrelid::regclass::text, pg_get_indexdef(i.indexrelid, 1, true), i.indisvalid,
       (SELECT h.inhparent::regclass::text FROM pg_inherits h WHERE h.inhrelid = i.indexrelid) IS NOT NULL
FROM pg_index i WHERE pg_get_indexdef(i.indexrelid, 1, true) IN ('workflow_id', 'started_at')
ORDER BY 1, 2
"""
_LEAVES = ('"Executions 2026 a"', '"Executions 2026 b"', "archive.executions_2025", "later")
_WHOLES = ('"Executions 2026"', "agent_executions")


@pytest.fixture
def partitioned(database: Database) -> Database:
    """Create a table with two levels of partitions, in two schemas, with names that need quotes."""
    database.execute(_OTHERS)
    database.execute(_PARTITIONED)
    return database


def test_every_partition_gets_the_columns_and_its_own_index(
    partitioned: Database,
) -> None:
    events: list[Any] = []

    plan = widen(partitioned, told=events.append)

    assert steps_among(events) == plan.steps
    assert plan_steps(partitioned) == ()
    found = partitioned.execute(_INDEXES)
    expected = [
        (table, column, True, table != "agent_executions")
        for table in sorted([*_LEAVES, *_WHOLES])
        for column in ("started_at", "workflow_id")
    ]
    assert sorted(found) == sorted(expected)


def test_builds_indexes_concurrently_on_one_partition_after_the_other(
    partitioned: Database,
) -> None:
    steps = plan_steps(partitioned)

    built = [step for step in steps if step.kind is StepKind.BUILD_INDEX]
    assert len(built) == 2 * len(_LEAVES)
    assert all("CONCURRENTLY" in step.sql for step in built)
    begun = [step.sql for step in steps if step.kind is StepKind.BEGIN_INDEX]
    assert len(begun) == 2 * len(_WHOLES)
    assert all(" ON ONLY " in sql for sql in begun)


def test_a_later_partition_has_all_columns_and_indexes(partitioned: Database) -> None:
    widen(partitioned)

    partitioned.execute(
        "CREATE TABLE next PARTITION OF agent_executions FOR VALUES FROM ('2030-01-01') TO ('2031-01-01')"
    )

    assert plan_steps(partitioned) == ()
    assert ("next", "started_at", True, True) in partitioned.execute(_INDEXES)


def test_finishes_a_half_done_migration_of_partitions(partitioned: Database) -> None:
    widen(partitioned)
    whole = partitioned.execute(_INDEXES)
    partitioned.execute("DROP INDEX idx_agent_executions_started_at, idx_agent_executions_workflow_id")
    partitioned.execute(
        "CREATE INDEX idx_agent_executions_started_at ON ONLY agent_executions (started_at DESC)"
    )
    partitioned.execute("CREATE INDEX named_otherwise ON later (started_at DESC)")
    partitioned.execute(
        "CREATE INDEX idx_executions_2025_started_at ON archive.executions_2025 (started_at DESC)"
    )
    partitioned.execute(
        "ALTER INDEX idx_agent_executions_started_at ATTACH PARTITION archive.idx_executions_2025_started_at"
    )

    widen(partitioned)

    assert partitioned.execute(_INDEXES) == whole
    assert plan_steps(partitioned) == ()


def test_a_reader_of_one_partition_blocks_others_for_one_attempt_at_most(partitioned: Database) -> None:
    (step,) = (step for step in plan_steps(partitioned) if step.kind is StepKind.ADD_COLUMNS)

    # The first lock and all those below it have one limit together: lock_timeout counts anew for each.
    assert step.statements[1:4] == (
        "SET LOCAL lock_timeout = '200ms'",
        "SET LOCAL statement_timeout = '200ms'",
        'LOCK TABLE "public"."agent_executions" IN ACCESS EXCLUSIVE MODE',
    )
    with partitioned.connect() as reader, reader.transaction():
        reader.execute("SELECT count(*) FROM archive.executions_2025")
        with pytest.raises(DatabaseTrouble, match="count") as trouble:
            widen(partitioned, wait=LockWait(timedelta(milliseconds=50), timedelta(milliseconds=500)))
    assert trouble.value.code == "locked"
    assert len(plan_steps(partitioned)) > 1


def test_inheriting_tables_get_the_columns_and_their_own_indexes(database: Database) -> None:
    database.execute(_OTHERS)
    database.execute(_HEIRS)

    widen(database)

    assert plan_steps(database) == ()
    tables = ("agent_executions", "archived", "long_archived")
    assert sorted(database.execute(_INDEXES)) == sorted(
        (table, column, True, False) for table in tables for column in ("started_at", "workflow_id")
    )
    for table in tables:
        rows = database.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s", (table,)
        )
        assert set(OPTIONAL_COLUMNS) <= {name for (name,) in rows}


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "ALTER TABLE long_archived ADD inputs text",
            "public.long_archived.inputs exists as text; jsonb is needed.",
        ),
        (
            "CREATE INDEX idx_archived_started_at ON archived (created_at)",
            "Index idx_archived_started_at exists with another definition: "  # noqa: ISC004 - one message
            "CREATE INDEX idx_archived_started_at ON public.archived USING btree (created_at).",
        ),
        (
            "CREATE TABLE idx_archived_started_at ()",
            "idx_archived_started_at exists as a table; an index of that name is needed.",
        ),
    ],
)
def test_names_an_obstacle_in_a_child_table_and_changes_nothing(
    database: Database, statement: LiteralString, said: str
) -> None:
    database.execute(_OTHERS)
    database.execute(_HEIRS.replace("inputs jsonb, ", ""))
    database.execute(statement)

    with pytest.raises(SchemaLacks) as refused:
        widen(database)

    assert refused.value.message == said


def test_names_a_partition_on_another_server(database: Database) -> None:
    database.execute(_OTHERS)
    database.execute(_HEIRS)
    database.execute(
        "CREATE FOREIGN DATA WRAPPER theirs; CREATE SERVER far FOREIGN DATA WRAPPER theirs;"
        "CREATE FOREIGN TABLE away () INHERITS (agent_executions) SERVER far"
    )
    with (
        read_database_url(database.url, source="a test").connect() as connection,
        pytest.raises(SchemaLacks) as refused,
    ):
        plan_widening(connection)

    said = (
        "public.away, a part of public.agent_executions, is a foreign table: columns cannot be added to it."
    )
    assert refused.value.message == said


def test_refuses_a_view_and_shows_its_query(database: Database) -> None:
    database.execute(_OTHERS)
    database.execute(_PARENT.replace("agent_executions", "real_ones") + ")")
    database.execute("CREATE VIEW agent_executions AS SELECT *, 1 AS one FROM real_ones")

    with pytest.raises(SchemaLacks, match="is a view, and columns cannot be added to it") as refused:
        widen(database)

    assert "1 AS one\n   FROM real_ones" in refused.value.message


def test_distinguishes_names_of_63_bytes(database: Database) -> None:
    database.execute(_OTHERS)
    database.execute(_PARENT + ") PARTITION BY HASH (id)")
    for number in range(3):
        name = f"{'ü' * 28}_{number}"
        database.execute(
            f'CREATE TABLE "{name}" PARTITION OF agent_executions '
            f"FOR VALUES WITH (MODULUS 3, REMAINDER {number})".encode()
        )

    widen(database)

    assert plan_steps(database) == ()
    assert len(database.execute(_INDEXES)) == 8
