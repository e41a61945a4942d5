"""`agentctl schema-check` as an operator and a deploy run it: reports for people and programs, exit codes."""

import re
from typing import Any

import pytest

from support.database_proxy import DatabaseProxy
from support.marketplace import Marketplace
from support.program import Program

EVIL = "\x1b]0;owned\x07\x9b2J\u202e[red]x"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(autouse=True)
def marketplace(shop: Any) -> Marketplace:
    """Return the marketplace that the program is configured for."""
    found: Marketplace = shop.marketplace
    return found


def quoted(name: str) -> bytes:
    return ('"' + name.replace('"', '""') + '"').encode()


def test_require_full_fails_before_the_migration_and_passes_after_it(agentctl: Program) -> None:
    check = ("schema-check", "--require", "full")

    before = agentctl(*check)
    assert before.exit_code == 6
    assert "agent_executions.completed_at is missing" in before.stdout
    assert "agentctl migrate-full adds it." in before.stdout
    assert before.stderr.startswith("error: The schema has 7 problems: agent_executions.workflow_id, ")

    assert agentctl("migrate-full", "--yes").exit_code == 0
    after = agentctl(*check)
    assert (after.exit_code, after.stderr) == (0, "")
    assert after.stdout.endswith("No problems found.\n")


@pytest.mark.parametrize(
    ("required", "exit_code", "missing"),
    [
        ("minimal", 0, []),
        ("result", 0, []),
        ("result,inputs", 6, ["agent_executions.inputs"]),
        ("nonsense", 6, ["agent_executions.nonsense"]),
        ("status, error ,nonsense,error", 6, ["agent_executions.error", "agent_executions.nonsense"]),
    ],
)
def test_require_accepts_the_columns_that_a_deploy_writes(
    agentctl: Program, marketplace: Marketplace, required: str, exit_code: int, missing: list[str]
) -> None:
    marketplace.execute("ALTER TABLE agent_executions ADD result jsonb")

    result = agentctl("schema-check", "--require", required, "--json")

    assert result.exit_code == exit_code
    findings = result.json["data"]["findings"]
    assert [one["object"] for one in findings if one["severity"] == "error"] == missing
    assert {one["id"] for one in findings if one["severity"] == "error"} <= {"required-column-missing"}


def test_require_without_a_name_is_a_usage_error(agentctl: Program) -> None:
    assert agentctl("schema-check", "--require", ",").exit_code == 2


def test_json_report_has_the_keys_of_the_contract(agentctl: Program, marketplace: Marketplace) -> None:
    marketplace.execute("ALTER TABLE agent_executions ADD result text")

    whole = agentctl("schema-check", "--json").json

    assert (whole["ok"], whole["error"]["code"]) == (False, "findings")
    data = whole["data"]
    assert set(data) == {
        *("tracking", "server_version", "database", "tables", "columns", "missing", "indexes"),
        *("mapping", "functions", "findings"),
    }
    assert data["tracking"] == "partial"
    assert data["database"] == marketplace.name
    assert data["server_version"].split(".")[0] == marketplace.server.version
    assert data["tables"]["users"] == {"name": "profiles", "found": True}
    assert set(data["tables"]) == {"users", "agents", "executions", "ledger"}
    result = next(column for column in data["columns"] if column["name"] == "result")
    assert result == {
        "name": "result",
        "present": True,
        "type": "text",
        "expected_type": "jsonb",
        "compatible": False,
        "visible": True,
        "purpose": result["purpose"],
        "kept_instead": result["kept_instead"],
    }
    absent = next(column for column in data["columns"] if column["name"] == "started_at")
    assert (absent["present"], absent["type"], absent["compatible"]) == (False, None, None)
    assert absent["visible"] is None
    assert absent["kept_instead"] == "created_at is close to it"
    assert data["missing"] == [column["name"] for column in data["columns"] if column["name"] != "result"]
    assert data["indexes"][0] == {"name": "idx_agent_executions_user_id", "present": True, "valid": True}
    assert data["functions"][0]["name"] == "deduct_credits_atomic"
    assert set(data["functions"][0]) == {"name", "arguments", "returns", "usable"}
    assert [set(one) for one in data["findings"]] == [
        {"id", "severity", "object", "message", "hint", "file", "line"}
    ]


def test_json_and_format_json_print_the_same(agentctl: Program) -> None:
    assert (
        agentctl("schema-check", "--format", "json").json
        == agentctl("schema-check", "--format=json").json
        == agentctl("schema-check", "--json").json
    )


