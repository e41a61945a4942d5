"""A ledger without a word for a refund or a grant: the operator is told each time which one stands for it."""

from collections.abc import Callable

import pytest

from support.shop import Shop
from support.webhook_server import Reply

OPS = "ops@example.com"
GRANT = ("credits", "grant", OPS, "7", "--reason", "goodwill")


def allow_only(shop: Shop, *words: str) -> None:
    """Let the ledger know these kinds of rows and no others."""
    listed = ", ".join(f"'{word}'" for word in words)
    shop.marketplace.execute(
        "DROP FUNCTION deduct_credits_atomic; DROP FUNCTION add_credits_atomic; "
        "ALTER TABLE credit_transactions DROP CONSTRAINT credit_transactions_type_and_sign, "
        f"ADD CHECK (type IN ({listed})), ADD CHECK (type <> 'usage' OR amount < 0)".encode()
    )


def test_a_grant_that_is_recorded_as_a_purchase_says_so_each_time(shop: Shop) -> None:
    allow_only(shop, "usage", "refund", "purchase")

    for _ in range(2):
        granted = shop.program(*GRANT)
        assert granted.exit_code == 0
        assert "credit_transactions has no word for a grant: it is recorded as purchase." in granted.stderr


def test_a_refund_that_is_recorded_as_an_adjustment_says_so(shop: Shop) -> None:
    allow_only(shop, "usage", "purchase", "adjustment")
    shop.answer(Reply.json({"message": "Error in workflow"}, 500))

    failed = shop.run("seo-blog", "topic=Tea")

    assert failed.exit_code == 1
    assert "no word for a refund: it is recorded as adjustment" in failed.stderr
    assert [kind for kind, _, _ in shop.ledger()] == ["usage", "adjustment"]


@pytest.mark.parametrize("configured", [True, False])
def test_a_word_that_fits_or_is_configured_needs_no_note(
    shop_with: Callable[..., Shop], configured: bool
) -> None:
    kinds = '[profiles.test.schema.ledger.kinds]\ngrant = "purchase"'
    shop = shop_with(more=kinds if configured else "")
    allow_only(shop, "usage", "refund", "purchase", *(() if configured else ("bonus",)))

    granted = shop.program(*GRANT)

    assert granted.exit_code == 0
    assert "no word" not in granted.stderr
