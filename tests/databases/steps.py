"""An operator's work on an example's database, step by step; each step checks its own result.

It knows the prices, because every example has the same two agents, but no name of any table.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from databases.example import OPERATOR
from databases.operating import Operator
from support.webhook_server import Reply

_RUN = ("run", "--user", OPERATOR)
SEO_BLOG = (*_RUN, "seo-blog", "topic=Tea")
ALWAYS_FAILS = (*_RUN, "always-fails")


def do_everything(operator: Operator) -> None:
    """Take every step, from a balance of 100."""
    assert operator.balance() == 100, "the example does not begin with 100 credits"
    checks_the_schema(operator)
    looks_at_the_agents(operator)
    bought = runs_an_agent(operator)
    failed = runs_an_agent_that_fails(operator)
    looks_back(operator, [failed, bought])
    looks_at_credits(operator)
    refuses_who_cannot_pay(operator)
    grants_credits(operator)
    settles_what_was_left_open(operator)
    settles_what_a_crash_left(operator)
    repeats_a_run_with_its_key(operator)
    operator("audit")
    widens_the_table(operator)
    operator("audit")


def checks_the_schema(operator: Operator) -> None:
    operator("schema-check")


def looks_at_the_agents(operator: Operator) -> None:
    agents = {agent["name"]: agent for agent in operator.data("agents")["agents"]}
    assert {"SEO Blog", "Always Fails"} <= set(agents), f"agents lists {sorted(agents)}"
    blog = agents["SEO Blog"]
    assert [int(_number(blog["price"])), blog["active"]] == [10, True], blog
    retired = [agent["name"] for agent in agents.values() if not agent["active"]]
    assert len(retired) == 1, f"one agent is inactive; agents lists {retired}"


def runs_an_agent(operator: Operator) -> str:
    data = operator.data(*SEO_BLOG)
    assert _moved(data) == {"cost": 10, "charged": 10, "refunded": 0, "balance_after": 90}, data
    assert data["result"] == {"title": "Tea"}, data
    return _settled(operator, data, outcome="success", balance=90)


def runs_an_agent_that_fails(operator: Operator) -> str:
    data = operator.data(*ALWAYS_FAILS, exit_code=1)
    assert _moved(data) == {"cost": 5, "charged": 5, "refunded": 5, "balance_after": 90}, data
    return _settled(operator, data, outcome="failed", balance=90)


def looks_back(operator: Operator, executions: list[str]) -> None:
    listed = operator.data("history", "--limit", "2")["executions"]
    assert [str(one["id"]) for one in listed] == executions, listed
    assert [one["status"] for one in listed] == ["failed", "success"], listed
    one = operator.data("history", executions[1])
    assert executions[1] in json.dumps(one), one
    of_user = operator.data("history", "--user", OPERATOR, "--all")["executions"]
    assert {each["status"] for each in of_user} <= {"success", "failed"}, of_user


def looks_at_credits(operator: Operator) -> None:
    totals = operator.data("credits")
    assert OPERATOR in json.dumps(totals), totals
    mine = operator.data("credits", "--user", OPERATOR)
    assert _number(mine["balance"]) == 90, mine
    if operator.example.ledger_sql:
        latest = [_number(row["amount"]) for row in mine["ledger"][:2]]
        assert latest == [Decimal(5), Decimal(-5)], mine["ledger"]


def refuses_who_cannot_pay(operator: Operator) -> None:
    (poor,) = [user for user in operator.data("credits")["largest"] if user["email"] != OPERATOR]
    before, sent = operator.contents(), len(operator.webhook.requests)
    operator("run", "--user", poor["email"], "seo-blog", "topic=Tea", exit_code=4)
    assert operator.contents() == before, "the run was refused, and something was written"
    assert len(operator.webhook.requests) == sent, "the run was refused, and the webhook called"


def grants_credits(operator: Operator) -> None:
    granted = operator.data("credits", "grant", OPERATOR, "7", "--reason", "goodwill")
    assert _number(granted["balance_after"]) == 97, granted
    assert operator.balance() == 97, "after the grant"


def settles_what_was_left_open(operator: Operator) -> None:
    operator.webhook.script("/seo-blog", Reply(delay=60))
    left_open = operator.data(*SEO_BLOG, "--timeout", "1s", exit_code=5)["execution"]
    assert operator.balance() == 87, "while the outcome is unknown the charge is held"
    _gives_back(operator, str(left_open["id"]))


def settles_what_a_crash_left(operator: Operator) -> None:
    operator.webhook.script("/seo-blog", Reply.json({"title": "Tea"}))
    died = {"AGENTCTL_FAILPOINT": "calling"}
    operator(*SEO_BLOG, exit_code=-9, env=died)
    assert operator.balance() == 87, "after the crash the charge is held"
    (crashed,) = operator.data("history", "--limit", "1")["executions"]
    assert crashed["status"] == "running", crashed
    _gives_back(operator, str(crashed["id"]))


def repeats_a_run_with_its_key(operator: Operator) -> None:
    keyed = (*SEO_BLOG, "--idempotency-key", "monday")
    if not operator.example.takes_keys:
        before = operator.contents()
        operator(*keyed, exit_code=2)
        assert operator.contents() == before, "the key was refused, and something was written"
        return
    first, again = operator.data(*keyed), operator.data(*keyed)
    assert first["execution"]["id"] == again["execution"]["id"], [first, again]
    assert again["execution"]["replayed"] is True, again
    assert operator.balance() == 87, "one key is one charge"


def widens_the_table(operator: Operator) -> None:
    before = operator.contents()
    if not operator.example.migrates:
        operator("migrate-full", "--yes", exit_code=3)
        assert operator.contents() == before, "migrate-full was refused, and wrote something"
        return
    operator("migrate-full", "--dry-run")
    assert operator.contents() == before, "migrate-full --dry-run wrote something"
    operator("migrate-full", "--yes")
    operator("schema-check", "--require", "full")
    operator.webhook.script("/seo-blog", Reply.json({"title": "Tea"}))
    paid = 10 if operator.example.takes_keys else 0
    _settled(operator, operator.data(*SEO_BLOG), outcome="success", balance=87 - paid)


def _gives_back(operator: Operator, execution: str) -> None:
    before = operator.balance()
    settling = ("reconcile", execution, "--stale-after", "0s", "--assume", "failed")
    (settled,) = operator.data(*settling)["executions"]
    assert settled["outcome"] == "failed", settled
    assert _number(settled["refunded"]) == 10, settled
    assert operator.status(execution) == operator.example.words["failed"], "reconcile's word for a failure"
    assert operator.balance() == before + 10, "reconcile gives back the charge"


def _settled(operator: Operator, data: Mapping[str, Any], *, outcome: str, balance: int) -> str:
    execution = str(data["execution"]["id"])
    assert data["execution"]["outcome"] == outcome, data
    assert operator.status(execution) == operator.example.words[outcome], f"the word for {outcome}"
    assert operator.balance() == balance, f"after an execution that is a {outcome}"
    return execution


def _moved(data: Mapping[str, Any]) -> dict[str, Decimal]:
    names = ("cost", "charged", "refunded", "balance_after")
    return {name: _number(data["credits"][name]) for name in names}


def _number(value: object) -> Decimal:
    return Decimal(str(value))
