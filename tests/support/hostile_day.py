"""An operator's day on a marketplace of hostile names; each step checks its own result."""

import csv
import io
import tomllib
from decimal import Decimal
from typing import Any

from support.hostile_names import HostileMarketplace
from support.webhook_server import Reply


def spend_a_day(market: HostileMarketplace) -> None:
    """Go through every command, from a balance of 100."""
    checks_the_schema(market)
    takes_what_is_suggested(market)
    looks_at_the_agents(market)
    bought, failed = runs_agents(market)
    looks_back(market, bought, failed)
    looks_at_credits(market)
    settles_what_was_left_open(market)
    finds_nothing_wrong(market)
    migrates_and_undoes(market)
    finds_nothing_wrong(market)


def checks_the_schema(market: HostileMarketplace) -> None:
    market("schema-check")
    market("schema-check", "--verbose")
    for form in ("json", "github", "sarif", "junit"):
        market("schema-check", "--format", form)
    market("schema-check", "--write-baseline", "baseline.json")
    market("schema-check", "--baseline", "baseline.json")


def takes_what_is_suggested(market: HostileMarketplace) -> None:
    """Replace the configuration by the one that agentctl suggests."""
    suggested = market("schema-check", "--suggest").stdout
    ((_, profile),) = tomllib.loads(suggested)["profiles"].items()
    told = market.settings
    for role in ("users", "agents", "executions", "ledger"):
        assert {key: profile["schema"][role][key] for key in told[role]} == told[role], role
    assert profile["schema"]["deduct"] == told["deduct"]
    market.configure(profile["schema"])
    market("schema-check")


def looks_at_the_agents(market: HostileMarketplace) -> None:
    agents = {agent["slug"]: agent for agent in market.data("agents")["agents"]}
    assert set(agents) == {market.names["s_good"], market.names["s_bad"]}
    market("agents")
    market("agents", "--", market.names["s_good"])
    market("agents", "check")


def runs_agents(market: HostileMarketplace) -> tuple[str, str]:
    good, bad = market.names["s_good"], market.names["s_bad"]
    market("run", "--dry-run", "--user", market.user, "--", good, "topic=Tea")
    bought = market.data("run", "--user", market.user, "--", good, "topic=Tea")
    assert bought["result"] == {"title": "Tea"}
    assert _parse_numbers(bought["credits"]) == {"charged": 10, "refunded": 0, "balance_after": 90}
    failed = market.data("run", "--user", market.user, "--", bad, exit_code=1)
    assert _parse_numbers(failed["credits"]) == {"charged": 5, "refunded": 5, "balance_after": 90}
    market("run", "--user", market.user, "--", f"no {good}", exit_code=4)
    keyed = ("run", "--user", market.user, "--idempotency-key", f"% {good} $1", "--", good, "topic=Tea")
    first, again = market.data(*keyed), market.data(*keyed)
    assert again["execution"]["id"] == first["execution"]["id"]
    assert again["execution"]["replayed"] is True
    said = market.select("SELECT {b_text} FROM {schema}.{bookings} WHERE {b_sort} = {k_use}")
    assert {text for (text,) in said} == {"$1 %s {0}"}
    return bought["execution"]["id"], failed["execution"]["id"]


def looks_back(market: HostileMarketplace, bought: str, failed: str) -> None:
    listed = market.data("history", "--limit", "3")["executions"]
    assert [one["status"] for one in listed] == ["success", "failed", "success"]
    assert [one["id"] for one in listed][1:] == [failed, bought]
    assert listed[0]["user"]["email"] == market.user
    market("history")
    market("history", "--user", market.user, "--agent", market.names["s_good"], "--status", "success")
    market("history", bought)
    market("history", bought[:13])
    market("history", "--stats")
    rows = list(csv.DictReader(io.StringIO(market("history", "--all", "--format", "csv").stdout)))
    assert [row["id"] for row in rows][1:] == [failed, bought]
    market("history", "--all", "--format", "jsonl")


def looks_at_credits(market: HostileMarketplace) -> None:
    assert Decimal(str(market.data("credits", "--user", market.user)["balance"])) == 80
    market("credits")
    market("credits", "--user", market.user)
    granted = market.data(
        "credits", "grant", market.user, "7", "--reason", f"% {market.user}", "--idempotency-key", "%s $1"
    )
    assert Decimal(str(granted["balance_after"])) == 87


def settles_what_was_left_open(market: HostileMarketplace) -> None:
    market.webhook.script("/good", Reply(delay=30))
    order = ("run", "--user", market.user, "--timeout", "1s", "--", market.names["s_good"], "topic=Tea")
    left_open = market.data(*order, exit_code=5)["execution"]["id"]
    market("reconcile", "--dry-run", "--stale-after", "0s", exit_code=6)
    settle = ("reconcile", left_open, "--stale-after", "0s", "--assume", "failed")
    (settled,) = market.data(*settle)["executions"]
    assert settled["outcome"] == "failed", settled
    market("credits", "refund", left_open, "--reason", "%", exit_code=4)
    market.webhook.script("/good", Reply.json({"title": "Tea"}))
    ((balance, ledger),) = market.select(
        "SELECT {purse}, (SELECT sum({b_sum}) FROM {schema}.{bookings}) FROM {schema}.{clients}"
    )
    assert balance == ledger == 87


def finds_nothing_wrong(market: HostileMarketplace) -> None:
    market("audit")
    market("audit", "--json")


def migrates_and_undoes(market: HostileMarketplace) -> None:
    before = _list_columns(market)
    market("migrate-full", "--dry-run", "-o", "plan.sql")
    market("migrate-full", "--yes", "--backfill")
    market("schema-check", "--require", "full")
    assert len(_list_columns(market)) == len(before) + 7
    market.data("run", "--user", market.user, "--", market.names["s_good"], "topic=Tea")
    listed = market.data("history", "--limit", "1")["executions"]
    assert listed[0]["inputs"] == {"topic": "Tea"}
    market("history", "--stats")
    market("migrate-full", "--undo", "--dry-run", "-o", "undo.sql")
    copy = market.program.home / "copy.csv"
    market("migrate-full", "--undo", "--discard-data", "--yes", "-o", str(copy))
    assert _list_columns(market) == before
    rows = list(csv.DictReader(io.StringIO(copy.read_bytes().decode(), newline="")))
    assert any(row["inputs"] == '{"topic": "Tea"}' for row in rows)
    assert market.names["errand_no"] in rows[0]


def _list_columns(market: HostileMarketplace) -> list[Any]:
    return market.database.execute(
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a "
        "JOIN pg_class c ON c.oid = a.attrelid WHERE c.relname = %s AND a.attnum > 0 "
        "AND NOT a.attisdropped ORDER BY 1",
        (market.names["errands"],),
    )


def _parse_numbers(moved: dict[str, Any]) -> dict[str, Decimal]:
    return {name: Decimal(str(moved[name])) for name in ("charged", "refunded", "balance_after")}
