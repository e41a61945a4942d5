"""Undoing a migration of a table whose hostile owner chooses comments, names and columns."""

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from pglast import ast, parse_sql
from psycopg import sql

from agentctl.core.database.connection import read_database_url
from agentctl.core.errors import AgentctlError, DatabaseTrouble
from agentctl.core.mapping.settings import RoleSettings, SchemaSettings
from agentctl.core.migration.apply import Event, StepBegun
from agentctl.core.migration.marks import MARK
from agentctl.core.migration.plan import Plan, StepKind
from agentctl.core.migration.undoing import UndoReport, plan_undo, undo
from support.executions import plant
from support.marketplace import OPTIONAL_COLUMNS, Database, Marketplace
from support.migrations import QUICK, executions, ignore_event, widen
from support.program import Program
from support.shop import configure
from support.weakened import weakened_program

README = Path(__file__).parents[2] / "README.md"
HOSTILE_NAMES = (
    "inputs TO lost;DROP TABLE credit_transactions;--",
    'quo"te',
    "it's",
    "100%",
    "%s %(name)s %%",
    "two words",
    "$1",
    "back\\slash",
    "new\nline",
    "tab\tand\rreturn",
    "Inputs",
    "select",
    "größe",
    "🍵",
    'u&"0061"',
    "-- comment /* ",
    ":variable :'psql'",
    "a.b",
    "x" * 49,
)
TAKEN_OUT = {
    "core/migration/statements.py": [
        (
            "compose(_RENAME, table, sql.Identifier(old), sql.Identifier(new))",
            "compose(_RENAME, table, sql.SQL(old), sql.SQL(new))",
        )
    ],
    "core/migration/marks.py": [
        (
            "    return own_name in {configured.get(part), part} or rank(own_name, names) is not None\n",
            "    return True\n",
        ),
        (' or len(f"{ASIDE}{own_name}".encode()) > LONGEST_NAME', ""),
    ],
}
"""Names are put into the statement as they come, and whatever bears the mark counts as added."""


def take_back(
    database: Database,
    *,
    save_to: Path | None = None,
    told: Callable[[Event], None] = ignore_event,
    settings: SchemaSettings | None = None,
) -> tuple[Plan, UndoReport]:
    with read_database_url(database.url, source="a test").connect() as connection:
        plan = plan_undo(connection, settings or SchemaSettings(), wait=QUICK)
        return plan, undo(connection, plan, save_to=save_to, on_event=told)


def on_table(database: Database, text: LiteralString, *names: str) -> None:
    """Execute a statement on the executions' table with these identifiers."""
    with database.connect() as connection:
        table = sql.Identifier("agent_executions")
        connection.execute(sql.SQL(text).format(table, *map(sql.Identifier, names)))


def claim(database: Database, column: str) -> None:
    """Write migrate-full's mark into a column's comment, as its owner can."""
    with database.connect() as connection:
        comment = sql.SQL("COMMENT ON COLUMN agent_executions.{} IS {}")
        connection.execute(comment.format(sql.Identifier(column), f"why it failed; {MARK}"))


def contents(database: Database) -> dict[str, Any]:
    """Return every column with its number and its rows' values."""
    ((found,),) = database.execute(
        "SELECT jsonb_object_agg(a.attname, (SELECT jsonb_agg(to_jsonb(e) -> a.attname ORDER BY e.id) "
        "FROM agent_executions e) || to_jsonb(a.attnum)) FROM pg_attribute a "
        "WHERE a.attrelid = 'agent_executions'::regclass AND a.attnum > 0 AND NOT a.attisdropped"
    )
    assert isinstance(found, dict)
    return found


def filled(database: Database) -> None:
    """Fill each of the seven columns with a value."""
    database.execute(
        "UPDATE agent_executions SET workflow_id = 'w', inputs = '{}', result = '1', error = 'no', "
        "credits_used = 3, started_at = now(), completed_at = now()"
    )


@contextlib.contextmanager
def owner_of_the_table(marketplace: Marketplace) -> Iterator[psycopg.Connection[Any]]:
    """Make the application's role the owner of the table, and connect as that role."""
    url = marketplace.add_role("owner")
    role = sql.Identifier(f"{marketplace.name}_owner")
    with marketplace.connect() as admin:
        admin.execute(sql.SQL("GRANT ALL ON SCHEMA public TO {}").format(role))
        admin.execute(sql.SQL("ALTER TABLE agent_executions OWNER TO {}").format(role))
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def attack(connection: psycopg.Connection[Any], role: str) -> None:
    """Rename an added column so that the statement that sets it aside does something else."""
    name = f"id TO x;ALTER ROLE {role} SUPERUSER;--"
    rename = sql.SQL("ALTER TABLE agent_executions RENAME COLUMN error TO {}")
    connection.execute(rename.format(sql.Identifier(name)))


