"""The fixtures of other people's databases: the examples with an operator, and shops that a test changes."""

from collections.abc import Callable, Iterator

import pytest

from databases.example import Example
from databases.operating import Operator
from support.forks import forked_agentctl, typist
from support.marketplace import Database
from support.program import Program
from support.shop import full_shop, shop, shop_with
from support.webhook_server import Reply, WebhookServer

__all__ = ["forked_agentctl", "full_shop", "shop", "shop_with", "typist"]


@pytest.fixture
def webhook() -> Iterator[WebhookServer]:
    with WebhookServer() as server:
        server.script("/seo-blog", Reply.json({"title": "Tea"}))
        server.script("/always-fails", Reply.json({"message": "Error in workflow"}, 500))
        yield server


@pytest.fixture
def operator_of(
    database: Database, webhook: WebhookServer, agentctl: Program
) -> Callable[[Example], Operator]:
    """Return a function that loads an example into the test's database and returns its operator."""

    def load(example: Example) -> Operator:
        url = database.add_role("operator") if example.role else database.url
        operator = Operator(example, database, webhook, agentctl, url)
        operator.execute(example.sql())
        return operator

    return load
