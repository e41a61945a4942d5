"""Users whose e-mail addresses are in a schema that is not searched: the message says where to look."""

from typing import LiteralString

import pytest

from support.shop import Shop

OPS = "ops@example.com"
_AUTH: LiteralString = (
    "CREATE SCHEMA auth; CREATE TABLE auth.users (id uuid PRIMARY KEY, email text); "
    "INSERT INTO auth.users SELECT id, email FROM profiles; "
    "ALTER TABLE agent_executions DROP CONSTRAINT agent_executions_user_id_fkey, "
    "ADD FOREIGN KEY (user_id) REFERENCES auth.users; "
    "ALTER TABLE credit_transactions DROP CONSTRAINT credit_transactions_user_id_fkey, "
    "ADD FOREIGN KEY (user_id) REFERENCES auth.users; "
    "DROP FUNCTION deduct_credits_atomic; DROP FUNCTION add_credits_atomic; "
)
SHOPS: dict[str, LiteralString] = {
    "a left-over that nothing refers to": (
        "CREATE TABLE user_credits (user_id uuid PRIMARY KEY REFERENCES auth.users, balance integer); "
        "INSERT INTO user_credits SELECT id, credits FROM profiles; DROP TABLE profiles; "
        "CREATE TABLE users (id uuid PRIMARY KEY, email text NOT NULL, full_name text)"
    ),
    "no table of users": (
        "CREATE TABLE wallets (user_id uuid PRIMARY KEY REFERENCES auth.users, balance integer); "
        "INSERT INTO wallets SELECT id, credits FROM profiles; DROP TABLE profiles"
    ),
    "profiles without an address": (
        "ALTER TABLE profiles DROP COLUMN email, ADD FOREIGN KEY (id) REFERENCES auth.users"
    ),
}


@pytest.mark.parametrize("name", SHOPS)
def test_an_address_in_another_schema_is_looked_for_where_the_message_says(shop: Shop, name: str) -> None:
    shop.marketplace.execute(_AUTH + SHOPS[name])

    refused = shop.run_json("seo-blog", "topic=Tea", exit_code=4)["error"]

    assert refused["code"] == "user_not_found"
    assert "e-mail" in refused["message"]
    assert "auth.users" in refused["hint"]
    line = refused["hint"].rpartition(": ")[2].replace("NAME", "test").replace("] ", "]\n")
    config = shop.program.home / "agentctl.toml"
    config.write_text(f"{config.read_text()}\n{line}\n")

    assert shop.run("seo-blog", "topic=Tea").exit_code == 0
    assert shop.program("credits", "--user", OPS, "--json").json["data"]["balance"] == 90
    assert shop.program("audit").exit_code == 0


def test_an_unknown_address_is_told_as_before_where_there_are_some(shop: Shop) -> None:
    refused = shop.run_json("seo-blog", "topic=Tea", "--user", "nobody@example.com", exit_code=4)["error"]

    assert refused["message"] == "There is no user 'nobody@example.com'."