def test_the_table_says_where_missing_values_are_kept_instead(agentctl: Program) -> None:
    report = agentctl("schema-check").stdout

    assert "\x1b" not in report
    assert re.search(r"^Tracking: +minimal$", report, re.MULTILINE)
    assert re.search(r"^users +public.profiles +found ", report, re.MULTILINE)
    assert re.search(
        r"^credits_used +missing +what it cost, refunds netted +credit_transactions", report, re.MULTILINE
    )
    assert re.search(r"^deduct_credits_atomic\(p_user_id uuid, .*\) +jsonb +usable$", report, re.MULTILINE)


def test_quiet_prints_only_problems(agentctl: Program) -> None:
    assert agentctl("schema-check", "--quiet").stderr == ""
    wrong = agentctl("schema-check", "--require", "error", "--quiet")
    assert (wrong.exit_code, wrong.stdout) == (6, "")
    assert wrong.stderr.startswith("error: The schema has 1 problem: agent_executions.error.")


def test_a_missing_database_exits_3(agentctl: Program, marketplace: Marketplace) -> None:
    url = marketplace.server.url("no_such_database")
    result = agentctl("schema-check", "--json", env={"AGENTCTL_DATABASE_URL": url})
    assert result.exit_code == 3
    assert result.json["error"]["code"] == "connection"
    assert "no_such_database" in result.json["error"]["message"]
    assert marketplace.server.password not in result.stdout + result.stderr


def test_reports_an_empty_database_without_crashing(agentctl: Program, marketplace: Marketplace) -> None:
    marketplace.execute("DROP SCHEMA public CASCADE")
    result = agentctl("schema-check", "--json")
    assert result.exit_code == 6
    assert len(result.json["data"]["findings"]) == 5
    assert agentctl("schema-check").exit_code == 6


def test_the_report_is_readable_on_a_narrow_terminal(agentctl: Program) -> None:
    screen = agentctl.on_terminal("schema-check", "--require", "full", env={"COLUMNS": "40"})

    assert screen.exit_code == 6
    lines = _COLOURS.sub("", screen.text).replace("\r", "").splitlines()
    assert max(map(len, lines)) <= 40
    words = " ".join(line.strip() for line in lines)
    for word in ("completed_at", "durations are unknown", "profiles", "found"):
        assert word in words


def test_hostile_names_are_harmless_on_a_terminal_and_in_a_pipe(
    agentctl: Program, marketplace: Marketplace
) -> None:
    name = quoted(EVIL)
    marketplace.execute(b"CREATE SCHEMA " + name)
    marketplace.execute(b"CREATE DOMAIN " + name + b" AS text")
    marketplace.execute(b"ALTER TABLE agent_executions ADD result " + name + b", ADD " + name + b" int")
    marketplace.execute(b"CREATE INDEX idx_agent_executions_workflow_id ON agent_executions (" + name + b")")
    marketplace.execute("ALTER TABLE agent_executions ADD workflow_id text")
    marketplace.execute(
        b"CREATE FUNCTION deduct_credits_atomic(" + name + b" text) RETURNS int LANGUAGE sql AS 'SELECT 1'"
    )
    check = ("schema-check", "--require", f"{EVIL},{EVIL}?")

    screen = agentctl.on_terminal(*check)
    assert screen.exit_code == 6
    assert _COLOURS.sub("", screen.text).replace("\r\n", "").isprintable()
    assert "\\x1b]0;owned" in screen.text

    piped = agentctl(*check)
    assert (piped.stdout + piped.stderr).replace("\n", "").isprintable()
    assert piped.stdout.count("\\x1b]0;owned") >= 4

    whole = agentctl(*check, "--json")
    assert whole.stdout.isascii()
    errors = [one for one in whole.json["data"]["findings"] if one["severity"] == "error"]
    assert [one["id"] for one in errors] == ["column-type", "required-column-missing"]
    assert errors[1]["object"] == f"agent_executions.{EVIL}?"

    refused = agentctl.on_terminal("migrate-full", "--yes")
    assert refused.exit_code == 3
    assert _COLOURS.sub("", refused.text).replace("\r\n", "").isprintable()


def test_sends_one_statement_after_connecting(agentctl: Program, marketplace: Marketplace) -> None:
    with DatabaseProxy(marketplace.url) as proxy:
        done = agentctl("schema-check", env={"AGENTCTL_DATABASE_URL": proxy.url})

    assert done.exit_code == 0, done
    assert (proxy.connections, len(proxy.statements)) == (1, 1)
