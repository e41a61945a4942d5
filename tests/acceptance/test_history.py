"""`agentctl history`, through the installed program: what it shows, exports, counts and follows."""

import csv
import io
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from support.executions import OPS, PLAIN, POOR, SEO_BLOG, plant
from support.program import Result

T0 = datetime(2026, 11, 1, 12, tzinfo=UTC)
ESCAPE = "\x1b"
WHOLE: dict[str, Any] = {
    "workflow_id": "https://n8n.example.com/webhook/seo",
    "inputs": json.dumps({"topic": "Tea"}),
    "result": json.dumps({"markdown": "# Tea"}),
    "error": "Error in workflow",
    "credits_used": 0,
    "started_at": T0,
    "completed_at": T0 + timedelta(seconds=75),
}


def history(shop: Any, *arguments: str, exit_code: int = 0) -> Result:
    result: Result = shop.program("history", *arguments)
    assert result.exit_code == exit_code, result
    return result


def listed(shop: Any, *arguments: str) -> list[dict[str, Any]]:
    executions: list[dict[str, Any]] = history(shop, *arguments, "--json").json["data"]["executions"]
    return executions


def ids(executions: list[dict[str, Any]]) -> list[UUID]:
    return [UUID(one["id"]) for one in executions]


def plant_many(shop: Any, count: int) -> None:
    """Write executions: every fifth has no time, and twenty-five share each second."""
    shop.marketplace.execute(
        "INSERT INTO agent_executions (user_id, agent_id, status, created_at) SELECT %s, %s, 'success', "
        "CASE WHEN n %% 5 = 0 THEN NULL ELSE %s::timestamptz + n / 25 * interval '1 s' END "
        "FROM generate_series(1, %s) AS n",
        (OPS, SEO_BLOG, T0, count),
    )


def test_lists_one_line_per_execution_newest_first(shop: Any) -> None:
    old = plant(shop.marketplace, status="failed", charged=10, created_at=T0)
    new = plant(shop.marketplace, user=POOR, agent=PLAIN, created_at=T0 + timedelta(hours=1))

    result = history(shop)

    assert [line.split() for line in result.stdout.splitlines()] == [
        ["EXECUTION", "AGENT", "USER", "STATUS", "CREATED", "DURATION", "CREDITS"],
        [str(new), "plain", "poor@example.com", "success", "2026-11-01T13:00:00Z", "-", "0"],
        [str(old), "seo-blog", "ops@example.com", "failed", "2026-11-01T12:00:00Z", "-", "10"],
    ]
    assert result.stderr == "Durations are unknown: this table has no started_at and completed_at.\n"


def test_an_empty_list_says_so_and_is_no_error(shop: Any) -> None:
    result = history(shop)

    assert (result.stdout, result.stderr) == ("", "No executions.\n")
    assert history(shop, "--json").json["data"] == {"executions": [], "next_cursor": None}


def test_quiet_prints_nothing_in_any_format(shop: Any) -> None:
    plant(shop.marketplace)
    for form in ("table", "json", "jsonl", "csv"):
        for more in ([], ["--all"]):
            result = history(shop, "--quiet", "--format", form, *more)
            assert (result.stdout, result.stderr) == ("", "")


def test_shows_one_execution_completely_by_the_prefix_of_its_id(full_shop: Any) -> None:
    key = UUID("abcdef01-0000-4000-8000-000000000001")
    plant(full_shop.marketplace, key=key, status="failed", charged=10, created_at=T0, **WHOLE)
    plant(full_shop.marketplace, key=UUID(int=1))

    for prefix in ("abcdef01", "ABCDEF", str(key)):
        shown = history(full_shop, prefix).stdout
        assert f"Execution: {key}" in shown
    for text in ("SEO Blog", "ops@example.com", "failed", "1 min 15 s", "10 charged", WHOLE["workflow_id"]):
        assert text in shown
    for text in ("Error in workflow", '"topic": "Tea"', '"markdown": "# Tea"', "usage", "-10"):
        assert text in shown
    assert "Not kept" not in shown

    data = history(full_shop, "abcdef01", "--json").json["data"]
    one = data["execution"]
    assert (one["inputs"], one["result"]) == ({"topic": "Tea"}, {"markdown": "# Tea"})
    assert (one["status"], one["outcome"], one["duration_ms"]) == ("failed", "failed", 75_000)
    assert one["credits"] == {"charged": 10, "refunded": 0}
    assert [(row["type"], row["amount"]) for row in data["ledger"]] == [("usage", -10)]
    assert data["missing_columns"] == []


