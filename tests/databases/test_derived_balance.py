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


def find_hint(shop: Shop) -> str:
    """Return the hint of schema-check about the balance; empty where it finds nothing wrong with it."""
    done = shop.program("schema-check", "--json")
    hints = [item["hint"] for item in done.json["data"]["findings"] if item["id"] == "balance-derived"]
    assert done.exit_code == (6 if hints else 0), done
    return "".join(hints)


@pytest.mark.parametrize("change", [SUM, GENERATED, THREE], ids=["a sum", "generated", "a sum of three"])
def test_a_derived_balance_is_not_moved_alone_and_the_hint_names_its_parts(
    shop: Shop, change: LiteralString
) -> None:
    shop.marketplace.execute(change)
    before = read_parts(shop)

    run = ("run", "seo-blog", "topic=Tea")
    for command in (GRANT, run, (*run, "--dry-run")):
        refused = shop.program(*command, "--json")
        assert refused.exit_code == 3, refused
        assert refused.json["error"]["code"] == "balance_derived"
        hint = refused.json["error"]["hint"]
        assert 'balance_part = "lasting_credits"' in hint
    assert read_parts(shop) == before
    assert shop.rows() == []
    assert 'balance_part = "lasting_credits"' in find_hint(shop)

    config = shop.program.home / "agentctl.toml"
    config.write_text(
        f'{config.read_text()}\n[profiles.test.schema.users]\nbalance_part = "lasting_credits"\n'
    )
    assert find_hint(shop) == ""
    assert shop.run("seo-blog", "topic=Tea", "--dry-run").exit_code == 0
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


def test_a_dry_run_of_an_agent_whose_function_charges_says_the_same(shop: Shop) -> None:
    shop.marketplace.execute(PARTS)

    refused = shop.run_json("seo-blog", "topic=Tea", "--dry-run", exit_code=3)

    assert refused["error"]["code"] == "balance_derived"
    assert "balance_part" in find_hint(shop)
    assert shop.run("seo-blog", "topic=Tea", "--dry-run", "--no-charge").exit_code == 0


APART: LiteralString = (
    SUM
    + """
    CREATE TABLE user_credits (user_id uuid PRIMARY KEY REFERENCES profiles, credits integer NOT NULL,
        monthly integer NOT NULL, bought integer NOT NULL);
    INSERT INTO user_credits SELECT id, credits, expiring_credits, lasting_credits FROM profiles;
    ALTER TABLE profiles DROP COLUMN credits, DROP COLUMN expiring_credits, DROP COLUMN lasting_credits;
"""
)


def test_a_sum_in_a_table_of_balances_is_seen_by_schema_check_and_init(shop: Shop) -> None:
    shop.marketplace.execute(APART)
    config = shop.program.home / "agentctl.toml"

    assert "[profiles.NAME.schema.balances]" in find_hint(shop)
    assert shop.run("seo-blog", "topic=Tea", "--dry-run").exit_code == 3
    config.unlink()
    begun = shop.program("init", "--database-url", shop.marketplace.url)

    assert begun.exit_code == 6
    assert "is computed from monthly + bought" in begun.stderr
    assert 'balance_part = "bought"' in config.read_text()


def test_parts_that_the_role_may_not_read_are_no_error(shop: Shop) -> None:
    shop.marketplace.execute(SUM)
    url = shop.marketplace.add_role("reader")
    shop.marketplace.execute(
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {0}; REVOKE SELECT ON profiles FROM {0}; "
        "GRANT SELECT (id, email, lasting_credits) ON profiles TO {0}".format(
            f"{shop.marketplace.name}_reader"
        ).encode()
    )
    done = shop.program("schema-check", "--json", env={"AGENTCTL_DATABASE_URL": url})

    assert done.exit_code == 6
    assert "balance-derived" not in [item["id"] for item in done.json["data"]["findings"]]
