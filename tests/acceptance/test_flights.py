"""How often a command waits for the database after connecting: a flight is sent, an answer comes back.

With the database 50 ms away each way, a flight costs a tenth of a second.
"""

import pytest

from support.database_proxy import DatabaseProxy
from support.shop import Shop
from support.webhook_server import Reply


@pytest.mark.parametrize(
    ("line", "most"),
    [
        ("schema-check", 1),
        ("agents", 2),
        ("history", 2),
        ("history --stats", 2),
        ("credits", 2),
    ],
)
def test_a_command_waits_for_the_database_no_more_often(shop: Shop, line: str, most: int) -> None:
    shop.answer(Reply.json({"output": "Barley."}))
    assert shop.program("run", "seo-blog", "topic=Barley").exit_code == 0
    with DatabaseProxy(shop.marketplace.url) as proxy:
        done = shop.program(*line.split(), "--json", env={"AGENTCTL_DATABASE_URL": proxy.url})

    assert done.exit_code == 0
    assert len(proxy.flights) <= most, proxy.flights
