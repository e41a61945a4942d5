"""Rows that name a user's account in place of the user: read by way of its owner, and never guessed."""

from collections.abc import Callable
from typing import LiteralString

import pytest

from databases.example import Example, examples
from databases.operating import Operator
from databases.steps import ALWAYS_FAILS, SEO_BLOG, do_everything
from support.shop import Shop
from support.webhook_server import Reply

OPS = "ops@example.com"
WALLETS: LiteralString = """
    DROP FUNCTION deduct_credits_atomic; DROP FUNCTION add_credits_atomic;
    CREATE TABLE wallets (id bigserial PRIMARY KEY, user_id uuid REFERENCES profiles,
        balance integer NOT NULL);
    INSERT INTO wallets (user_id, balance) SELECT id, credits FROM profiles ORDER BY credits;
    ALTER TABLE profiles DROP COLUMN credits;
    ALTER TABLE credit_transactions ADD COLUMN wallet_id bigint;
    UPDATE credit_transactions t SET wallet_id = w.id FROM wallets w WHERE w.user_id = t.user_id;
    ALTER TABLE credit_transactions ALTER wallet_id SET NOT NULL;
"""
KEY: LiteralString = "ALTER TABLE credit_transactions ADD FOREIGN KEY (wallet_id) REFERENCES wallets;"
ALONE: LiteralString = "ALTER TABLE credit_transactions DROP COLUMN user_id CASCADE;"
BOOKS: LiteralString = """
    SELECT w.balance = coalesce(sum(t.amount), 0) FROM wallets w
    LEFT JOIN credit_transactions t ON t.wallet_id = w.id GROUP BY w.id
"""


def load(operator_of: Callable[[Example], Operator], name: str, change: str = "SELECT") -> Operator:
    """Return an operator of an example with a change, after init."""
    (example,) = (example for example in examples() if example.name == name)
    operator = operator_of(example)
    operator.execute(change)
    operator.init()
    return operator


def are_balanced(shop: Shop) -> bool:
    return {row[0] for row in shop.marketplace.execute(BOOKS)} == {True}


@pytest.mark.parametrize(
    "change", [KEY + ALONE, ALONE, KEY, "SELECT;"], ids=["alone", "without a key", "beside", "neither"]
)
def test_the_rows_of_a_ledger_name_the_wallet_of_whoever_pays(shop: Shop, change: LiteralString) -> None:
    shop.marketplace.execute(WALLETS + change)

    assert shop.run("seo-blog", "topic=Tea").exit_code == 0
    shop.answer(Reply.json({"message": "Error in workflow"}, 500))
    assert shop.run("seo-blog", "topic=Tea").exit_code == 1
    assert shop.program("credits", "grant", OPS, "7", "--reason", "a gift").exit_code == 0

    assert are_balanced(shop)
    assert shop.marketplace.execute("SELECT balance FROM wallets ORDER BY id") == [(3,), (97,)]
    listed = shop.program("credits", "--user", OPS, "--json").json["data"]["ledger"]
    assert [row["amount"] for row in listed][:4] == [7, 10, -10, -10]
    assert shop.program("audit").exit_code == 0


@pytest.mark.parametrize("change", [KEY + ALONE, KEY], ids=["alone", "beside"])
def test_a_user_with_two_wallets_is_asked_about(shop: Shop, change: LiteralString) -> None:
    shop.marketplace.execute(WALLETS + change)
    shop.marketplace.execute("INSERT INTO wallets (user_id, balance) SELECT user_id, 50 FROM wallets")
    before = shop.marketplace.execute("SELECT id, balance FROM wallets ORDER BY id")

    for command in (
        ("run", "seo-blog", "topic=Tea"),
        ("run", "seo-blog", "topic=Tea", "--dry-run"),
        ("credits", "grant", OPS, "7", "--reason", "a gift"),
    ):
        refused = shop.program(*command, "--json")
        assert (refused.exit_code, refused.json["error"]["code"]) == (4, "user_with_balances"), refused

    assert shop.marketplace.execute("SELECT id, balance FROM wallets ORDER BY id") == before
    assert shop.rows() == []