def is_superuser(marketplace: Marketplace, role: str) -> bool:
    ((is_super,),) = marketplace.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", (role,))
    return bool(is_super)


def test_a_column_named_like_a_statement_makes_nobody_superuser(
    marketplace: Marketplace, agentctl: Program
) -> None:
    configure(agentctl, marketplace)
    widen(marketplace)
    role = f"{marketplace.name}_owner"
    with owner_of_the_table(marketplace) as connection:
        attack(connection, role)

    result = agentctl("migrate-full", "--undo", "--yes")

    assert result.exit_code == 0, result
    assert not is_superuser(marketplace, role)
    assert not set(OPTIONAL_COLUMNS) & {column.name for column in executions(marketplace).columns}
    assert "SUPERUSER;-- is kept: its comment says" in result.stdout


def test_without_the_defence_that_column_makes_its_owner_superuser(
    marketplace: Marketplace, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    program = weakened_program(tmp_path / "weak", home, TAKEN_OUT)
    configure(program, marketplace)
    widen(marketplace)
    role = f"{marketplace.name}_owner"
    with owner_of_the_table(marketplace) as connection:
        attack(connection, role)

    program("migrate-full", "--undo", "--yes")

    assert is_superuser(marketplace, role)
    with marketplace.connect() as admin:
        admin.execute(sql.SQL("ALTER ROLE {} NOSUPERUSER").format(sql.Identifier(role)))


def test_does_not_drop_the_applications_column_whose_name_differs_only_in_case(
    marketplace: Marketplace, tmp_path: Path
) -> None:
    plant(marketplace, status="success", charged=10)
    widen(marketplace)
    filled(marketplace)
    for name in OPTIONAL_COLUMNS:
        on_table(marketplace, "ALTER TABLE {} RENAME COLUMN {} TO {}", name, name.title())
        on_table(marketplace, "ALTER TABLE {} ADD COLUMN {} text DEFAULT 'of the application'", name)
    before = contents(marketplace)

    _, undone = take_back(marketplace, save_to=tmp_path / "kept.csv")

    assert undone.rows == 1
    renamed = {name.title() for name in OPTIONAL_COLUMNS}
    assert contents(marketplace) == {name: held for name, held in before.items() if name not in renamed}


def test_ignores_marks_on_columns_of_other_parts(marketplace: Marketplace) -> None:
    plant(marketplace, status="success", charged=10)
    on_table(marketplace, "ALTER TABLE {} ADD COLUMN {} text DEFAULT 'mine'", "margin_notes")
    others = contents(marketplace)
    widen(marketplace)
    for name in others:
        claim(marketplace, name)

    plan, _ = take_back(marketplace)

    assert contents(marketplace) == others
    said = "is kept: its comment says that migrate-full added it, but its name does not."
    assert {f"agent_executions.{name} {said}" for name in others} == set(plan.remarks)


def test_drops_only_the_column_that_plays_a_part_if_several_claim_it(
    marketplace: Marketplace,
) -> None:
    widen(marketplace)
    for name in ("payload", "Input_Data", "agentctl_undo_of_my_own"):
        on_table(marketplace, "ALTER TABLE {} ADD COLUMN {} jsonb", name)
        claim(marketplace, name)

    take_back(marketplace)

    left = {column.name for column in executions(marketplace).columns}
    assert {"payload", "Input_Data", "agentctl_undo_of_my_own"} <= left
    assert "inputs" not in left


def test_names_a_column_that_blocks_setting_aside_before_any_change(
    marketplace: Marketplace,
) -> None:
    widen(marketplace)
    on_table(marketplace, "ALTER TABLE {} ADD COLUMN {} text", "agentctl_undo_error")
    before = contents(marketplace)

    with pytest.raises(AgentctlError, match="agentctl_undo_error exists; that name is needed"):
        take_back(marketplace)

    assert contents(marketplace) == before


def test_a_migration_does_not_restore_a_column_that_it_never_added(marketplace: Marketplace) -> None:
    on_table(marketplace, "ALTER TABLE {} ADD COLUMN {} text", "agentctl_undo_error")

    widen(marketplace)

    names = [column.name for column in executions(marketplace).columns]
    assert {"agentctl_undo_error", "error"} <= set(names)


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=ascii)
def test_drops_only_the_configured_column_of_any_name(
    marketplace: Marketplace, tmp_path: Path, name: str
) -> None:
    plant(marketplace, status="success", charged=10)
    before = contents(marketplace)
    widen(marketplace)
    filled(marketplace)
    on_table(marketplace, "ALTER TABLE {} RENAME COLUMN inputs TO {}", name)
    settings = SchemaSettings(roles={"executions": RoleSettings(columns={"inputs": name})})

    plan, undone = take_back(marketplace, save_to=tmp_path / "kept.csv", settings=settings)

    assert contents(marketplace) == before
    assert undone.rows == 1
    renamed, dropped = _names_in(plan)
    assert renamed[name] == f"agentctl_undo_{name}"
    assert f"agentctl_undo_{name}" in dropped
    assert len(renamed) == len(dropped) == len(OPTIONAL_COLUMNS)


