"""`agentctl agents check` against a real n8n: it reports what is registered, and starts nothing."""

from collections.abc import Callable

import pytest

from n8n.shop import N8nShop


@pytest.mark.parametrize(
    ("workflow", "state"),
    [("last-node", "registered"), ("guarded", "registered"), ("inactive", "not_registered")],
)
def test_checks_a_webhook_without_starting_its_workflow(
    n8n_shop: Callable[..., N8nShop], workflow: str, state: str
) -> None:
    made = n8n_shop()
    made.shop.marketplace.set_webhook("SEO Blog", made.n8n.webhook(workflow))
    before = len(made.n8n.executions(workflow))

    done = made.shop.program("agents", "check", "seo-blog", "--json")

    (checked,) = done.json["data"]["agents"]
    assert (checked["state"], done.exit_code) == (state, 0 if state == "registered" else 6)
    assert len(made.n8n.executions(workflow)) == before
