"""Ledgers whose rows name two parties are not written: all else is read, and no balance moves alone."""

from typing import Any, LiteralString

import pytest

from support.shop import Shop

OPS = "ops@example.com"
READING = (("agents",), ("history",), ("credits",), ("credits", "--user", OPS), ("audit",))
LEDGERS: dict[str, tuple[LiteralString, str, str]] = {
    "keys": (
        "from_user_id uuid REFERENCES profiles, to_user_id uuid REFERENCES profiles",
        "from_user_id",
        "to_user_id",
    ),
    "accounts": ("from_account text NOT NULL, to_account text NOT NULL", "from_account", "to_account"),
    "sender": ("sender_id uuid, recipient_id uuid", "sender_id", "recipient_id"),
    "debit and credit accounts": (
        "debit_account_id uuid REFERENCES profiles, credit_account_id uuid REFERENCES profiles",
        "debit_account_id",
        "credit_account_id",
    ),
    "camel": ('"fromUserId" uuid, "toUserId" uuid', '"fromUserId"', '"toUserId"'),
}
HOUSE = "00000000-0000-4000-8000-0000000000ff"


def give_transfers(shop: Shop, columns: str, giver: str, taker: str) -> None:
    """Replace the ledger by one of transfers, in which the house has given the opening balances."""
    shop.marketplace.execute(
        f"INSERT INTO profiles (id, email, credits) VALUES ('{HOUSE}', 'house', 0)".encode()
    )
    shop.marketplace.execute(
        f"""
        DROP FUNCTION deduct_credits_atomic; DROP FUNCTION add_credits_atomic; DROP TABLE credit_transactions;
        CREATE TABLE credit_transactions (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(), {columns},
            amount integer NOT NULL CHECK (amount > 0),
            execution_id uuid REFERENCES agent_executions, created_at timestamptz NOT NULL DEFAULT now()
        );
        INSERT INTO credit_transactions ({giver}, {taker}, amount)
        SELECT '{HOUSE}', id, credits FROM profiles WHERE credits > 0""".encode()
    )


def list_wrong(shop: Shop, giver: str, taker: str) -> list[Any]:
    """Return the balances that are not what users got less what they gave."""
    return shop.marketplace.execute(
        f"SELECT id FROM profiles p WHERE id <> '{HOUSE}' AND credits <> (SELECT coalesce(sum(CASE "
        f"WHEN {taker}::text = p.id::text THEN amount WHEN {giver}::text = p.id::text THEN -amount END), 0) "
        "FROM credit_transactions)".encode()
    )


@pytest.mark.parametrize("name", LEDGERS)
@pytest.mark.parametrize("user", [None, 0, 1])
def test_a_ledger_of_transfers_is_refused_and_nothing_else(shop: Shop, name: str, user: int | None) -> None:
    """The same where somebody has named one of the two columns as the user."""
    columns, *parties = LEDGERS[name]
    give_transfers(shop, columns, *parties)
    config = shop.program.home / "agentctl.toml"
    if user is not None:
        column = parties[user].strip('"')
        config.write_text(f'{config.read_text()}\n[profiles.test.schema.ledger]\nuser = "{column}"\n')

    for command in READING:
        assert shop.program(*command).exit_code == 0, command
    refused = shop.run_json("seo-blog", "topic=Tea", exit_code=3)["error"]
    assert refused["code"] == "ledger_transfers"
    assert "user =" not in refused["hint"]
    granted = shop.program("credits", "grant", OPS, "7", "--reason", "goodwill", "--json")
    assert (granted.exit_code, granted.json["error"]["code"]) == (3, "ledger_transfers")
    assert list_wrong(shop, *parties) == []
    assert shop.rows() == []
    findings = shop.program("schema-check", "--json").json["data"]["findings"]
    assert [item["id"] for item in findings if item["severity"] == "error"] == ["ledger-transfers"]

    assert shop.run("seo-blog", "topic=Tea", "--no-charge").exit_code == 0
    assert list_wrong(shop, *parties) == []


def test_the_line_of_the_hint_settles_it_where_each_user_has_rows(shop: Shop) -> None:
    columns, *parties = LEDGERS["keys"]
    give_transfers(shop, columns, *parties)
    shop.marketplace.execute(
        "CREATE TABLE movements (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), "
        "user_id uuid REFERENCES profiles, delta integer NOT NULL, "
        "kind text NOT NULL CHECK (kind IN ('purchase', 'usage', 'refund', 'bonus')), "
        "execution_id uuid REFERENCES agent_executions, created_at timestamptz DEFAULT now()); "
        "INSERT INTO movements (user_id, delta, kind) SELECT id, credits, 'purchase' FROM profiles "
        "WHERE credits > 0"
    )
    refused = shop.run_json("seo-blog", "topic=Tea", exit_code=3)["error"]

    line = refused["hint"].partition(": ")[2].partition(". ")[0]
    line = line.replace("NAME", "test").replace("TABLE", "movements").replace("] ", "]\n")
    config = shop.program.home / "agentctl.toml"
    config.write_text(f"{config.read_text()}\n{line}\n")

    assert shop.run("seo-blog", "topic=Tea").exit_code == 0
    assert shop.program("credits", "grant", OPS, "7", "--reason", "goodwill").exit_code == 0
    wrong = shop.marketplace.execute(
        "SELECT id FROM profiles p WHERE credits <> "
        "(SELECT coalesce(sum(delta), 0) FROM movements m WHERE m.user_id = p.id)"
    )
    assert wrong == []
    assert shop.program("audit").exit_code == 0


def test_a_user_beside_two_parties_is_the_user(shop: Shop) -> None:
    shop.marketplace.execute(
        "ALTER TABLE credit_transactions ADD COLUMN from_account text, ADD COLUMN to_account text"
    )

    assert shop.run("seo-blog", "topic=Tea").exit_code == 0
    assert shop.balances_agree()
