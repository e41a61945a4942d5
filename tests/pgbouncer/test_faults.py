"""The connection breaks behind the pooler, so that the pooler itself answers the program."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from support.broken import CHARGE, RUN, SETTLE
from support.database_proxy import DatabaseProxy, Fault, When
from support.pgbouncer import pooled
from support.postgres import Server
from support.rules import violations
from support.shop import Shop
from support.webhook_server import Reply


@pytest.fixture
def behind(server: Server, shop: Shop) -> Iterator[tuple[DatabaseProxy, str]]:
    """Put a proxy behind a new PgBouncer; yield the proxy and the database's URL through both."""
    direct = replace(server, pooler_port=None)
    with (
        tempfile.TemporaryDirectory(dir="/tmp") as folder,  # where others may reach it
        DatabaseProxy(direct.url(shop.marketplace.name)) as proxy,
    ):
        Path(folder).chmod(0o711)
        with pooled(replace(direct, port=proxy.port), Path(folder) / "pgbouncer") as pooler:
            yield proxy, pooler.url(shop.marketplace.name)


@pytest.mark.parametrize("away", [0, 2])
@pytest.mark.parametrize(
    ("when", "within", "exit_code"),
    [
        (When.BEFORE, CHARGE, 3),
        (When.ANSWERED, CHARGE, 1),
        (When.BEFORE, SETTLE, 1),
        (When.ANSWERED, SETTLE, 1),
    ],
    ids=[
        "charge never arrives",
        "charge is not confirmed",
        "outcome never arrives",
        "outcome is not confirmed",
    ],
)
def test_resolves_a_commit_after_the_pooler_loses_its_server(
    shop: Shop,
    behind: tuple[DatabaseProxy, str],
    when: When,
    within: str,
    exit_code: int,
    away: float,
) -> None:
    proxy, url = behind
    shop.answer(Reply.json({"message": "Error in workflow"}, 500))
    proxy.break_at(Fault(when, within=within, away=away))

    whole = shop.run_json(*RUN[1:], exit_code=exit_code, env={"AGENTCTL_DATABASE_URL": url})

    assert proxy.struck == ["COMMIT"]
    begun = exit_code == 1
    assert whole["error"]["code"] == ("agent_failed" if begun else "connection")
    assert [row["status"] for row in shop.rows()] == ["failed"] * begun
    assert [kind for kind, _, _ in shop.ledger()] == ["usage", "refund"] * begun
    assert len(shop.webhook.requests) == begun
    assert violations(shop.marketplace) == []
