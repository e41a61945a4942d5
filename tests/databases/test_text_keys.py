"""References that are a text where the key is a uuid are read and written; a uuid for a text is only read."""

from typing import Any, LiteralString
from uuid import uuid4

import pytest

from support.shop import Shop
from support.webhook_server import Reply

OPS = "ops@example.com"
READING = (
    ("agents",),
    ("history",),
    ("history", "--user", OPS),
    ("credits",),
    ("credits", "--user", OPS),
    ("audit",),
)
_LEDGER: LiteralString = (
    "DROP FUNCTION deduct_credits_atomic; DROP FUNCTION add_credits_atomic; "
    "ALTER TABLE credit_transactions ALTER {} TYPE {} USING {}::text"
)
_USER: LiteralString = (
    "ALTER TABLE agent_executions DROP CONSTRAINT agent_executions_user_id_fkey, ALTER user_id TYPE text"
)
_BALANCES: LiteralString = (
    "CREATE TABLE user_credits (user_id text PRIMARY KEY, credits integer NOT NULL DEFAULT 0); "
    "INSERT INTO user_credits SELECT id::text, credits FROM profiles; "
    "DROP FUNCTION deduct_credits_atomic; DROP FUNCTION add_credits_atomic; "
    "ALTER TABLE profiles DROP COLUMN credits"
)
MARKETPLACES: dict[str, tuple[LiteralString, ...]] = {
    "the ledger's execution, varchar": (_LEDGER.format("execution_id", "varchar(255)", "execution_id"),),
    "the ledger's execution, text": (_LEDGER.format("execution_id", "text", "execution_id"),),
    "the ledger's user": (
        "ALTER TABLE credit_transactions DROP CONSTRAINT credit_transactions_user_id_fkey",
        _LEDGER.format("user_id", "text", "user_id"),
    ),
    "the executions' user": (_USER,),
    "the executions' user, with the reference's function": (
        _USER,
        "ALTER TABLE agent_executions ALTER user_id TYPE char(36)",
    ),
    "the executions' agent": (
        "ALTER TABLE agent_executions DROP CONSTRAINT agent_executions_agent_id_fkey",
        "ALTER TABLE agent_executions ALTER agent_id TYPE varchar(36)",
    ),
    "the balances' user": (_BALANCES,),
}


def read_balances(shop: Shop) -> list[Any]:
    """Return the balances that are not the sum of the user's rows in the ledger."""
    (exists,) = shop.marketplace.execute("SELECT to_regclass('user_credits') IS NOT NULL")[0]
    table = "(SELECT user_id AS id, credits FROM user_credits)" if exists else "profiles"
    return shop.marketplace.execute(
        f"SELECT id FROM {table} p WHERE credits <> (SELECT coalesce(sum(amount), 0) "
        "FROM credit_transactions t WHERE t.user_id::text = p.id::text)".encode()
    )


@pytest.mark.parametrize("name", MARKETPLACES)
def test_a_reference_that_is_a_text_holds_the_text_of_the_key(shop: Shop, name: str) -> None:
    for statement in MARKETPLACES[name]:
        shop.marketplace.execute(statement)

    ran = shop.run_json("seo-blog", "topic=Tea")["data"]["execution"]["id"]
    shop.answer(Reply.json({"message": "Error in workflow"}, 500))
    failed = shop.run_json("seo-blog", "topic=Tea", exit_code=1)["data"]["execution"]["id"]
    assert shop.program("credits", "grant", OPS, "7", "--reason", "goodwill").exit_code == 0

    assert shop.ledger() == [
        ("usage", -10, ran),
        ("usage", -10, failed),
        ("refund", 10, failed),
        ("bonus", 7, None),
    ]
    assert read_balances(shop) == []
    for command in READING:
        assert shop.program(*command).exit_code == 0, command
    listed = shop.program("history", "--user", OPS, "--json").json["data"]["executions"]
    assert [row["id"] for row in listed] == [failed, ran]
    assert {row["user"]["email"] for row in listed} == {OPS}
    assert {row["agent"]["name"] for row in listed} == {"SEO Blog"}
    shown = shop.program("history", failed[:8], "--json").json["data"]
    assert [entry["amount"] for entry in shown["ledger"]] == [-10, 10]


