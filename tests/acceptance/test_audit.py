"""`agentctl audit`, through the installed program: its output and its exit codes."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from support.executions import OPS, SEO_BLOG, plant
from support.program import Program, Result
from support.shop import Shop
from support.webhook_server import Reply

ALL_IS_WELL = "No problems found in 0 executions and 2 ledger rows, and the balances of 2 users."
CHECKS = {
    "balance-differs": "error",
    "balance-after-broken": "error",
    "negative-balance": "error",
    "not-an-amount": "error",
    "ledger-sign": "error",
    "charge-without-execution": "error",
    "charged-twice": "error",
    "refunded-twice": "error",
    "refund-exceeds-charge": "error",
    "refund-after-success": "error",
    "refund-while-open": "warning",
    "failed-not-refunded": "warning",
    "open-too-long": "warning",
    "payer-differs": "warning",
    "credits-used-differs": "warning",
    "execution-without-charge": "info",
    "charge-unassigned": "info",
}


def audit(shop: Shop, *arguments: str, exit_code: int = 0) -> Result:
    result = shop.program("audit", *arguments)
    assert result.exit_code == exit_code, result
    return result


def lose_a_credit(shop: Shop) -> None:
    shop.marketplace.execute("UPDATE profiles SET credits = credits - 1 WHERE id = %s", (OPS,))


def leave_one_open(shop: Shop) -> None:
    plant(shop.marketplace, status="running", charged=10, created_at=datetime.now(UTC) - timedelta(hours=1))


def test_agentctls_own_commands_leave_no_findings(full_shop: Shop) -> None:
    full_shop.run_json("seo-blog", "topic=Tea")
    full_shop.answer(Reply.json({"message": "Error in workflow"}, 500))
    full_shop.run_json("seo-blog", "topic=Tea", exit_code=1)
    full_shop.answer(Reply())
    full_shop.run_json("seo-blog", "topic=Tea", exit_code=5)
    assert full_shop.program("reconcile", "--stale-after", "0s", "--assume", "failed").exit_code == 0
    assert full_shop.program("credits", "grant", "ops@example.com", "5", "--reason", "x").exit_code == 0

    result = audit(full_shop, "--fail-on", "warning")

    assert result.stdout.splitlines()[-1] == (
        "No problems found in 3 executions and 8 ledger rows, and the balances of 2 users."
    )
    assert result.stderr == ""


def test_prints_a_line_for_each_check_and_why_a_check_cannot_run(shop: Shop) -> None:
    lines = audit(shop).stdout.splitlines()

    assert lines[0].split() == ["CHECK", "SEVERITY", "FOUND"]
    rows = [line.split(maxsplit=2) for line in lines[1 : 1 + len(CHECKS)]]
    assert {name: severity for name, severity, _ in rows} == CHECKS
    assert {name: found for name, _, found in rows if found != "0"} == {"credits-used-differs": "not run"}
    why = "agent_executions has no column credits_used that can be read"
    assert lines[-2:] == [f"Not run: credits-used-differs, because {why}.", ALL_IS_WELL]


def test_shows_a_finding_with_an_example_and_a_hint(shop: Shop) -> None:
    lose_a_credit(shop)

    result = audit(shop, "--check", "balance-differs", exit_code=6)

    help_text = (
        "Credits were moved without a ledger row, or a row was written without moving credits. Find "
        "out which with `agentctl credits --user USER`; then correct the balance, or write the adjustment."
    )
    assert result.stdout.splitlines() == [
        "CHECK            SEVERITY  FOUND",
        "balance-differs  error         1",
        "",
        "error [balance-differs] A user's balance is not the opening balance plus the sum of the ledger.",
        "",
        "USER ID                               BALANCE  OPENING  LEDGER  DIFFERENCE",
        f"{OPS}       99        0     100          -1",
        "",
        help_text,
        "Checked 0 executions and 2 ledger rows, and the balances of 2 users.",
    ]
    assert result.stderr.splitlines() == [
        "error: Audit failed: 1 error (balance-differs).",
        "hint: What each one means and how to fix it: agentctl explain ID",
    ]


def test_counts_findings_beyond_the_examples(shop: Shop) -> None:
    for _ in range(7):
        plant(shop.marketplace)
    assert "\nAnd 2 more. Compare the number " in audit(shop).stdout


@pytest.mark.parametrize("flag", ["--json", "--format=json"])
def test_json_has_every_check_with_its_count_and_examples(shop: Shop, flag: str) -> None:
    lose_a_credit(shop)

    whole = audit(shop, flag, exit_code=6).json

    assert (whole["command"], whole["ok"], whole["error"]["code"]) == ("audit", False, "findings")
    checks = {check["id"]: check for check in whole["data"]["checks"]}
    assert {name: check["severity"] for name, check in checks.items()} == CHECKS
    assert {name: check["count"] for name, check in checks.items() if check["count"] != 0} == {
        "balance-differs": 1,
        "credits-used-differs": None,
    }
    assert checks["balance-differs"]["examples"] == [
        {"user_id": str(OPS), "balance": 99, "opening": 0, "ledger": 100, "difference": -1}
    ]
    assert checks["credits-used-differs"]["not_run"].endswith("no column credits_used that can be read")
    assert whole["data"]["scanned"] == {"users": 2, "executions": 0, "ledger_rows": 2, "since": None}


def test_runs_only_the_named_checks(shop: Shop) -> None:
    lose_a_credit(shop)
    whole = audit(shop, "--check", "open-too-long", "--check", "charged-twice", "--json").json
    assert [check["id"] for check in whole["data"]["checks"]] == ["charged-twice", "open-too-long"]


def test_a_named_check_that_cannot_run_is_an_error(shop: Shop) -> None:
    result = audit(shop, "--check", "credits-used-differs", "--json", exit_code=3)
    assert result.json["error"]["code"] == "check_not_run"
    assert "no column credits_used" in result.json["error"]["message"]
    assert "No problems found" not in audit(shop, "--check", "credits-used-differs", exit_code=3).stdout
    lose_a_credit(shop)
    audit(shop, "--check", "credits-used-differs", "--check", "balance-differs", exit_code=6)


def test_refuses_an_unknown_check_and_lists_the_known_ones(agentctl: Program) -> None:
    result = agentctl(
        "audit", "--check", "balance-difers", env={"AGENTCTL_DATABASE_URL": "postgresql://x@h/x"}
    )
    assert result.exit_code == 2
    assert "There is no check 'balance-difers'." in result.stderr
    assert all(name in result.stderr for name in CHECKS)


def test_warnings_fail_only_with_fail_on_warning(shop: Shop) -> None:
    leave_one_open(shop)
    assert "warning [open-too-long]" in audit(shop).stdout
    assert "1 warning (open-too-long)" in audit(shop, "--fail-on", "warning", exit_code=6).stderr
    assert audit(shop, "--fail-on", "warning", "--stale-after", "2h").exit_code == 0


def test_information_never_fails(shop: Shop) -> None:
    plant(shop.marketplace)
    assert "info [execution-without-charge]" in audit(shop, "--fail-on", "warning").stdout


def test_quiet_prints_only_problems(shop: Shop) -> None:
    result = audit(shop, "--quiet")
    assert (result.stdout, result.stderr) == ("", "")
    lose_a_credit(shop)
    result = audit(shop, "--quiet", exit_code=6)
    assert (result.stdout, result.stderr.count("1 error (balance-differs)")) == ("", 1)


def test_the_error_counts_the_findings_of_each_severity(shop: Shop) -> None:
    leave_one_open(shop)
    for _ in range(2):
        shop.marketplace.execute("SELECT deduct_credits_atomic(%s, 10, %s, %s)", (OPS, SEO_BLOG, uuid4()))
    lose_a_credit(shop)

    error = audit(shop, "--fail-on", "warning", exit_code=6).stderr.splitlines()[0]

    errors = "3 errors (balance-differs: 1, charge-without-execution: 2)"
    assert error == f"error: Audit failed: {errors}, 1 warning (open-too-long)."


def test_since_is_shown_and_skips_older_rows(shop: Shop) -> None:
    shop.marketplace.execute("SELECT deduct_credits_atomic(%s, 10, %s, %s)", (OPS, SEO_BLOG, uuid4()))
    shop.marketplace.execute("UPDATE credit_transactions SET created_at = '2026-10-01T00:00:00Z'")

    assert "1 error (charge-without-execution)" in audit(shop, "--full", exit_code=6).stderr
    assert audit(shop, "--since", "2026-10-31").stdout.splitlines()[-1] == (
        "No problems found in 0 executions and 0 ledger rows since 2026-10-31T00:00:00Z, "
        "and the balances of 2 users."
    )
    scanned = audit(shop, "--since", "2026-10-31", "--json").json["data"]["scanned"]
    assert scanned["since"] == "2026-10-31T00:00:00Z"


@pytest.mark.parametrize(
    "arguments", [("--since", "24h", "--full"), ("--since", "soon"), ("--stale-after", "-1m")], ids=" ".join
)
def test_refuses_meaningless_options(shop: Shop, arguments: tuple[str, ...]) -> None:
    assert audit(shop, *arguments, "--json", exit_code=2).json["error"]["code"] == "usage"


def test_does_not_look_for_refunds_where_failures_keep_their_charge(shop_with: Callable[..., Shop]) -> None:
    shop = shop_with(more='[profiles.test.billing]\non_failure = "keep"')
    plant(shop.marketplace, status="failed", charged=10)
    said = audit(shop, "--fail-on", "warning").stdout
    assert 'Not run: failed-not-refunded, because on_failure is "keep", so ' in said


def test_refuses_to_audit_hidden_rows(shop: Shop) -> None:
    url = shop.marketplace.add_role("auditor")
    shop.marketplace.execute(
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {shop.marketplace.name}_auditor".encode()
    )

    result = shop.program("audit", "--json", env={"AGENTCTL_DATABASE_URL": url})

    assert (result.exit_code, result.json["error"]["code"]) == (3, "row_level_security")
    assert result.json["data"] is None


def test_a_terminal_shows_the_running_check_and_erases_it(shop: Shop) -> None:
    screen = shop.program.on_terminal("audit")
    assert screen.exit_code == 0
    assert "Checking: balance-differs" in screen.text
    assert ALL_IS_WELL in " ".join(re.sub(r"\x1b\[[0-9;]*m", "", screen.text).split())
    assert "Checking" not in audit(shop).stderr
