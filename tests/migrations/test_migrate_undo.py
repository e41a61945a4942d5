"""Undoing a migration: it drops exactly what was added and loses nothing, wherever it was interrupted."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, LiteralString

import pytest

from agentctl.core.database.connection import read_database_url
from agentctl.core.errors import Refused, SchemaLacks, SetupError
from agentctl.core.migration.apply import Event, StepBegun
from agentctl.core.migration.plan import Plan, StepKind
from agentctl.core.migration.undoing import UndoReport, plan_undo, undo
from agentctl.resources import sql_bytes
from support.executions import plant
from support.marketplace import OPTIONAL_COLUMNS, Database, Marketplace
from support.migrations import QUICK, executions, ignore_event, plan_steps, shape, widen

Make = Callable[..., Marketplace]
FILL: LiteralString = """
UPDATE agent_executions
SET inputs = '{"topic": "tea, with milk"}', result = '"two\\nlines"', credits_used = 10
WHERE status = 'success'
"""


def take_back(
    database: Database, *, save_to: Path | None = None, told: Callable[[Event], None] = ignore_event
) -> tuple[Plan, UndoReport]:
    """Undo as the command does."""
    with read_database_url(database.url, source="a test").connect() as connection:
        plan = plan_undo(connection, wait=QUICK)
        return plan, undo(connection, plan, save_to=save_to, on_event=told)


def dump(database: Database) -> list[Any]:
    """Return everything that the migration must not change."""
    return database.execute(
        "SELECT id, user_id, agent_id, status, created_at FROM agent_executions ORDER BY id"
    )


def rows_of(file: Path) -> list[dict[str, str]]:
    """Return the rows of a saved copy."""
    return list(csv.DictReader(io.StringIO(file.read_text())))


def test_drops_only_what_was_added_if_there_is_no_data(marketplace: Marketplace) -> None:
    plant(marketplace, charged=1)
    before, rows = shape(executions(marketplace)), dump(marketplace)
    widen(marketplace)

    plan, undone = take_back(marketplace)

    assert shape(executions(marketplace)) == before
    assert dump(marketplace) == rows
    assert undone == UndoReport(0, None)
    kinds = [step.kind for step in plan.steps]
    assert kinds == [*[StepKind.REMOVE_INDEX] * 2, StepKind.SET_ASIDE, StepKind.DROP_COLUMNS]


def test_migrates_and_undoes_repeatedly(marketplace: Marketplace, marketplace_factory: Make) -> None:
    full = marketplace_factory()
    full.execute(sql_bytes("full"))
    for _ in range(3):
        widen(marketplace)
        assert shape(executions(marketplace)) == shape(executions(full))
        take_back(marketplace)


def test_keeps_columns_that_somebody_else_added(marketplace_factory: Make) -> None:
    made = marketplace_factory(columns=("inputs", "started_at"))
    made.execute("CREATE INDEX idx_agent_executions_started_at ON agent_executions (started_at DESC)")
    before = shape(executions(made))
    widen(made)

    plan, _ = take_back(made)

    assert shape(executions(made)) == before
    assert plan.remarks == (
        "agent_executions.inputs is kept: migrate-full did not add it.",
        "agent_executions.started_at is kept: migrate-full did not add it.",
    )


def test_drops_columns_with_data_only_when_asked(marketplace: Marketplace) -> None:
    plant(marketplace, status="success", charged=10)
    widen(marketplace)
    marketplace.execute(FILL)
    before = shape(executions(marketplace))

    with pytest.raises(
        Refused, match=r"inputs \(1 rows\), result \(1 rows\), credits_used \(1 rows\)"
    ) as refused:
        take_back(marketplace)

    assert refused.value.code == "holds_data"
    assert shape(executions(marketplace)) == before


def test_saves_dropped_data_in_the_file_first(marketplace: Marketplace, tmp_path: Path) -> None:
    key = plant(marketplace, status="success", charged=10)
    plant(marketplace, status="failed", charged=10)
    widen(marketplace)
    marketplace.execute(FILL)
    before = dump(marketplace)
    file = tmp_path / "kept.csv"

    _, undone = take_back(marketplace, save_to=file)

    assert undone == UndoReport(1, file)
    assert file.stat().st_mode & 0o777 == 0o600
    (row,) = rows_of(file)
    assert set(row) == {"id", *OPTIONAL_COLUMNS}
    assert (row["id"], row["inputs"], row["credits_used"]) == (str(key), '{"topic": "tea, with milk"}', "10")
    assert row["result"] == '"two\\nlines"'
    assert dump(marketplace) == before
    assert not {column.name for column in executions(marketplace).columns} & set(OPTIONAL_COLUMNS)


def test_an_unwritable_copy_leaves_the_table_unchanged(marketplace: Marketplace, tmp_path: Path) -> None:
    plant(marketplace, status="success", charged=10)
    widen(marketplace)
    marketplace.execute(FILL)
    columns = executions(marketplace).columns

    with pytest.raises(SetupError, match="cannot be written"):
        take_back(marketplace, save_to=tmp_path / "no" / "such" / "folder.csv")

    assert executions(marketplace).columns == columns
    assert marketplace.execute("SELECT credits_used FROM agent_executions") == [(10,)]


def test_saves_rows_that_are_written_at_the_last_moment(marketplace: Marketplace) -> None:
    plant(marketplace, status="success", charged=10)
    widen(marketplace)

    def write(event: Event) -> None:
        if isinstance(event, StepBegun) and event.step.kind is StepKind.SET_ASIDE:
            marketplace.execute(FILL)

    with pytest.raises(Refused, match="credits_used"):
        take_back(marketplace, told=write)

    assert marketplace.execute("SELECT credits_used FROM agent_executions") == [(10,)]


def test_the_next_migration_restores_columns_that_an_undo_set_aside(
    marketplace: Marketplace,
) -> None:
    plant(marketplace, status="success", charged=10)
    widen(marketplace)
    marketplace.execute(FILL)
    before = shape(executions(marketplace))
    _leave_aside(marketplace)

    assert plan_steps(marketplace)[0].kind is StepKind.TAKE_BACK_COLUMNS
    widen(marketplace)

    assert shape(executions(marketplace)) == before
    assert marketplace.execute("SELECT credits_used FROM agent_executions") == [(10,)]


def test_the_next_undo_drops_columns_that_an_undo_set_aside(marketplace: Marketplace, tmp_path: Path) -> None:
    before = shape(executions(marketplace))
    plant(marketplace, status="success", charged=10)
    widen(marketplace)
    marketplace.execute(FILL)
    _leave_aside(marketplace)

    take_back(marketplace, save_to=tmp_path / "again.csv")

    assert shape(executions(marketplace)) == before
    (row,) = rows_of(tmp_path / "again.csv")
    assert row["credits_used"] == "10"


def _leave_aside(marketplace: Marketplace) -> None:
    """Set columns aside as an undo does before it is killed."""
    for name in OPTIONAL_COLUMNS:
        aside: LiteralString = "ALTER TABLE agent_executions RENAME COLUMN {} TO agentctl_undo_{}"
        marketplace.execute(aside.format(name, name).encode())
    marketplace.execute("DROP INDEX idx_agent_executions_workflow_id, idx_agent_executions_started_at")


def test_names_a_view_that_needs_a_column_and_changes_nothing(marketplace: Marketplace) -> None:
    widen(marketplace)
    marketplace.execute("CREATE VIEW spent AS SELECT id, credits_used FROM agent_executions")
    before = shape(executions(marketplace))

    with pytest.raises(SchemaLacks, match=r"credits_used is needed by .*view spent"):
        take_back(marketplace)

    assert shape(executions(marketplace)) == before


def test_does_nothing_if_nothing_was_added(marketplace_factory: Make) -> None:
    made = marketplace_factory()
    made.execute(sql_bytes("full"))
    before = shape(executions(made))

    plan, _ = take_back(made)

    assert plan.steps == ()
    assert len(plan.remarks) == 7
    assert shape(executions(made)) == before


def test_undoes_a_partitioned_table_with_its_partitions(database: Database, tmp_path: Path) -> None:
    database.execute("CREATE TABLE agents (id uuid PRIMARY KEY, name text NOT NULL, credit_cost integer)")
    database.execute("CREATE TABLE profiles (id uuid PRIMARY KEY, email text NOT NULL, credits integer)")
    database.execute(
        "CREATE TABLE agent_executions (id uuid, user_id uuid, agent_id uuid, status text, "
        "created_at timestamptz, PRIMARY KEY (id, created_at)) PARTITION BY HASH (id);"
        "CREATE TABLE one PARTITION OF agent_executions FOR VALUES WITH (MODULUS 2, REMAINDER 0);"
        "CREATE TABLE two PARTITION OF agent_executions FOR VALUES WITH (MODULUS 2, REMAINDER 1);"
    )
    before = shape(executions(database))
    widen(database)
    database.execute(
        "INSERT INTO agent_executions (id, user_id, agent_id, created_at, error) SELECT gen_random_uuid(), "
        "gen_random_uuid(), gen_random_uuid(), now(), 'no' FROM generate_series(1, 20)"
    )

    _, undone = take_back(database, save_to=tmp_path / "kept.csv")

    assert undone.rows == 20
    assert shape(executions(database)) == before
    (row, *_) = rows_of(tmp_path / "kept.csv")
    assert {"id", "created_at", "error"} <= set(row)