@pytest.mark.parametrize("missing", ["result", "completed_at"])
def test_one_execution_names_missing_columns_and_where_to_look_instead(
    shop_with: Callable[..., Any], missing: str
) -> None:
    shop = shop_with(*(name for name in WHOLE if name != missing))
    key = str(plant(shop.marketplace))

    assert history(shop, key, "--json").json["data"]["missing_columns"] == [missing]
    shown = history(shop, key).stdout
    assert "agentctl migrate-full" in shown
    (line,) = [line for line in shown.splitlines() if line.startswith(missing)]
    assert len(line.split()) > 6  # what it would hold, what is kept instead


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_one_execution_is_exported_like_many(full_shop: Any, form: str) -> None:
    key = str(plant(full_shop.marketplace, created_at=T0, **WHOLE))

    assert history(full_shop, key, "--format", form).stdout == history(full_shop, "--format", form).stdout


def test_filters_restrict_each_and_together(shop: Any) -> None:
    now = datetime.now(UTC)
    one = plant(shop.marketplace, status="failed", created_at=now - timedelta(days=9))
    two = plant(shop.marketplace, status="success", user=POOR, created_at=now - timedelta(days=2))
    three = plant(shop.marketplace, status="failed", agent=PLAIN, created_at=now - timedelta(hours=30))
    four = plant(shop.marketplace, status="running", agent=PLAIN, user=POOR, created_at=now)

    def found(*arguments: str) -> list[UUID]:
        rows = ids(listed(shop, *arguments))
        assert rows == ids(listed(shop, *arguments, "--all"))
        return rows

    assert found() == [four, three, two, one]
    for agent in ("plain", "Plain", str(PLAIN)):
        assert found("--agent", agent) == [four, three]
    for user in ("poor@example.com", "POOR@example.com", str(POOR)):
        assert found("--user", user) == [four, two]
    assert found("-u", "poor@example.com", "--agent", "plain") == [four]
    assert found("--status", "failed") == [three, one]
    assert found("--status", "failed", "--status", "running") == [four, three, one]
    assert found("--status", "cancelled") == []
    assert found("--since", "24h") == [four]
    assert found("--since", "7d") == [four, three, two]
    day = (now - timedelta(days=5)).date().isoformat()
    assert found("--since", day) == [four, three, two]
    assert found("--until", day) == [one]
    hour = (now - timedelta(hours=36)).isoformat()
    assert found("--since", hour) == [four, three]
    assert found("--since", "7d", "--until", hour.replace("+00:00", "Z")) == [two]
    assert history(shop, "--stats", "--agent", "plain", "--json").json["data"]["executions"] == 2


def test_pages_show_every_row_once_and_the_next_cursor(shop: Any) -> None:
    plant_many(shop, 20)
    seen: list[UUID] = []
    cursor: list[str] = []
    while True:
        data = history(shop, "--limit", "3", "--json", *cursor).json["data"]
        seen += ids(data["executions"])
        if data["next_cursor"] is None:
            break
        cursor = ["--cursor", data["next_cursor"]]

    assert len(seen) == len(set(seen)) == 20
    assert seen == ids(listed(shop, "--all"))
    first = history(shop, "--limit", "12")
    assert first.stderr.splitlines()[-1].startswith("More: the same command with --cursor ")
    rest = first.stderr.split()[-1]
    assert history(shop, "--cursor", rest, "--format", "jsonl").stdout.count("\n") == 8
    assert "More:" not in history(shop, "--limit", "20").stderr


def test_exports_five_thousand_rows_completely_in_every_format(shop: Any) -> None:
    plant_many(shop, 5000)
    expected = {str(key) for (key,) in shop.marketplace.execute("SELECT id FROM agent_executions")}

    lines = history(shop, "--all", "--format", "jsonl").stdout.splitlines()
    assert {json.loads(line)["id"] for line in lines} == expected
    rows = list(csv.DictReader(io.StringIO(history(shop, "--all", "--format", "csv").stdout)))
    assert {row["id"] for row in rows} == expected
    table = history(shop, "--all").stdout.splitlines()
    assert expected <= {line.split()[0] for line in table if line}
    assert len(lines) == len(rows) == len(listed(shop, "--all")) == 5000


