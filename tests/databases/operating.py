"""What an operator does on an example's database, with the installed program; each step says what was wrong.

It looks into the database only through the statements of the example's header, and into tables as a whole.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from psycopg import sql

from databases.example import OPERATOR, Example
from support.marketplace import Database
from support.program import Program, Result
from support.webhook_server import Reply, WebhookServer

_RUN = ("run", "--user", OPERATOR)
SEO_BLOG = (*_RUN, "seo-blog", "topic=Tea")
ALWAYS_FAILS = (*_RUN, "always-fails")


@dataclass(frozen=True)
class Operator:
    """Somebody with agentctl and the URL of an example's database."""

    example: Example
    database: Database
    webhook: WebhookServer
    program: Program
    url: str

    @property
    def config(self) -> Path:
        return self.program.home / "agentctl.toml"

    def __call__(self, *args: str, exit_code: int = 0, env: Mapping[str, str] | None = None) -> Result:
        """Run a command, which must end with this code."""
        done = self.program(*args, env={**self._environment(), **(env or {})})
        assert done.exit_code == exit_code, f"`agentctl {' '.join(args)}` ended with {_shown(done)}"
        return done

    def data(self, *args: str, exit_code: int = 0) -> dict[str, Any]:
        """Run a command with --json and return its data."""
        data: dict[str, Any] = self(*args, "--json", exit_code=exit_code).json["data"]
        return data

    def init(self) -> None:
        """Let agentctl find its way; what it cannot tell it may say with the code of findings."""
        done = self.program("init", "--database-url", self.url, env=self._environment())
        assert done.exit_code in ({0, 6} if self.example.finding else {0}), f"init ended with {_shown(done)}"
        assert self.config.exists(), f"init wrote no {self.config.name}: {_shown(done)}"

    def settle(self) -> None:
        """Do what the example says has to be done."""
        if self.example.settle_sql:
            self.execute(self.example.settle_sql)
        if self.example.settle:
            config = tomllib.loads(self.config.read_text())
            profile = config["profiles"][config["default_profile"]]
            _merge(profile.setdefault("schema", {}), tomllib.loads(self.example.settle))
            # Where init found no agents, it could not say which private hosts theirs are.
            _merge(profile.setdefault("webhook", {}), {"allow_hosts": ["127.0.0.1"]})
            self.config.write_text("\n".join(_lines(config)) + "\n")

    def findings(self) -> dict[str, str]:
        """Return what schema-check finds now: ids, each with the hints that go with it."""
        done = self.program("schema-check", "--json", env=self._environment())
        assert done.exit_code in {0, 6}, f"schema-check ended with {_shown(done)}"
        hints: dict[str, str] = {}
        for found in done.json["data"]["findings"]:
            hints[found["id"]] = f"{hints.get(found['id'], '')}\n{found['hint']}"
        return hints

    def balance(self) -> Decimal:
        """Return the operator's balance, on which the ledger agrees where there is one."""
        balance = self._selected(self.example.balance_sql, user=OPERATOR)
        if self.example.ledger_sql:
            ledger = self._selected(self.example.ledger_sql, user=OPERATOR)
            assert balance == ledger, f"rule 7: the balance is {balance}, the ledger says {ledger}"
        return Decimal(str(balance))

    def status(self, execution: str) -> str:
        """Return an execution's status in the database's own word."""
        return str(self._selected(self.example.status_sql, execution=execution))

    def contents(self) -> dict[str, str]:
        """Return a digest of every table: what was written anywhere is a difference."""
        rows = self.database.execute(
            "SELECT c.oid::regclass::text, n.nspname, c.relname FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE relkind = 'r' "
            "AND nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"
        )
        digest = sql.SQL(
            "SELECT count(*) || ' rows, ' || md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {} t"
        )
        with self.database.connect() as connection:
            found = {}
            for name, schema, table in rows:
                row = connection.execute(digest.format(sql.Identifier(schema, table))).fetchone()
                found[name] = row[0] if row else ""
            return found

    def execute(self, statements: str) -> None:
        """Run SQL of the example as the superuser, in one transaction."""
        self.database.execute(self._filled(statements).encode())

    def _selected(self, statement: str, **values: str) -> Any:
        with self.database.connect() as connection:
            row = connection.execute(statement.encode(), values).fetchone()
        assert row, f"no row: {statement} {values}"
        return row[0]

    def _environment(self) -> dict[str, str]:
        return {name: self._filled(text) for name, text in self.example.environment.items()}

    def _filled(self, text: str) -> str:
        return text.replace("{webhook}", self.webhook.url("")).replace(
            "{role}", f"{self.database.name}_operator"
        )


def do_everything(operator: Operator) -> None:
    """Go through all that an operator does, from a balance of 100."""
    assert operator.balance() == 100, "the example does not begin with 100 credits"
    checks_the_schema(operator)
    looks_at_the_agents(operator)
    bought = runs_an_agent(operator)
    failed = runs_an_agent_that_fails(operator)
    looks_back(operator, [failed, bought])
    looks_at_credits(operator)
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


def _shown(done: Result) -> str:
    return f"{done.exit_code}\n{done.stdout}{done.stderr}"


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def _lines(table: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[str]:
    """Write TOML with every key in full: what JSON and TOML write alike is all that a configuration has."""
    for key, value in table.items():
        here = (*path, json.dumps(key))
        if isinstance(value, dict):
            yield from _lines(cast("Mapping[str, Any]", value), here)
        else:
            yield f"{'.'.join(here)} = {json.dumps(value)}"
