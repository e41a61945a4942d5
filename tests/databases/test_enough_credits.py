"""Who may spend: a function that checks nothing is not believed, and held credits are not spent."""

from collections.abc import Callable
from typing import Any, LiteralString

import pytest

from support.shop import Shop, configure

POOR, OPS = "poor@example.com", "ops@example.com"
RUN = ("run", "seo-blog", "topic=Tea", "--user")
_TAKE: LiteralString = """
    UPDATE profiles SET credits = credits - p_amount WHERE id = p_user_id;
    INSERT INTO credit_transactions (user_id, execution_id, type, amount, balance_after)
        SELECT p_user_id, p_execution_id, 'usage', -p_amount, credits FROM profiles WHERE id = p_user_id;
"""
UNCHECKED: dict[str, tuple[LiteralString, LiteralString]] = {
    "nothing": ("void", ""),
    "true": ("boolean", "SELECT true;"),
    "success": ("jsonb", "SELECT '{\"success\": true}'::jsonb;"),
    "the new balance": ("integer", "SELECT credits FROM profiles WHERE id = p_user_id;"),
}


def check_nothing(shop: Shop, returns: LiteralString, answer: LiteralString) -> None:
    """Give the marketplace a function that takes credits whether there are any or not."""
    shop.marketplace.execute("ALTER TABLE profiles DROP CONSTRAINT profiles_credits_check")
    shop.marketplace.execute("DROP FUNCTION deduct_credits_atomic")
    shop.marketplace.execute(
        "CREATE FUNCTION deduct_credits_atomic(p_user_id uuid, p_amount integer, p_execution_id uuid) "
        "RETURNS " + returns + " LANGUAGE sql SECURITY DEFINER AS $$" + _TAKE + answer + "$$"
    )


def refuse(shop: Shop, *command: str, code: str = "insufficient_credits") -> dict[str, Any]:
    """Require that a run is refused, and that nothing is written or sent."""
    before = (shop.rows(), shop.ledger(), len(shop.webhook.requests))
    refused = shop.program(*command, "--json")
    assert refused.exit_code == 4, refused
    assert (shop.rows(), shop.ledger(), len(shop.webhook.requests)) == before
    error: dict[str, Any] = refused.json["error"]
    assert error["code"] == code
    return error


@pytest.mark.parametrize("answer", UNCHECKED)
def test_refuses_a_run_that_the_database_s_function_would_not(shop: Shop, answer: str) -> None:
    check_nothing(shop, *UNCHECKED[answer])

    for options in ((), ("--dry-run",)):
        error = refuse(shop, *RUN, POOR, *options)
        assert error["message"] == f"{POOR} has 3 credits; 10 are needed."
    assert shop.marketplace.execute("SELECT credits FROM profiles ORDER BY 1") == [(3,), (100,)]

    assert shop.run_json(*RUN[1:], OPS)["data"]["credits"]["balance_after"] == 90


def test_does_not_call_the_function_for_a_user_who_has_too_few(shop: Shop) -> None:
    shop.marketplace.execute("CREATE SEQUENCE calls")  # no rollback takes its numbers back
    check_nothing(shop, "bigint", "SELECT nextval('public.calls');")

    refuse(shop, *RUN, POOR)

    assert shop.marketplace.execute("SELECT is_called FROM calls") == [(False,)]


@pytest.mark.parametrize("answer", UNCHECKED)
def test_rolls_back_a_charge_below_zero_where_the_balance_cannot_be_locked(shop: Shop, answer: str) -> None:
    check_nothing(shop, *UNCHECKED[answer])
    url = shop.marketplace.add_role("reader")
    role = f"{shop.marketplace.name}_reader"
    shop.marketplace.execute(
        f"ALTER ROLE {role} BYPASSRLS; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}; "
        f"GRANT INSERT, UPDATE ON agent_executions, credit_transactions TO {role}".encode()
    )
    configure(shop.program, shop.marketplace)
    config = shop.program.home / "agentctl.toml"
    config.write_text(config.read_text().replace(shop.marketplace.url, url))

    # A function that answers with a number below zero means that it refuses.
    refuse(shop, *RUN, POOR, code="charge_refused" if answer == "the new balance" else "insufficient_credits")

    assert shop.marketplace.execute("SELECT credits FROM profiles ORDER BY 1") == [(3,), (100,)]
    assert shop.run_json(*RUN[1:], OPS)["data"]["credits"]["balance_after"] == 90