def test_csv_has_all_columns_and_no_formula(full_shop: Any) -> None:
    evil = {"error": '=HYPERLINK("http://x","y")', "workflow_id": "@SUM(A1)", "result": json.dumps("+1")}
    numbers = {"inputs": json.dumps(-1.5), "credits_used": -3}
    plant(full_shop.marketplace, status="failed", charged=10, created_at=T0, **{**WHOLE, **evil, **numbers})

    (row,) = csv.DictReader(io.StringIO(history(full_shop, "--format", "csv").stdout))

    assert row["error"] == '\'=HYPERLINK("http://x","y")'
    assert (row["workflow_id"], row["result"]) == ("'@SUM(A1)", "'+1")
    assert (row["inputs"], row["credits_used"], row["charged"], row["refunded"]) == ("-1.5", "-3", "10", "0")
    assert (row["agent"], row["agent_id"], row["user"]) == ("seo-blog", str(SEO_BLOG), "ops@example.com")
    assert (row["status"], row["created_at"]) == ("failed", "2026-11-01T12:00:00Z")
    assert (row["started_at"], row["duration_ms"]) == ("2026-11-01T12:00:00Z", "75000")


def test_csv_writes_json_as_json_and_leaves_unknown_cells_empty(full_shop: Any) -> None:
    content: dict[str, Any] = {"inputs": json.dumps({"a": [1, None]}), "result": json.dumps(True)}
    plant(full_shop.marketplace, created_at=None, **content)

    (row,) = csv.DictReader(io.StringIO(history(full_shop, "--format", "csv").stdout))

    assert (json.loads(row["inputs"]), row["result"]) == ({"a": [1, None]}, "true")
    assert (row["created_at"], row["error"], row["started_at"], row["duration_ms"]) == ("", "", "", "")


def test_jsonl_has_the_same_objects_as_json_one_per_line(full_shop: Any) -> None:
    for hour in range(3):
        plant(full_shop.marketplace, created_at=T0 + timedelta(hours=hour), **WHOLE)

    lines = history(full_shop, "--format", "jsonl").stdout.splitlines()

    assert [json.loads(line) for line in lines] == listed(full_shop)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ((), "Durations are unknown: this table has no started_at and completed_at."),
        (("started_at",), "Durations are unknown: this table has no completed_at."),
        (tuple(WHOLE), "Duration p50: 50.5 s"),
    ],
    ids=["minimal", "partial", "full"],
)
def test_stats_say_what_missing_columns_hide(
    shop_with: Callable[..., Any], columns: tuple[str, ...], said: str
) -> None:
    shop = shop_with(*columns)
    for second in range(1, 101):
        times = {"started_at": T0, "completed_at": T0 + timedelta(seconds=second)}
        present: dict[str, Any] = {name: value for name, value in times.items() if name in columns}
        status = "failed" if second <= 25 else "success"
        late = T0.replace(hour=23) + timedelta(days=second % 2)  # the next day east of here
        plant(shop.marketplace, status=status, created_at=late, **present)
    plant(shop.marketplace, status="running", created_at=T0.replace(hour=0))

    shown = history(shop, "--stats").stdout
    data = history(shop, "--stats", "--json").json["data"]

    assert [" ".join(line.split()) for line in shown.splitlines()].count(said) == 1, shown
    assert "Success rate: 75.0%" in shown
    assert "2026-11-02" in shown
    assert data["by_status"] == {"failed": 25, "running": 1, "success": 75}
    assert (data["executions"], data["success_rate"]) == (101, 0.75)
    known = {"p50": 50_500, "p95": 95_050} if columns == tuple(WHOLE) else {"p50": None, "p95": None}
    assert data["duration_ms"] == known
    assert data["by_day"] == [
        {"day": "2026-11-01", "executions": 51, "failed": 12},
        {"day": "2026-11-02", "executions": 50, "failed": 13},
    ]


@pytest.mark.parametrize("form", ["table", "jsonl", "csv"])
def test_follow_prints_new_and_changed_executions_until_interrupted(full_shop: Any, form: str) -> None:
    there = plant(full_shop.marketplace)
    follower = full_shop.program.start("history", "--follow", "--format", form)
    watchdog = threading.Timer(30, follower.kill)  # a line that never comes ends the test
    watchdog.start()

    def next_line() -> str:
        line: str = follower.stdout.readline()
        assert line, follower.stderr.read()
        return line

    if form == "csv":
        next_line()  # the header
    assert str(there) in next_line()
    appeared = plant(full_shop.marketplace, status="running")
    line = next_line()
    assert str(appeared) in line
    assert "running" in line
    full_shop.marketplace.execute("UPDATE agent_executions SET status = 'failed' WHERE id = %s", (appeared,))
    line = next_line()
    assert str(appeared) in line
    assert "failed" in line
    follower.send_signal(signal.SIGINT)
    rest, errors = follower.communicate(timeout=30)
    watchdog.cancel()
    assert (follower.returncode, rest) == (130, "")
    assert "Traceback" not in errors