def test_a_refund_to_a_user_who_got_a_second_wallet_is_refused(shop: Shop) -> None:
    shop.marketplace.execute(WALLETS + KEY + ALONE)
    ran = shop.run_json("seo-blog", "topic=Tea")["data"]["execution"]["id"]
    shop.marketplace.execute("INSERT INTO wallets (user_id, balance) SELECT user_id, 0 FROM wallets")
    before = shop.marketplace.execute("SELECT id, balance FROM wallets ORDER BY id")

    refused = shop.program("credits", "refund", ran, "--reason", "sorry", "--json")

    assert refused.exit_code == 4, refused
    assert shop.marketplace.execute("SELECT id, balance FROM wallets ORDER BY id") == before


def test_a_charge_that_is_held_is_not_given_back_to_two_wallets(shop: Shop) -> None:
    shop.marketplace.execute(WALLETS + KEY + ALONE)
    shop.answer(Reply.json({}, 502))
    assert shop.run("seo-blog", "topic=Tea").exit_code == 5
    shop.marketplace.execute("INSERT INTO wallets (user_id, balance) SELECT user_id, 0 FROM wallets")
    before = shop.marketplace.execute("SELECT id, balance FROM wallets ORDER BY id")

    settled = shop.program("reconcile", "--stale-after", "0s", "--assume", "failed", "--json")

    assert settled.exit_code != 0, settled
    assert "several balances" in settled.stdout
    assert shop.marketplace.execute("SELECT id, balance FROM wallets ORDER BY id") == before


def test_rows_of_a_wallet_without_an_owner_are_nobodys(shop: Shop) -> None:
    shop.marketplace.execute(WALLETS + KEY + ALONE)
    shop.marketplace.execute("INSERT INTO wallets (balance) VALUES (500)")
    shop.marketplace.execute(
        "INSERT INTO credit_transactions (wallet_id, type, amount, balance_after) "
        "SELECT id, 'purchase', 500, 500 FROM wallets WHERE user_id IS NULL"
    )

    assert shop.run("seo-blog", "topic=Tea").exit_code == 0

    assert are_balanced(shop)
    assert shop.program("audit").exit_code == 0
    mine = shop.program("credits", "--user", OPS, "--json").json["data"]
    assert mine["balance"] == 90
    assert 500 not in [row["amount"] for row in mine["ledger"]]


def test_a_wallet_that_the_configuration_gives_is_written_as_it_stands(
    operator_of: Callable[[Example], Operator],
) -> None:
    operator = load(operator_of, "wallet_ledger")
    config = operator.config.read_text()
    assert 'user = "wallet_id"' in config, "init names the column"
    operator.config.write_text(config + "\n[profiles.default.schema.ledger.constant]\nwallet_id = 2\n")

    do_everything(operator)  # the operator's wallet has this number


@pytest.mark.parametrize("name", ["wallet_ledger", "account_runs"])
def test_a_function_or_agentctl_writes_the_row_and_another_user_sees_nothing_of_it(
    operator_of: Callable[[Example], Operator], name: str
) -> None:
    operator = load(operator_of, name)
    (other,) = [user["email"] for user in operator.data("credits")["largest"] if user["email"] != OPS]
    before = operator.data("credits", "--user", other)

    operator(*SEO_BLOG)
    operator(*ALWAYS_FAILS, exit_code=1)

    assert operator.data("credits", "--user", other) == before
    assert operator.data("history", "--user", other)["executions"] == []
    assert len(operator.data("history", "--user", OPS)["executions"]) == 4


@pytest.mark.parametrize("name", ["accounts", "customer_accounts", "users_wallet", "user_account"])
def test_an_account_is_not_taken_for_its_owner_whatever_it_is_called(
    operator_of: Callable[[Example], Operator], name: str
) -> None:
    operator = load(operator_of, "account_runs", f"ALTER TABLE credit_accounts RENAME TO {name}")

    agents = operator.data("run", *SEO_BLOG[1:])

    assert agents["credits"]["balance_after"] in (90, "90.00"), agents
    assert agents["execution"]["outcome"] == "success"
    roles = operator.data("schema-check")["tables"]
    assert [roles["users"]["name"], roles["balances"]["name"]] == ["members", name]