def _names_in(plan: Plan) -> tuple[dict[str, str], set[str]]:
    """Parse a plan's SQL, and return the columns that it renames and those that it drops."""
    renamed: dict[str, str] = {}
    dropped: set[str] = set()
    for step in plan.steps:
        statements = parse_sql(step.sql)
        assert len(statements) == len(step.statements)
        for statement in statements:
            match statement.stmt:
                case ast.RenameStmt(subname=str(old), newname=str(new)):
                    renamed[old] = new
                case ast.AlterTableStmt(cmds=tuple(commands)):
                    dropped |= {command.name for command in commands}
    return renamed, dropped


def test_the_undo_script_does_the_same_in_psql(
    marketplace: Marketplace, agentctl: Program, tmp_path: Path
) -> None:
    before = contents(marketplace)
    widen(marketplace)
    name = "new\nline' \" \\! :x -- ;"
    on_table(marketplace, "ALTER TABLE {} RENAME COLUMN error TO {}", name)
    configured = "".join(f"\\u{ord(character):04x}" for character in name)
    configure(agentctl, marketplace, f'[profiles.test.schema.executions]\nerror = "{configured}"')
    script = tmp_path / "plan.sql"
    assert agentctl("migrate-full", "--undo", "--dry-run", "-o", script).exit_code == 0

    command = ["psql", "-X", "-v", "ON_ERROR_STOP=1", "-d", marketplace.url, "-f", str(script)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)

    assert done.returncode == 0, done.stderr
    assert contents(marketplace) == before


class LostConnection:
    """Ends every other connection to the database when a kind of step begins."""

    def __init__(self, database: Database, kind: StepKind) -> None:
        self._database = database
        self._kind = kind

    def __call__(self, event: Event) -> None:
        if isinstance(event, StepBegun) and event.step.kind is self._kind:
            self._database.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            self._kind = StepKind.ADD_COLUMNS  # once


def interrupt(kind: StepKind, event: Event) -> None:
    """Press Ctrl-C when a kind of step begins."""
    if isinstance(event, StepBegun) and event.step.kind is kind:
        raise KeyboardInterrupt


def refuse_ddl(database: Database, when: LiteralString) -> None:
    """Make the database raise an error if a table is altered and a condition holds."""
    database.execute(
        b"CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN IF "
        + when.encode()
        + b" THEN RAISE 'refused by the database'; END IF; END $$;"
        b"CREATE EVENT TRIGGER refusing ON ddl_command_end WHEN TAG IN ('ALTER TABLE') "
        b"EXECUTE FUNCTION refuse()"
    )


RENAMING: LiteralString = "current_query() LIKE '%RENAME COLUMN \"error\"%'"
DROPPING: LiteralString = "current_query() LIKE '%DROP COLUMN%'"


@pytest.mark.parametrize("kind", [StepKind.SET_ASIDE, StepKind.DROP_COLUMNS])
@pytest.mark.parametrize("trouble", ["lost connection", "Ctrl-C", "error"])
def test_columns_keep_names_and_content_after_a_failed_step(
    marketplace: Marketplace, tmp_path: Path, trouble: str, kind: StepKind
) -> None:
    plant(marketplace, status="success", charged=10)
    widen(marketplace)
    filled(marketplace)
    before = contents(marketplace)
    told: Callable[[Event], None] = ignore_event
    if trouble == "error":
        refuse_ddl(marketplace, RENAMING if kind is StepKind.SET_ASIDE else DROPPING)
    else:
        told = LostConnection(marketplace, kind) if trouble != "Ctrl-C" else partial(interrupt, kind)

    with pytest.raises((AgentctlError, KeyboardInterrupt)):
        take_back(marketplace, save_to=tmp_path / "kept.csv", told=told)

    assert contents(marketplace) == before


def test_columns_keep_names_and_content_after_a_full_disk(
    marketplace: Marketplace,
) -> None:
    plant(marketplace, status="success", charged=10)
    widen(marketplace)
    filled(marketplace)
    before = contents(marketplace)

    with pytest.raises(AgentctlError, match="cannot be written"):
        take_back(marketplace, save_to=Path("/dev/full"))

    assert contents(marketplace) == before