def test_follow_ends_silently_when_its_pipe_is_closed(shop: Any) -> None:
    plant(shop.marketplace)
    follower = shop.program.start("history", "--follow")
    assert follower.stdout.readline()
    follower.stdout.close()
    plant(shop.marketplace)

    assert follower.wait(timeout=30) == 0
    assert follower.stderr.read() == ""


def test_a_pipe_and_no_color_get_no_escape_byte(full_shop: Any) -> None:
    key = str(plant(full_shop.marketplace, status="failed", charged=10, created_at=T0, **WHOLE))

    for arguments in ([], [key], ["--stats"], ["--all"], ["nobody"], ["--since", "soon"]):
        piped = full_shop.program("history", *arguments)
        assert ESCAPE not in piped.stdout + piped.stderr
        plain = full_shop.program.on_terminal("history", *arguments, env={"NO_COLOR": "1"})
        assert ESCAPE not in plain.text
        assert plain.exit_code == piped.exit_code
        if not piped.exit_code:
            assert piped.stdout in plain.text.replace("\r\n", "\n")
        assert ESCAPE in full_shop.program.on_terminal("history", *arguments).text


@pytest.mark.parametrize("more", ["", "--all", "--limit 5000", "--all --format csv", "--all --json"])
def test_head_reads_one_line_and_causes_no_error(shop: Any, more: str) -> None:
    plant_many(shop, 5000)
    environment = {
        "HOME": str(shop.program.home),
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "LANG": "C.UTF-8",
    }

    done = subprocess.run(
        ["bash", "-c", f"agentctl history {more} | head -1 | wc -l; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        check=False,
        cwd=shop.program.home,
        env=environment,
        timeout=60,
    )

    assert (done.returncode, done.stdout.strip()) == (0, "1")
    aside = [line for line in done.stderr.splitlines() if not line.startswith(("Durations are", "More: "))]
    assert aside == []


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code", "hint"),
    [
        (["--agent", "seo-blag"], 4, "agent_not_found", "Did you mean seo-blog?"),
        (["--user", "nobody@example.com"], 4, "user_not_found", "e-mail address or an id"),
        (["ffffffff"], 4, "execution_not_found", "agentctl history"),
        (["not an id"], 4, "execution_not_found", "agentctl history"),
        (["--cursor", "nonsense"], 2, "usage", "next_cursor"),
        (["--since", "yesterday"], 2, "usage", "2026-11-01"),
        (["--until", "2026-13-01"], 2, "usage", "24h"),
        (["--limit", "0"], 2, "usage", "--help"),
        (["--format", "xml"], 2, "usage", "--help"),
        (["--follow", "--all"], 2, "usage", "--help"),
        (["--follow"], 2, "usage", "--format jsonl"),
        (["ffffffff", "--stats"], 2, "usage", "--help"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_reports_unknown_or_invalid_arguments_with_a_hint(
    shop: Any, arguments: list[str], exit_code: int, code: str, hint: str
) -> None:
    plant(shop.marketplace)

    whole = history(shop, *arguments, "--json", exit_code=exit_code).json

    assert whole["error"]["code"] == code
    assert hint in whole["error"]["hint"]
    assert whole["data"] is None
    if arguments != ["--follow"]:  # which is a fault with --json alone
        told = history(shop, *arguments, exit_code=exit_code)
        assert told.stdout == ""
        assert f"hint: {whole['error']['hint']}" in told.stderr


def test_lists_executions_that_share_a_prefix(shop: Any) -> None:
    for number in range(7):
        plant(shop.marketplace, key=UUID(f"aaaaaaaa-0000-4000-8000-00000000000{number}"))

    error = history(shop, "aaaa", "--json", exit_code=4).json["error"]

    assert error["code"] == "execution_ambiguous"
    assert error["message"].count("aaaaaaaa-0000-4000") == 5
    assert "Use more of the id" in error["hint"]
