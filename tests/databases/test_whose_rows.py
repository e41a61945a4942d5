"""Numbers of two tables look alike: a key to other rows is never taken for a user or an execution."""

from collections.abc import Callable
from typing import LiteralString

import pytest

from databases.example import Example, examples
from databases.operating import Operator
from databases.steps import do_everything
from support.shop import Shop
from support.webhook_server import Reply

OPS = "ops@example.com"
WALLETS: LiteralString = """
    DROP FUNCTION deduct_credits_atomic; DROP FUNCTION add_credits_atomic;
    CREATE TABLE wallets (id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        user_id uuid UNIQUE REFERENCES profiles);
    INSERT INTO wallets (user_id) SELECT id FROM profiles;
"""
BY_WALLET: LiteralString = """
    ALTER TABLE credit_transactions ADD COLUMN account_id uuid REFERENCES wallets;
    UPDATE credit_transactions t SET account_id = w.id FROM wallets w WHERE w.user_id = t.user_id;
    ALTER TABLE credit_transactions DROP COLUMN user_id CASCADE, ALTER account_id SET NOT NULL;
"""
BY_OWNER: LiteralString = """
    ALTER TABLE credit_transactions DROP CONSTRAINT credit_transactions_user_id_fkey,
        ADD FOREIGN KEY (user_id) REFERENCES wallets (user_id);
"""


OF_SUPABASE: LiteralString = """
    CREATE SCHEMA auth;
    CREATE TABLE auth.users (id uuid PRIMARY KEY, email text);
    INSERT INTO auth.users SELECT id, email FROM profiles;
"""


def find_ids(shop: Shop) -> set[str]:
    """Return the ids of what schema-check finds."""
    done = shop.program("schema-check", "--json")
    return {finding["id"] for finding in done.json["data"]["findings"]}


def load_laravel(operator_of: Callable[[Example], Operator], change: str) -> Operator:
    """Return an operator of the marketplace whose ledger has a link beside a class, with a change."""
    (example,) = (example for example in examples() if example.name == "laravel")
    operator = operator_of(example)
    operator.execute(change)
    operator.init()
    return operator


def test_a_ledger_of_wallets_is_not_taken_for_one_of_users(shop: Shop) -> None:
    shop.marketplace.execute(WALLETS)
    shop.marketplace.execute(BY_WALLET)
    before = shop.marketplace.execute("SELECT count(*), sum(amount) FROM credit_transactions")

    assert "key-elsewhere" in find_ids(shop)
    for command in (("run", "seo-blog", "topic=Tea"), ("credits", "grant", OPS, "7", "--reason", "a gift")):
        refused = shop.program(*command, "--json")
        assert refused.exit_code == 3, refused
        assert "account_id refers to wallets" in refused.json["error"]["message"]
    assert shop.marketplace.execute("SELECT count(*), sum(amount) FROM credit_transactions") == before
    assert shop.rows() == []
    for reading in (("agents",), ("history",), ("credits", "--user", OPS)):
        assert shop.program(*reading).exit_code == 0


def test_a_key_that_leads_to_the_users_by_way_of_another_table_is_right(shop: Shop) -> None:
    shop.marketplace.execute(WALLETS)
    shop.marketplace.execute(BY_OWNER)

    assert "key-elsewhere" not in find_ids(shop)
    assert shop.run("seo-blog", "topic=Tea").exit_code == 0
    assert shop.balances_agree()


@pytest.mark.parametrize("tables", [("agent_executions", "credit_transactions"), ("credit_transactions",)])
def test_a_profile_may_have_the_id_of_supabases_user_without_a_key(
    shop: Shop, tables: tuple[str, ...]
) -> None:
    shop.marketplace.execute(OF_SUPABASE)
    for table in tables:
        change = f"DROP CONSTRAINT {table}_user_id_fkey, ADD FOREIGN KEY (user_id) REFERENCES auth.users"
        shop.marketplace.execute(f"ALTER TABLE {table} {change}".encode())

    assert "key-elsewhere" not in find_ids(shop)
    assert shop.run("seo-blog", "topic=Tea").exit_code == 0
    assert shop.balances_agree()


@pytest.mark.parametrize("owner", ["", ", owner_id bigint REFERENCES users"], ids=["untied", "owned"])
def test_the_number_of_an_account_is_not_taken_for_that_of_its_owner(
    operator_of: Callable[[Example], Operator], owner: str
) -> None:
    operator = load_laravel(
        operator_of,
        f"CREATE TABLE credit_accounts (id bigserial PRIMARY KEY, name text{owner}); "
        "INSERT INTO credit_accounts (name) VALUES ('one'), ('two'); "
        "ALTER TABLE credit_transactions ADD COLUMN account_id bigint REFERENCES credit_accounts; "
        "UPDATE credit_transactions SET account_id = 3 - user_id; "
        "ALTER TABLE credit_transactions DROP COLUMN user_id, ADD COLUMN execution_id bigint",
    )
    before = operator.contents()

    operator("run", "--user", OPS, "seo-blog", "topic=Tea", exit_code=3)

    assert "key-elsewhere" in operator.findings()
    assert operator.contents() == before


@pytest.mark.parametrize("companion", ["execution_type", "run_type", "reference_type"])
def test_a_reference_that_is_no_number_is_used_whatever_stands_beside_it(shop: Shop, companion: str) -> None:
    link = companion.replace("type", "id")
    rename = f"ALTER TABLE credit_transactions RENAME COLUMN execution_id TO {link};"
    change = f"ALTER TABLE credit_transactions ADD COLUMN {companion} text;"
    drop = "DROP FUNCTION deduct_credits_atomic; DROP FUNCTION add_credits_atomic;"
    shop.marketplace.execute(f"{drop} {rename if link != 'execution_id' else ''} {change}".encode())
    shop.answer(Reply.json({"message": "Error in workflow"}, 500))

    assert shop.run("seo-blog", "topic=Tea").exit_code == 1

    assert "link-shared" not in find_ids(shop)
    linked = f"SELECT sum(amount), count(*) FROM credit_transactions WHERE {link} IS NOT NULL"
    assert shop.marketplace.execute(linked.encode()) == [(0, 2)]


def test_a_link_beside_a_class_is_set_aside_where_the_execution_has_its_cost(
    operator_of: Callable[[Example], Operator],
) -> None:
    operator = load_laravel(
        operator_of,
        "ALTER TABLE agent_runs ADD COLUMN credits_used integer; "
        "UPDATE agent_runs SET credits_used = CASE status WHEN 'success' THEN 10 ELSE 0 END",
    )

    do_everything(operator)


def test_a_link_beside_a_class_is_set_aside_even_where_it_is_configured(
    operator_of: Callable[[Example], Operator],
) -> None:
    operator = load_laravel(operator_of, "SELECT")
    config = operator.config
    config.write_text(
        config.read_text().replace(
            "[profiles.default.schema.ledger]", '[profiles.default.schema.ledger]\nexecution = "source_id"', 1
        )
    )
    before = operator.contents()

    operator("run", "--user", OPS, "seo-blog", "topic=Tea", exit_code=3)

    assert {"link-shared", "ledger-unlinked"} <= set(operator.findings())
    assert operator.contents() == before