def test_columns_get_their_names_back_if_a_view_appears_while_they_are_set_aside(
    marketplace: Marketplace, tmp_path: Path
) -> None:
    plant(marketplace, status="success", charged=10)
    widen(marketplace)
    filled(marketplace)
    before = contents(marketplace)

    def look_closer(event: Event) -> None:
        if isinstance(event, StepBegun) and event.step.kind is StepKind.DROP_COLUMNS:
            marketplace.execute("CREATE VIEW reader AS SELECT agentctl_undo_error FROM agent_executions")

    with pytest.raises(AgentctlError, match=r"reader|depend"):
        take_back(marketplace, save_to=tmp_path / "kept.csv", told=look_closer)

    assert contents(marketplace) == before


def test_reports_a_name_that_was_taken_and_restores_the_others(
    marketplace: Marketplace, tmp_path: Path
) -> None:
    plant(marketplace, status="success", charged=10)
    widen(marketplace)
    filled(marketplace)

    def take_the_name(event: Event) -> None:
        if isinstance(event, StepBegun) and event.step.kind is StepKind.DROP_COLUMNS:
            marketplace.execute("ALTER TABLE agent_executions ADD COLUMN error text DEFAULT 'mine'")
            raise KeyboardInterrupt

    with pytest.raises(DatabaseTrouble, match="Other columns have their names now: error") as trouble:
        take_back(marketplace, save_to=tmp_path / "kept.csv", told=take_the_name)

    assert trouble.value.code == "set_aside"
    names = {column.name for column in executions(marketplace).columns}
    assert {*OPTIONAL_COLUMNS, "agentctl_undo_error"} <= names
    take_back(marketplace, save_to=tmp_path / "again.csv")
    assert "no" in (tmp_path / "again.csv").read_text()
    assert marketplace.execute("SELECT error FROM agent_executions") == [("mine",)]


def test_does_not_drop_a_column_that_was_renamed_back(
    marketplace: Marketplace, agentctl: Program, tmp_path: Path
) -> None:
    configure(agentctl, marketplace)
    plant(marketplace, status="success", charged=10)
    widen(marketplace)
    filled(marketplace)
    before = contents(marketplace)
    order = ("migrate-full", "--undo", "--discard-data", "--yes", "-o", tmp_path / "kept.csv")
    process = agentctl.start(*order, env={"AGENTCTL_FAILPOINT": "content-saved:stop"})
    os.waitid(os.P_PID, process.pid, os.WSTOPPED)
    on_table(marketplace, "ALTER TABLE {} RENAME agentctl_undo_error TO error")

    process.send_signal(signal.SIGCONT)
    _, stderr = process.communicate(timeout=60)

    assert process.returncode == 3
    assert "Column error of public.agent_executions was renamed to error in the meantime." in stderr
    assert contents(marketplace) == before


HOSTILE_CONTENT: LiteralString = """
UPDATE agent_executions SET workflow_id = '=1+1', inputs = '{"a": "\\"quoted\\", =2"}', result = '"-3"',
    error = E'two\nlines;=4,"\t\\\\', credits_used = 3, started_at = '2026-11-01 12:00:00.123456+00'
    WHERE status = 'success';
UPDATE agent_executions SET error = '', workflow_id = '\\N' WHERE status = 'failed'
"""
ALL_ROWS: LiteralString = "SELECT to_jsonb(e) FROM agent_executions e ORDER BY id"


def test_the_raw_copy_is_restored_by_the_readmes_statements(
    marketplace: Marketplace, agentctl: Program
) -> None:
    configure(agentctl, marketplace)
    for status in ("success", "failed", "running"):
        plant(marketplace, status=status, charged=10)
    widen(marketplace)
    marketplace.execute(HOSTILE_CONTENT.encode())
    before = marketplace.execute(ALL_ROWS)

    undone = agentctl("migrate-full", "--undo", "--discard-data", "--yes", "-o", "executions.csv")

    assert undone.exit_code == 0, undone
    assert "The copy is raw" in " ".join(undone.stdout.split())
    widen(marketplace)
    (recipe,) = re.findall("```sql\n(CREATE TEMP TABLE kept.*?)```", README.read_text(), re.DOTALL)
    command = ["psql", "-X", "-v", "ON_ERROR_STOP=1", "-d", marketplace.url]
    done = subprocess.run(
        command, input=recipe, check=False, capture_output=True, text=True, cwd=agentctl.home, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert marketplace.execute(ALL_ROWS) == before
