"""`agentctl schema-check --schema-from`: code checked against a file, without any database."""

import os
from pathlib import Path
from typing import Any

import pytest

from agentctl.resources import sql_bytes
from support.code_project import AFTER, MISSING, selecting, write, write_app
from support.program import Program, Result
from support.shop import Shop

CODE = ("schema-check", "--code", "app")
_PARTS = ("minimal", "credits", "full")


@pytest.fixture
def schemas(agentctl: Program) -> Path:
    """Write the project's own SQL: the minimal schema, and what makes it the full one, as migrations."""
    parts = {f"{number}_{name}.sql": sql_bytes(name) for number, name in enumerate(_PARTS)}
    return write(
        agentctl.home / "db",
        {
            "minimal.sql": sql_bytes("minimal") + sql_bytes("credits"),
            **{f"full/migrations/{name}": content for name, content in parts.items()},
        },
    )


def found(result: Result) -> list[str]:
    assert result.exit_code in {0, 6}, result
    every: list[dict[str, Any]] = result.json["data"]["findings"]
    return [one["object"] for one in every if one["id"].startswith("code-")]


def test_checks_against_sql_or_a_folder_of_migrations(agentctl: Program, schemas: Path) -> None:
    assert schemas.is_dir()
    write_app(agentctl.home)
    minimal = agentctl(*CODE, "--schema-from", "db/minimal.sql", "--json")
    assert minimal.exit_code == 6
    assert set(found(minimal)) == {f"agent_executions.{column}" for column in MISSING}
    full = agentctl(*CODE, "--schema-from", "db/full/migrations", "--json")
    assert (full.exit_code, found(full)) == (0, [])
    write_app(agentctl.home, AFTER)
    for schema in ("db/minimal.sql", "db/full/migrations"):
        result = agentctl(*CODE, "--schema-from", schema)
        assert (result.exit_code, result.stderr) == (0, "")


def test_a_schema_file_starts_no_sandbox_and_opens_no_connection(agentctl: Program, schemas: Path) -> None:
    assert schemas.is_dir()
    write_app(agentctl.home, AFTER)
    check = (*CODE, "--schema-from", "db/minimal.sql")
    away = {"AGENTCTL_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"}
    for env in ({}, away):
        result = agentctl(*check, env=env)
        assert (result.exit_code, result.stderr) == (0, "")
    assert not (agentctl.home / ".local").exists()  # where a sandbox would be
    (agentctl.home / "agentctl.toml").write_text('[profiles.ci.code]\nexclude = ["app/executions.ts"]\n')
    result = agentctl(*check, "--json")
    assert (result.exit_code, result.json["data"]["code"]["files"]) == (0, 1)


def test_checks_against_a_whole_baseline(shop: Shop, agentctl: Program) -> None:
    shop.marketplace.execute("CREATE TABLE extra (id int PRIMARY KEY, word text NOT NULL)")
    write_app(agentctl.home, selecting("words", "extra") + 'supabase.from("nothing").select("id");\n')
    live = agentctl(*CODE, "--write-baseline", "schema.json", "--json")
    read = agentctl(*CODE, "--schema-from", "schema.json", "--json", env={"AGENTCTL_DATABASE_URL": "x"})
    assert found(live) == found(read) == ["extra.words", "nothing"]


def test_a_baseline_of_agentctls_tables_does_not_judge_other_tables(shop: Shop, agentctl: Program) -> None:
    shop.marketplace.execute("CREATE TABLE extra (id int PRIMARY KEY)")
    write_app(agentctl.home, selecting("words", "extra") + 'supabase.from("agents").select("nope");\n')
    assert agentctl("schema-check", "--write-baseline", "schema.json").exit_code == 0
    read = agentctl(*CODE, "--schema-from", "schema.json", "--json")
    assert found(read) == ["agents.nope"]
    (unresolved,) = read.json["data"]["code"]["unresolved"]
    assert "extra" in unresolved["what"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "no such file"),
        (b"", "it has no tables"),
        (b"PGDMP\x01\x0e", "it is an archive"),
        (b"\x7fELF\x02\x01\xff\xfe\x00\x80", "it is not UTF-8 text"),
        (b"\x00\x01\x02", "it is not UTF-8 text"),
        (b"{", "schema.sql"),
        (b"CREATE TABLE (", "it has no tables; line 1 is not understood"),
    ],
    ids=["missing", "empty", "archive", "binary", "zero bytes", "half a baseline", "half a statement"],
)
def test_an_invalid_schema_file_exits_3(agentctl: Program, content: bytes | None, why: str) -> None:
    write_app(agentctl.home)
    if content is not None:
        (agentctl.home / "schema.sql").write_bytes(content)
    result = agentctl(*CODE, "--schema-from", "schema.sql", "--json")
    assert result.exit_code == 3
    error = result.json["error"]
    assert (error["code"], bool(error["hint"])) == ("config", True)
    assert why in error["message"]


def test_refuses_a_folder_without_sql(agentctl: Program) -> None:
    write_app(agentctl.home)
    result = agentctl(*CODE, "--schema-from", "app", "--json")
    assert (result.exit_code, result.json["error"]["code"]) == (3, "config")


def test_reads_a_pipe_as_a_file_and_does_not_wait_for_one_without_a_writer(
    agentctl: Program, schemas: Path
) -> None:
    write_app(agentctl.home, AFTER)
    text = (schemas / "minimal.sql").read_text("utf-8")
    assert agentctl(*CODE, "--schema-from", "/dev/stdin", stdin=text).exit_code == 0
    os.mkfifo(schemas / "full/migrations/9_waits.sql")
    result = agentctl(*CODE, "--schema-from", "db/full", timeout=20)
    assert result.exit_code == 0


def test_reports_sql_that_is_not_understood_and_judges_no_missing_tables(
    agentctl: Program, schemas: Path
) -> None:
    write_app(agentctl.home, selecting("id", "elsewhere") + 'supabase.from("agents").select("nope");\n')
    with (schemas / "minimal.sql").open("a") as file:
        file.write("CREATE TABLE oops oops;\n")
    line = (schemas / "minimal.sql").read_text("utf-8").count("\n")
    result = agentctl(*CODE, "--schema-from", "db/minimal.sql", "--json")
    assert found(result) == ["agents.nope"]
    assert result.stderr.startswith(f"db/minimal.sql:{line}: skipped: ")


def test_hostile_names_in_a_schema_stay_text(agentctl: Program) -> None:
    write_app(agentctl.home, selecting("nam", "agents"))
    evil = '"x\x1b]0;owned\x07\u202e\n::error::y"'
    (agentctl.home / "schema.sql").write_text(
        f"CREATE TABLE agents (name text, {evil} text);\nCREATE {evil};"
    )
    for format_ in ("table", "json", "github", "sarif", "junit"):
        result = agentctl(*CODE, "--schema-from", "schema.sql", "--format", format_)
        assert result.exit_code == 6
        text = (result.stdout + result.stderr).replace("\n", "")
        assert not [one for one in text if not one.isprintable()]
        assert "\n::error::y" not in result.stdout + result.stderr
