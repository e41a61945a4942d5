"""The ledger on real tables: exact amounts, whole movements, and no trust in what a function merely says."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from typing import LiteralString
from uuid import UUID

import pytest

from agentctl.core import ledger, ledger_reports
from agentctl.core.catalog import introspect
from agentctl.core.database import Connection, at, in_transaction
from agentctl.core.errors import PermissionDenied, Refused, SchemaLacks, UsageError
from agentctl.core.mapping import Marketplace as Mapped
from agentctl.core.mapping import marketplace as mapped
from agentctl.core.models import Credits, User
from agentctl.core.users import get_user
from support.executions import balance, plant, refunds
from support.marketplace import Marketplace

OPS = "ops@example.com"
AGENT = UUID("00000000-0000-4000-8000-0000000000b1")


@contextmanager
def opened(marketplace: Marketplace, url: str | None = None) -> Iterator[tuple[Connection, Mapped, User]]:
    with at(url or marketplace.url, place="test").connect() as connection:
        market = mapped(introspect(connection))
        yield connection, market, get_user(connection, market.users, OPS)


def charge(marketplace: Marketplace, execution: UUID, price: Credits = 10) -> ledger.Movement:
    with opened(marketplace) as (connection, market, user):
        return in_transaction(
            connection,
            lambda: ledger.charge(
                connection, market, user=user, price=price, agent=AGENT, execution=execution
            ),
        )


def refund(marketplace: Marketplace, execution: UUID) -> ledger.Movement | None:
    with opened(marketplace) as (connection, market, user):
        return in_transaction(
            connection, lambda: ledger.refund(connection, market, user=user.id, execution=execution)
        )


@pytest.fixture
def execution(marketplace: Marketplace) -> UUID:
    return plant(marketplace, status="failed")


def test_a_charge_moves_balance_and_ledger_together(marketplace: Marketplace, execution: UUID) -> None:
    moved = charge(marketplace, execution)

    assert moved == ledger.Movement(amount=-10, balance_before=100, balance_after=90)
    assert balance(marketplace) == 90


def test_too_few_credits_are_refused_with_both_numbers(marketplace: Marketplace, execution: UUID) -> None:
    with pytest.raises(Refused, match="has 100 credits; 101 are needed") as refusal:
        charge(marketplace, execution, 101)

    assert refusal.value.code == "insufficient_credits"
    assert balance(marketplace) == 100


def test_charges_at_once_never_overdraw(marketplace: Marketplace) -> None:
    executions = [plant(marketplace, status="running") for _ in range(8)]

    def tried(execution: UUID) -> bool:
        try:
            return bool(charge(marketplace, execution, 30))
        except Refused:
            return False

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(tried, executions)) == [False] * 5 + [True] * 3
    assert balance(marketplace) == 10


LIES: dict[str, LiteralString] = {
    "another amount": """'{"success": true, "new_balance": 99, "amount_deducted": 1}'""",
    "no balance": """'{"success": true}'""",
    "a balance that is none": """'{"success": true, "new_balance": "many"}'""",
    "no object": "'true'",
    "nothing": "NULL",
    "a refusal without a reason": """'{"success": false}'""",
}


@pytest.mark.parametrize("answer", LIES.values(), ids=LIES.keys())
def test_a_function_that_says_something_else_charges_nothing(
    marketplace: Marketplace, execution: UUID, answer: LiteralString
) -> None:
    marketplace.execute(
        "CREATE OR REPLACE FUNCTION deduct_credits_atomic(p_user_id uuid, p_amount integer, "
        "p_agent_id uuid DEFAULT NULL, p_execution_id uuid DEFAULT NULL) RETURNS jsonb LANGUAGE sql AS $$ "
        "UPDATE profiles SET credits = credits - 1 WHERE id = p_user_id; SELECT " + answer + "::jsonb $$"
    )

    with pytest.raises((Refused, SchemaLacks)):
        charge(marketplace, execution)

    assert balance(marketplace) == 100


def test_a_decimal_stays_a_decimal(marketplace: Marketplace, execution: UUID) -> None:
    marketplace.execute("ALTER TABLE profiles ALTER credits TYPE numeric(12,2)")
    marketplace.execute(
        "ALTER TABLE credit_transactions ALTER amount TYPE numeric, ALTER balance_after TYPE numeric"
    )
    marketplace.execute("UPDATE profiles SET credits = 100.10 WHERE email = 'ops@example.com'")
    marketplace.execute("UPDATE credit_transactions SET amount = 100.10 WHERE amount = 100")
    marketplace.execute("DROP FUNCTION deduct_credits_atomic")
    marketplace.execute(
        "CREATE FUNCTION deduct_credits_atomic(p_user_id uuid, p_amount numeric, "
        "p_agent_id uuid DEFAULT NULL, p_execution_id uuid DEFAULT NULL) RETURNS jsonb LANGUAGE plpgsql "
        "AS $$ DECLARE after numeric; BEGIN "
        "UPDATE profiles SET credits = credits - p_amount WHERE id = p_user_id RETURNING credits INTO after; "
        "INSERT INTO credit_transactions (user_id, type, amount, balance_after, execution_id) "
        "VALUES (p_user_id, 'usage', -p_amount, after, p_execution_id); "
        "RETURN jsonb_build_object('success', true, 'new_balance', after); END $$"
    )

    moved = charge(marketplace, execution, Decimal("0.30"))
    assert (moved.balance_before, moved.balance_after) == (Decimal("100.10"), Decimal("99.80"))
    assert isinstance(moved.balance_after, Decimal)
    back = refund(marketplace, execution)
    assert back
    assert (back.amount, back.balance_after) == (Decimal("0.30"), Decimal("100.10"))


def test_a_price_with_a_fraction_is_refused_where_credits_are_whole(
    marketplace: Marketplace, execution: UUID
) -> None:
    with pytest.raises(SchemaLacks, match="whole numbers"):
        charge(marketplace, execution, Decimal("0.5"))

    assert balance(marketplace) == 100


def test_a_refund_gives_back_what_the_ledger_says_and_once(marketplace: Marketplace) -> None:
    execution = plant(marketplace, status="failed", charged=10)

    with ThreadPoolExecutor(8) as threads:
        moved = list(threads.map(lambda _: refund(marketplace, execution), range(8)))

    assert [one.amount for one in moved if one] == [10]
    assert refunds(marketplace, execution) == [10]
    assert balance(marketplace) == 100


def test_what_cost_nothing_is_not_refunded(marketplace: Marketplace, execution: UUID) -> None:
    assert refund(marketplace, execution) is None
    assert balance(marketplace) == 100


@pytest.mark.parametrize("keyed", [True, False])
def test_a_grant_with_an_id_happens_once(marketplace: Marketplace, keyed: bool) -> None:
    row = UUID(int=7) if keyed else None

    def granted(_: int) -> bool:
        with opened(marketplace) as (connection, market, user):
            moved = in_transaction(
                connection, lambda: ledger.grant(connection, market, user=user, amount=5, row_id=row)
            )
        return moved is not None

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(granted, range(8))) == (1 if keyed else 8)
    assert balance(marketplace) == (105 if keyed else 140)


@pytest.mark.parametrize("text", ["0", "-1", "x", "1e400", "NaN", "1.5", "9" * 30, ""])
def test_an_amount_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        ledger.parse_amount(text, column_type="integer")


@pytest.mark.parametrize(
    ("text", "column_type", "amount"),
    [("5", "integer", 5), ("5.0", "integer", 5), ("1.25", "numeric", Decimal("1.25"))],
)
def test_an_amount_is_read_exactly(text: str, column_type: str, amount: Credits) -> None:
    assert ledger.parse_amount(text, column_type=column_type) == amount


def _reader(marketplace: Marketplace) -> str:
    url = marketplace.add_role("reader")
    role = f"{marketplace.name}_reader"
    marketplace.execute(f"GRANT SELECT, UPDATE, INSERT ON ALL TABLES IN SCHEMA public TO {role}".encode())
    marketplace.execute("CREATE POLICY everybody ON profiles USING (true)")
    return url


def test_a_ledger_that_is_hidden_is_not_taken_for_empty(marketplace: Marketplace) -> None:
    execution = plant(marketplace, status="failed", charged=10)
    url = _reader(marketplace)

    with opened(marketplace, url) as (connection, market, user):
        with pytest.raises(PermissionDenied, match="Row level security"):
            ledger.refund(connection, market, user=user.id, execution=execution)
        with pytest.raises(PermissionDenied, match="Row level security"):
            ledger_reports.totals(connection, market, largest=5)
        with pytest.raises(PermissionDenied, match="Row level security"):
            ledger_reports.sums(connection, market.ledger, [execution])


def test_sums_tell_what_each_execution_cost(marketplace: Marketplace) -> None:
    charged = plant(marketplace, charged=10)
    back = plant(marketplace, status="failed", charged=10)
    refund(marketplace, back)

    with opened(marketplace) as (connection, market, _):
        found = ledger_reports.sums(connection, market.ledger, [charged, back, UUID(int=1)])

    assert found == {charged: (10, 0), back: (10, 10)}
