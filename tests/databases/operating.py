"""An operator of an example's database, with the installed program and the configuration that `init` wrote.

It reads the database only through the statements of the example's header, and tables as a whole.
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
from support.webhook_server import WebhookServer


@dataclass(frozen=True)
class Operator:
    """An operator with agentctl and the URL of an example's database."""

    example: Example
    database: Database
    webhook: WebhookServer
    program: Program
    url: str

    @property
    def config(self) -> Path:
        return self.program.home / "agentctl.toml"

    def __call__(self, *args: str, exit_code: int = 0, env: Mapping[str, str] | None = None) -> Result:
        """Run a command, and require this exit code."""
        done = self.program(*args, env={**self._environment(), **(env or {})})
        assert done.exit_code == exit_code, f"`agentctl {' '.join(args)}` ended with {_shown(done)}"
        return done

    def data(self, *args: str, exit_code: int = 0) -> dict[str, Any]:
        """Run a command with --json and return its data."""
        data: dict[str, Any] = self(*args, "--json", exit_code=exit_code).json["data"]
        return data

    def init(self) -> None:
        """Run init; it may exit with the code of findings."""
        done = self.program("init", "--database-url", self.url, env=self._environment())
        assert done.exit_code in ({0, 6} if self.example.finding else {0}), f"init ended with {_shown(done)}"
        assert self.config.exists(), f"init wrote no {self.config.name}: {_shown(done)}"

    def settle(self) -> None:
        """Apply the settings and SQL of the example."""
        if self.example.settle_sql:
            self.execute(self.example.settle_sql)
        if self.example.settle:
            config = tomllib.loads(self.config.read_text())
            profile = config["profiles"][config["default_profile"]]
            settled = tomllib.loads(self.example.settle)
            _merge(profile.setdefault("schema", {}), settled)
            if "webhook" in settled.get("agents", {}):  # init asked for a variable of each agent instead
                profile.pop("agents", None)
            # Where init found no agents, it could not say which private hosts theirs are.
            _merge(profile.setdefault("webhook", {}), {"allow_hosts": ["127.0.0.1"]})
            self.config.write_text("\n".join(_lines(config)) + "\n")

    def findings(self) -> dict[str, str]:
        """Return the findings of schema-check: ids, each with its hints."""
        done = self.program("schema-check", "--json", env=self._environment())
        assert done.exit_code in {0, 6}, f"schema-check ended with {_shown(done)}"
        hints: dict[str, str] = {}
        for found in done.json["data"]["findings"]:
            hints[found["id"]] = f"{hints.get(found['id'], '')}\n{found['hint'] or ''}"
        return hints

    def balance(self) -> Decimal:
        """Return the operator's balance; require that the ledger, if there is one, agrees."""
        balance = self._selected(self.example.balance_sql, user=OPERATOR)
        if self.example.ledger_sql:
            ledger = self._selected(self.example.ledger_sql, user=OPERATOR)
            assert balance == ledger, f"rule 7: the balance is {balance}, the ledger says {ledger}"
        return Decimal(str(balance))

    def status(self, execution: str) -> str:
        """Return an execution's status in the database's own words."""
        return str(self._selected(self.example.status_sql, execution=execution))

    def contents(self) -> dict[str, str]:
        """Return a digest of every table; any write changes it."""
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


def _shown(done: Result) -> str:
    return f"{done.exit_code}\n{done.stdout}{done.stderr}"


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def _lines(table: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield TOML lines with every key in full; a configuration has only values that JSON writes alike."""
    for key, value in table.items():
        here = (*path, json.dumps(key))
        if isinstance(value, dict):
            yield from _lines(cast("Mapping[str, Any]", value), here)
        else:
            yield f"{'.'.join(here)} = {json.dumps(value)}"