def test_references_to_purchases_beside_those_to_executions_are_no_executions(shop: Shop) -> None:
    shop.marketplace.execute(MARKETPLACES["the ledger's execution, text"][0])
    shop.marketplace.execute("UPDATE credit_transactions SET execution_id = 'pi_3Nx' WHERE type = 'purchase'")
    shop.marketplace.execute(
        "INSERT INTO credit_transactions (user_id, type, amount, balance_after, execution_id) "
        "SELECT id, 'adjustment', 0, credits, %s FROM profiles",
        [str(uuid4())],
    )

    assert shop.run("seo-blog", "topic=Tea").exit_code == 0
    assert shop.program("audit", "--json").json["data"]["scanned"]["ledger_rows"] == 5
    assert read_balances(shop) == []


@pytest.mark.parametrize(
    "name", ["the executions' user", "the ledger's user", "the ledger's execution, text"]
)
def test_a_text_whose_rows_hold_something_else_is_refused(shop: Shop, name: str) -> None:
    for statement in MARKETPLACES[name]:
        shop.marketplace.execute(statement)
    of_execution = "execution" in name and "user" not in name
    column = b"execution_id" if of_execution else b"user_id"
    if "executions' user" in name:
        shop.marketplace.execute(
            "INSERT INTO agent_executions (user_id, agent_id, status) "
            "SELECT 'user_2aB', id, 'success' FROM agents LIMIT 1"
        )
    else:
        shop.marketplace.execute(b"UPDATE credit_transactions SET " + column + b" = 'user_2aB'")
    before = len(shop.rows())

    refused = shop.run_json("seo-blog", "topic=Tea", exit_code=3)["error"]

    assert refused["code"] == "key_mismatch"
    assert column.decode() in refused["message"]
    assert len(shop.rows()) == before
    for command in READING[:-1]:
        assert shop.program(*command).exit_code == 0, command


def test_a_uuid_for_users_whose_ids_are_texts_is_read_and_not_written(shop: Shop) -> None:
    shop.marketplace.execute(
        "ALTER TABLE agent_executions DROP CONSTRAINT agent_executions_user_id_fkey; "
        "ALTER TABLE credit_transactions DROP CONSTRAINT credit_transactions_user_id_fkey; "
        "DROP FUNCTION deduct_credits_atomic; DROP FUNCTION add_credits_atomic; "
        "ALTER TABLE profiles ALTER id TYPE text"
    )
    shop.marketplace.execute(
        "INSERT INTO agent_executions (user_id, agent_id, status) SELECT p.id::uuid, a.id, 'success' "
        "FROM profiles p, agents a WHERE p.email = %s AND a.name = 'SEO Blog'",
        [OPS],
    )

    for command in READING:
        assert shop.program(*command).exit_code == 0, command
    listed = shop.program("history", "--user", OPS, "--json").json["data"]["executions"]
    assert [row["user"]["email"] for row in listed] == [OPS]
    refused = shop.run_json("seo-blog", "topic=Tea", exit_code=3)["error"]
    assert refused["code"] == "key_mismatch"
    assert shop.program("credits", "grant", OPS, "7", "--reason", "x").exit_code == 3
    assert len(shop.rows()) == 1

    for _ in range(2):  # the executions', then the ledger's
        statement = refused["hint"].partition("change its type: ")[2]
        shop.marketplace.execute(statement.encode())
        done = shop.run("seo-blog", "topic=Tea", "--json")
        refused = done.json["error"] or {}
    assert done.exit_code == 0
    assert read_balances(shop) == []
