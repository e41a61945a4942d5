"""Credits with more digits than Python's default precision are moved and shown exactly."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import LiteralString

import pytest

from support.broken import RUN
from support.executions import OPS
from support.shop import Shop
from support.webhook_server import Reply

PRICE = "12345678901234567890.000000000000000000001234567890123"
BALANCE = "99999999999999999999.999999999999999999999999999999999"
LEFT = "87654321098765432109.999999999999999999998765432109876"
SMALL = "0.000000000000000000000000000000000000000001"
NUMERIC: LiteralString = (
    "ALTER TABLE profiles ALTER credits TYPE numeric; ALTER TABLE agents ALTER credit_cost TYPE numeric; "
    "ALTER TABLE credit_transactions ALTER amount TYPE numeric, ALTER balance_after TYPE numeric; "
    "ALTER TABLE agent_executions ALTER credits_used TYPE numeric; DROP FUNCTION deduct_credits_atomic; "
)
FUNCTION: LiteralString = """
CREATE FUNCTION deduct_credits_atomic(p_user_id uuid, p_amount numeric, p_execution_id uuid)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE v_after numeric;
BEGIN
    UPDATE profiles SET credits = credits - p_amount WHERE id = p_user_id RETURNING credits INTO v_after;
    INSERT INTO credit_transactions (user_id, type, amount, balance_after, execution_id)
    VALUES (p_user_id, 'usage', -p_amount, v_after, p_execution_id);
    RETURN jsonb_build_object('success', true, 'previous_balance', v_after + p_amount,
                              'amount_deducted', p_amount, 'new_balance', v_after);
END $$"""


@pytest.fixture(params=["", FUNCTION], ids=["charged by agentctl", "charged by a function"])
def shop(shop_with: Callable[..., Shop], request: pytest.FixtureRequest) -> Shop:
    made = shop_with("credits_used")
    made.marketplace.execute(f"{NUMERIC} {request.param}".encode())
    made.marketplace.execute("UPDATE profiles SET credits = %s WHERE id = %s", (Decimal(BALANCE), OPS))
    made.marketplace.execute(
        "UPDATE credit_transactions SET amount = %s, balance_after = %s WHERE user_id = %s",
        (Decimal(BALANCE), Decimal(BALANCE), OPS),
    )
    made.marketplace.execute("UPDATE agents SET credit_cost = %s", (Decimal(PRICE),))
    return made


def test_a_charge_and_its_refund_are_exact_and_shown_to_the_last_digit(shop: Shop) -> None:
    assert Fraction(BALANCE) - Fraction(PRICE) == Fraction(LEFT)
    paid = shop.run_json(*RUN[1:])["data"]["credits"]
    assert paid == {
        "cost": PRICE,
        "charged": PRICE,
        "refunded": 0,
        "balance_before": BALANCE,
        "balance_after": LEFT,
    }
    (one,) = shop.program("history", "--json").json["data"]["executions"]
    assert (one["credits"]["charged"], one["credits_used"]) == (PRICE, PRICE)
    for shown in (shop.program("history"), shop.program("history", "--all", "--format", "csv")):
        assert PRICE in shown.stdout
    of_user = shop.program("credits", "--user", str(OPS), "--json").json["data"]
    assert (of_user["balance"], of_user["ledger"][0]["amount"]) == (LEFT, f"-{PRICE}")

    shop.answer(Reply.json({"message": "Error in workflow"}, 500))
    failed = shop.run_json(*RUN[1:], exit_code=1)["data"]["credits"]
    assert (failed["refunded"], failed["balance_after"]) == (PRICE, LEFT)
    assert shop.balances_agree()
    assert shop.program("audit", "--json").exit_code == 0


def test_a_grant_of_the_smallest_fraction_is_exact(shop: Shop) -> None:
    granted = shop.program("credits", "grant", str(OPS), SMALL, "--reason", "x", "--json").json["data"]

    assert Fraction(granted["balance_after"]) == Fraction(BALANCE) + Fraction(SMALL)
    assert shop.balances_agree()


def test_refuses_a_user_who_lacks_the_smallest_fraction(shop: Shop) -> None:
    shop.marketplace.execute("UPDATE agents SET credit_cost = %s", (Decimal(BALANCE),))
    shop.marketplace.execute("UPDATE agents SET credit_cost = credit_cost + %s::numeric", (SMALL,))
    cost = shop.marketplace.execute("SELECT credit_cost::text FROM agents LIMIT 1")[0][0]

    for options in ((), ("--dry-run",)):
        error = shop.run_json(*RUN[1:], *options, exit_code=4)["error"]
        assert error["message"] == f"ops@example.com has {BALANCE} credits; {cost} are needed."
