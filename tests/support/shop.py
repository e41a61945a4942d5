"""A marketplace, its configuration and a webhook to call, for tests of the whole program."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.marketplace import Marketplace
from support.program import Program, Result
from support.webhook_server import Reply, WebhookServer

ARTICLE = {"title": "Green tea", "markdown": "# Green tea\n\nDrink it."}


@dataclass(frozen=True)
class Shop:
    """A marketplace whose agents' webhooks are on one loopback server, and the program configured for it."""

    marketplace: Marketplace
    webhook: WebhookServer
    program: Program

    def run(self, *args: str | Path, **options: Any) -> Result:
        return self.program("run", *args, **options)

    def run_json(self, *args: str | Path, exit_code: int = 0, **options: Any) -> dict[str, Any]:
        result = self.run(*args, "--json", **options)
        assert result.exit_code == exit_code, result
        return result.json

    def answer(self, *replies: Reply, agent: str = "SEO Blog") -> str:
        """Let an agent's webhook give these answers in turn, and return its path."""
        path = f"/webhook/{agent.replace(' ', '-')}"
        self.marketplace.set_webhook(agent, self.webhook.script(path, *replies))
        return path

    def rows(self) -> list[dict[str, Any]]:
        """Return all executions with all their columns, oldest first."""
        rows = self.marketplace.execute("SELECT to_jsonb(e) FROM agent_executions e ORDER BY created_at")
        return [row[0] for row in rows]

    def ledger(self) -> list[tuple[str, int, str | None]]:
        """Return type, amount and execution of all ledger rows except the opening ones."""
        rows = self.marketplace.execute(
            "SELECT type, amount, execution_id FROM credit_transactions WHERE type <> 'purchase' "
            "ORDER BY created_at"
        )
        return [(kind, amount, str(execution) if execution else None) for kind, amount, execution in rows]

    def balances_agree(self) -> bool:
        """Whether every balance is the sum of its ledger rows."""
        wrong = self.marketplace.execute(
            "SELECT 1 FROM profiles p WHERE credits <> "
            "(SELECT coalesce(sum(amount), 0) FROM credit_transactions t WHERE t.user_id = p.id)"
        )
        return not wrong


def configure(program: Program, marketplace: Marketplace, more: str = "") -> None:
    """Write the configuration that the program finds in its home."""
    (program.home / "agentctl.toml").write_text(
        f"""
        [profiles.test]
        database_url = "{marketplace.url}"
        user = "ops@example.com"
        [profiles.test.webhook]
        allow_hosts = ["127.0.0.1"]
        timeout = "20s"
        {more}
        """
    )


@pytest.fixture
def webhook() -> Iterator[WebhookServer]:
    with WebhookServer() as server:
        yield server


@pytest.fixture
def shop_with(
    marketplace_factory: Callable[..., Marketplace], webhook: WebhookServer, agentctl: Program
) -> Callable[..., Shop]:
    """Make a shop whose table has these optional columns."""

    def make(*columns: str, more: str = "") -> Shop:
        marketplace = marketplace_factory(columns=columns)
        configure(agentctl, marketplace, more)
        shop = Shop(marketplace, webhook, agentctl)
        shop.answer(Reply.json(ARTICLE))
        shop.answer(Reply.json({"output": "done"}), agent="Plain")
        return shop

    return make


@pytest.fixture
def shop(shop_with: Callable[..., Shop]) -> Shop:
    """Make a shop with the minimal table."""
    return shop_with()


@pytest.fixture
def full_shop(shop_with: Callable[..., Shop]) -> Shop:
    """Make a shop whose table has all seven optional columns."""
    from support.marketplace import OPTIONAL_COLUMNS  # noqa: PLC0415 - only here

    return shop_with(*OPTIONAL_COLUMNS)
