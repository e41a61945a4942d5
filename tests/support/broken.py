"""A shop whose program reaches its database through a proxy that breaks, and a role with only its rights."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import sql

from support.database_proxy import DatabaseProxy, Fault
from support.figures import HUNG_AFTER
from support.marketplace import Marketplace
from support.program import Result
from support.rules import violations
from support.shop import Shop

RUN = ("run", "seo-blog", "topic=Tea")
GRANT = ("credits", "grant", "ops@example.com", "5", "--reason", "x")

# Parts of the statements of a transaction, by which a Fault finds its COMMIT.
CHARGE = "deduct_credits_atomic"
SETTLE = 'UPDATE "public"."agent_executions"'
LEDGER = 'INSERT INTO "public"."credit_transactions"'


@dataclass(frozen=True)
class Broken:
    """A shop whose program reaches the database through a proxy that breaks."""

    shop: Shop
    proxy: DatabaseProxy

    def __call__(self, *args: str | Path) -> Result:
        done = self.shop.program(*args, "--json", env={"AGENTCTL_DATABASE_URL": self.proxy.url})
        assert violations(self.shop.marketplace) == []
        return done

    def with_fault(self, *args: str | Path, exit_code: int, faults: tuple[Fault, ...]) -> dict[str, Any]:
        """Run with these faults, require that each strikes, and return the envelope."""
        self.proxy.break_at(*faults)
        done = self(*args)
        assert len(self.proxy.struck) == len(faults), done
        assert done.exit_code == exit_code, done
        return done.json

    @property
    def posts(self) -> int:
        return len(self.shop.webhook.requests)

    def statuses(self) -> list[str]:
        return [row["status"] for row in self.shop.rows()]

    def moves(self) -> list[tuple[str, int]]:
        return [(kind, amount) for kind, amount, _ in self.shop.ledger()]


def await_end(process: subprocess.Popen[str], *, timeout: float = HUNG_AFTER) -> Result:
    """Wait until a program started in the background ends; `timeout` is in seconds."""
    stdout, stderr = process.communicate(timeout=timeout)
    return Result(process.returncode, stdout, stderr)


def add_operator(marketplace: Marketplace, *, settings: Mapping[str, str] | None = None) -> str:
    """Create a role with exactly the rights that agentctl needs and these settings, and return its URL."""
    url = marketplace.add_role("operator")
    role = sql.Identifier(f"{marketplace.name}_operator")
    with marketplace.connect() as connection:
        for statement in (
            "ALTER ROLE {} BYPASSRLS",
            "GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {}",
            "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {}",
        ):
            connection.execute(sql.SQL(statement).format(role))
        for name, value in (settings or {}).items():
            connection.execute(sql.SQL("ALTER ROLE {} SET {} = {}").format(role, sql.Identifier(name), value))
    return url
