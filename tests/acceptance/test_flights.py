"""How often a command waits for the database after connecting: a flight is sent, an answer comes back.

With the database 50 ms away each way, a flight costs a tenth of a second. `make bench-flights` shows what is
in each, and what is still lost.
"""

from collections.abc import Callable

import pytest

from support.database_proxy import DatabaseProxy
from support.executions import plant
from support.marketplace import OPTIONAL_COLUMNS
from support.shop import Shop
from support.webhook_server import Reply


@pytest.mark.parametrize(
    ("line", "most"),
    [
        ("schema-check", 1),
        ("agents", 2),
        ("history", 2),
        ("history --status success,failed --since 7d", 2),
        ("history --agent seo-blog --user ops@example.com", 3),
        ("agents seo-blog", 2),
        ("run seo-blog topic=Tea --dry-run", 2),
        ("history --stats", 2),
        ("credits", 2),
        ("init --force", 2),
    ],
)
def test_a_command_waits_for_the_database_no_more_often(shop: Shop, line: str, most: int) -> None:
    shop.answer(Reply.json({"output": "Barley."}))
    assert shop.program("run", "seo-blog", "topic=Barley").exit_code == 0
    with DatabaseProxy(shop.marketplace.url) as proxy:
        done = shop.program(*line.split(), "--json", env={"AGENTCTL_DATABASE_URL": proxy.url})

    assert done.exit_code == 0
    assert len(proxy.flights) <= most, proxy.flights


@pytest.mark.parametrize(
    ("columns", "own"),
    [((), False), (OPTIONAL_COLUMNS, True)],
    ids=["minimal, by the function", "full, by agentctl"],
)
@pytest.mark.parametrize(("failing", "most"), [(False, 5), (True, 6)], ids=["success", "refund"])
def test_a_run_waits_for_the_database_no_more_often(
    shop_with: Callable[..., Shop], columns: tuple[str, ...], own: bool, failing: bool, most: int
) -> None:
    shop = shop_with(*columns)
    if own:
        shop.marketplace.execute("DROP FUNCTION deduct_credits_atomic")
    if failing:
        shop.answer(Reply.json({"message": "Error in workflow"}, 500))
    with DatabaseProxy(shop.marketplace.url) as proxy:
        done = shop.program("run", "seo-blog", "topic=Tea", env={"AGENTCTL_DATABASE_URL": proxy.url})

    assert done.exit_code == int(failing)
    assert len(proxy.flights) <= most, proxy.flights


@pytest.mark.parametrize(("outcome", "lost"), [("failed", 0), ("failed", 3), ("success", 2)])
def test_reconcile_waits_twice_and_then_for_each_execution(shop: Shop, outcome: str, lost: int) -> None:
    for _ in range(lost):
        plant(shop.marketplace, status="running", charged=10)
    with DatabaseProxy(shop.marketplace.url) as proxy:
        through = {"AGENTCTL_DATABASE_URL": proxy.url}
        done = shop.program("reconcile", "--assume", outcome, "--stale-after", "0s", env=through)

    assert done.exit_code == 0
    assert [row["status"] for row in shop.rows()] == [outcome] * lost
    assert len(proxy.flights) <= 2 + 2 * lost, proxy.flights