HELD = ("reserved_credits", "held", "frozen_balance", "locked_credits", "pending_credits", "credits_on_hold")


def hold(shop: Shop, column: str, amount: int) -> None:
    """Add a column of held credits, and hold some of the operator's."""
    shop.marketplace.execute(f'ALTER TABLE profiles ADD COLUMN "{column}" integer'.encode())
    shop.marketplace.execute(f'UPDATE profiles SET "{column}" = {amount} WHERE email = %s'.encode(), (OPS,))


@pytest.mark.parametrize("column", HELD)
def test_held_credits_are_not_spent(shop: Shop, column: str) -> None:
    hold(shop, column, 95)

    for options in ((), ("--dry-run",)):
        error = refuse(shop, *RUN, OPS, *options)
        assert error["message"] == f"{OPS} has 100 credits (95 held); 10 are needed."

    shop.marketplace.execute(f'UPDATE profiles SET "{column}" = 90 WHERE email = %s'.encode(), (OPS,))
    assert shop.run_json(*RUN[1:], OPS)["data"]["credits"]["balance_after"] == 90
    refuse(shop, *RUN, OPS)


def test_shows_held_credits(shop: Shop) -> None:
    hold(shop, "reserved_credits", 95)

    shown = shop.program("credits", "--user", OPS)
    assert "95 credits of it cannot be spent" in shown.stdout
    data = shop.program("credits", "--user", OPS, "--json").json["data"]
    assert (data["balance"], data["held"]) == (100, 95)
    largest = shop.program("credits", "--json").json["data"]["largest"]
    assert [(user["balance"], user["held"]) for user in largest] == [(100, 95), (3, None)]


def test_init_writes_down_which_column_holds_credits(shop: Shop) -> None:
    hold(shop, "reserved_credits", 95)
    (shop.program.home / "agentctl.toml").unlink()

    shop.program("init", "--database-url", shop.marketplace.url)

    assert 'held = "reserved_credits"' in (shop.program.home / "agentctl.toml").read_text()


@pytest.mark.parametrize(("setting", "exit_code"), [('held = "blocked"', 4), ('held = ""', 0)])
def test_the_configuration_says_what_is_held(
    shop_with: Callable[..., Shop], setting: str, exit_code: int
) -> None:
    shop = shop_with(more=f"[profiles.test.schema.users]\n{setting}")
    hold(shop, "blocked" if exit_code else "reserved_credits", 95)

    assert shop.run(*RUN[1:], OPS).exit_code == exit_code


def test_held_credits_in_a_table_of_balances_are_not_spent(shop: Shop) -> None:
    shop.marketplace.execute("""
        CREATE TABLE user_credits (user_id uuid PRIMARY KEY REFERENCES profiles, balance integer NOT NULL,
            reserved integer NOT NULL DEFAULT 0);
        INSERT INTO user_credits SELECT id, credits, 95 FROM profiles;
        ALTER TABLE profiles DROP COLUMN credits CASCADE;
        DROP FUNCTION deduct_credits_atomic; DROP FUNCTION add_credits_atomic;
    """)

    assert refuse(shop, *RUN, OPS)["message"] == f"{OPS} has 100 credits (95 held); 10 are needed."


def test_what_is_held_and_hidden_from_the_role_refuses_a_run(shop: Shop) -> None:
    hold(shop, "reserved_credits", 95)
    url = shop.marketplace.add_role("blind")
    role = f"{shop.marketplace.name}_blind"
    shop.marketplace.execute(
        f"ALTER ROLE {role} BYPASSRLS; GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}; "
        f"REVOKE ALL ON profiles FROM {role}; GRANT SELECT (id, email, credits) ON profiles TO {role}; "
        f"GRANT UPDATE (credits) ON profiles TO {role}".encode()
    )
    config = shop.program.home / "agentctl.toml"
    config.write_text(config.read_text().replace(shop.marketplace.url, url))

    refused = shop.run(*RUN[1:], OPS)

    assert refused.exit_code == 3
    assert shop.rows() == []
