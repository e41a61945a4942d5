"""The cache of `schema-check --code` changes how long it takes, and never what it reports."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentctl.resources import sql_bytes
from support.code_project import selecting, write, write_app
from support.program import Program

CHECK = ("schema-check", "--code", "app", "--schema-from", "schema.sql", "--json")
Spoil = Callable[[Path], object]


@pytest.fixture(autouse=True)
def app(agentctl: Program) -> Path:
    """Write an application that uses a missing column, and the schema file."""
    write(agentctl.home, {"schema.sql": sql_bytes("minimal")})
    return write_app(agentctl.home, selecting("id, nope"))


def found(agentctl: Program) -> list[tuple[str, int, str]]:
    result = agentctl(*CHECK)
    assert result.exit_code in {0, 6}, result
    assert result.stderr == ""
    every: list[dict[str, Any]] = result.json["data"]["findings"]
    return [(one["file"], one["line"], one["object"]) for one in every if one["id"].startswith("code-")]


def kept(agentctl: Program) -> Path:
    (file,) = (agentctl.home / ".cache/agentctl/code").iterdir()
    return file


NOPE = [("app/executions.ts", 2, "agents.nope")]


def test_a_second_run_reports_the_same_and_writes_nothing(agentctl: Program) -> None:
    assert found(agentctl) == NOPE
    before = kept(agentctl).stat()
    assert found(agentctl) == NOPE
    after = kept(agentctl).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_reads_an_edited_file_again(agentctl: Program, app: Path) -> None:
    assert found(agentctl) == NOPE
    before = (app / "executions.ts").stat()
    write_app(agentctl.home, "\n" + selecting("id, gone").strip("\n"))
    after = (app / "executions.ts").stat()
    assert after.st_size == before.st_size  # nothing but the content tells
    assert found(agentctl) == [("app/executions.ts", 3, "agents.gone")]


def test_reports_a_moved_file_under_its_new_name(agentctl: Program, app: Path) -> None:
    (app / "query.sql").write_text("SELECT nope FROM agents;")
    (app / "query.py").write_text("import psycopg\ncur.execute('SELECT nope FROM agents')\n")
    found(agentctl)
    (app / "db").mkdir()
    for name in ("query.sql", "query.py", "executions.ts", "client.ts"):
        (app / name).rename(app / "db" / name)
    assert sorted(found(agentctl)) == [
        ("app/db/executions.ts", 2, "agents.nope"),
        ("app/db/query.py", 2, "agents.nope"),
        ("app/db/query.sql", 1, "agents.nope"),
    ]


def test_forgets_a_deleted_file(agentctl: Program, app: Path) -> None:
    assert found(agentctl) == NOPE
    (app / "executions.ts").unlink()
    assert found(agentctl) == []


def test_links_changed_exports_of_another_file_again(agentctl: Program, app: Path) -> None:
    use = 'import { supabase } from "./client";\nimport { COLUMNS } from "./constants";\n'
    use += 'await supabase.from("agents").select(COLUMNS);\n'
    write(app, {"executions.ts": use, "constants.ts": 'export const COLUMNS = "id, name";\n'})
    assert found(agentctl) == []
    write(app, {"constants.ts": 'export const COLUMNS = "id, nome";\n'})
    assert found(agentctl) == [("app/constants.ts", 1, "agents.nome")]
    write(app, {"constants.ts": 'export const COLUMNS = "id, name";\n'})
    assert found(agentctl) == []


def test_resolves_changed_paths_of_a_tsconfig_again(agentctl: Program, app: Path) -> None:
    use = 'import { supabase } from "./client";\nimport { COLUMNS } from "@/constants";\n'
    use += 'await supabase.from("agents").select(COLUMNS);\n'
    write(
        app,
        {
            "executions.ts": use,
            "good/constants.ts": 'export const COLUMNS = "id";\n',
            "bad/constants.ts": 'export const COLUMNS = "nope";\n',
        },
    )
    assert found(agentctl) == []
    for folder, expected in (("good", []), ("bad", [("app/bad/constants.ts", 1, "agents.nope")])):
        paths = {"@/*": [f"./{folder}/*"]}
        (app / "tsconfig.json").write_text(json.dumps({"compilerOptions": {"paths": paths}}))
        for _ in range(2):
            assert found(agentctl) == expected
    (app / "tsconfig.json").unlink()
    assert found(agentctl) == []


def test_never_caches_the_schema(agentctl: Program) -> None:
    assert found(agentctl) == NOPE
    with (agentctl.home / "schema.sql").open("a") as file:
        file.write("ALTER TABLE agents ADD nope text;\n")
    assert found(agentctl) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(file.read_bytes()[:-5]),
        lambda file: file.write_bytes(b"garbage" * 1000),
        lambda file: file.write_bytes(file.read_bytes()[:30] + b"\0" + file.read_bytes()[31:]),
        lambda file: (file.unlink(), file.mkdir(), (file / "x").touch()),
        lambda file: (file.unlink(), file.symlink_to("/dev/zero")),
    ],
    ids=["empty", "cut", "garbage", "one byte", "a folder", "no end"],
)
def test_a_corrupt_cache_counts_as_empty(agentctl: Program, spoil: Spoil) -> None:
    assert found(agentctl) == NOPE
    spoil(kept(agentctl))
    assert found(agentctl) == NOPE
    assert found(agentctl) == NOPE


@pytest.mark.parametrize("place", ["schema.sql/cache", "/proc/nowhere", "/dev/null", "relative"])
def test_an_unwritable_cache_does_not_change_the_report(agentctl: Program, place: str) -> None:
    where = str(agentctl.home / place) if place.startswith("schema") else place
    for _ in range(2):
        result = agentctl(*CHECK, env={"XDG_CACHE_HOME": where})
        assert (result.exit_code, result.stderr) == (6, "")
        assert "agents.nope" in result.stdout


def test_two_concurrent_runs_do_not_disturb_each_other(agentctl: Program) -> None:
    crowd = [agentctl.start(*CHECK) for _ in range(4)]
    for process in crowd:
        stdout, stderr = process.communicate(timeout=60)
        assert (process.returncode, stderr) == (6, "")
        assert "agents.nope" in stdout
    assert found(agentctl) == NOPE
