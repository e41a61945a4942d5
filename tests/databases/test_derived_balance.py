"""Balances that the application computes from other columns: no movement that the next charge would undo."""

from typing import LiteralString

import pytest

from support.shop import Shop
from support.webhook_server import Reply

OPS = "ops@example.com"
GRANT = ("credits", "grant", OPS, "7", "--reason", "goodwill")
PARTS: LiteralString = """
    ALTER TABLE profiles ADD COLUMN expiring_credits integer NOT NULL DEFAULT 0,
        ADD COLUMN lasting_credits integer NOT NULL DEFAULT 0;
    UPDATE profiles SET expiring_credits = 2, lasting_credits = credits - 2;
"""
SUM: LiteralString = "DROP FUNCTION deduct_credits_atomic; DROP FUNCTION add_credits_atomic;" + PARTS
GENERATED: LiteralString = """
    DROP FUNCTION deduct_credits_atomic; DROP FUNCTION add_credits_atomic;
    ALTER TABLE profiles ADD COLUMN expiring_credits integer NOT NULL DEFAULT 2,
        ADD COLUMN lasting_credits integer NOT NULL DEFAULT 0;
    UPDATE profiles SET lasting_credits = credits - 2;
    ALTER TABLE profiles DROP COLUMN credits;
    ALTER TABLE profiles ADD COLUMN credits integer
        GENERATED ALWAYS AS (expiring_credits + lasting_credits) STORED;
"""
THREE: LiteralString = (
    SUM
    + "ALTER TABLE profiles ADD COLUMN gift numeric; "
    + "UPDATE profiles SET gift = 1, lasting_credits = credits - 3;"
)


def read_parts(shop: Shop) -> tuple[int, int, int]:
    (row,) = shop.marketplace.execute(
        "SELECT credits, expiring_credits, lasting_credits FROM profiles WHERE email = %s", (OPS,)
    )
    return row


@pytest.mark.parametrize("change", [SUM, GENERATED, THREE], ids=["a sum", "generated", "a sum of three"])
def test_a_derived_balance_is_not_moved_alone_and_the_hint_names_its_parts(
    shop: Shop, change: LiteralString
) -> None:
    shop.marketplace.execute(change)
    before = read_parts(shop)

    for command in (GRANT, ("run", "seo-blog", "topic=Tea")):
        refused = shop.program(*command, "--json")
        assert refused.exit_code == 3, refused
        assert refused.json["error"]["code"] == "balance_derived"
        hint = refused.json["error"]["hint"]
        assert 'balance_part = "lasting_credits"' in hint
    assert read_parts(shop) == before
    assert shop.rows() == []

    config = shop.program.home / "agentctl.toml"
    config.write_text(
        f'{config.read_text()}\n[profiles.test.schema.users]\nbalance_part = "lasting_credits"\n'
    )
    assert shop.program(*GRANT).exit_code == 0
    assert shop.run("seo-blog", "topic=Tea").exit_code == 0
    shop.answer(Reply.json({"message": "Error in workflow"}, 500))
    assert shop.run("seo-blog", "topic=Tea").exit_code == 1

    balance, expiring, lasting = read_parts(shop)
    assert (balance, expiring, lasting) == (97, before[1], before[2] - 3)
    assert shop.program("audit").exit_code == 0


def test_a_part_with_too_few_credits_is_not_overdrawn(shop: Shop) -> None:
    shop.marketplace.execute(SUM)
    shop.marketplace.execute(
        "UPDATE profiles SET expiring_credits = 95, lasting_credits = 5 WHERE credits = 100"
    )
    config = shop.program.home / "agentctl.toml"
    config.write_text(
        f'{config.read_text()}\n[profiles.test.schema.users]\nbalance_part = "lasting_credits"\n'
    )

    refused = shop.run_json("seo-blog", "topic=Tea", exit_code=4)

    assert refused["error"]["code"] == "insufficient_credits"
    assert read_parts(shop) == (100, 95, 5)


def test_numbers_that_do_not_add_up_are_no_parts(shop: Shop) -> None:
    shop.marketplace.execute(
        "ALTER TABLE profiles ADD COLUMN bought integer DEFAULT 0, ADD COLUMN age integer DEFAULT 30; "
        "UPDATE profiles SET bought = credits"
    )

    assert shop.program(*GRANT).exit_code == 0


def test_a_charge_by_a_function_is_refused_where_its_refund_would_be(shop: Shop) -> None:
    shop.marketplace.execute(PARTS)
    before = read_parts(shop)
    shop.answer(Reply.json({"message": "Error in workflow"}, 500))

    refused = shop.run_json("seo-blog", "topic=Tea", exit_code=3)

    assert refused["error"]["code"] == "balance_derived"
    assert read_parts(shop) == before
    assert shop.rows() == []
