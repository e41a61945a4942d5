"""The ledger on real tables: exact amounts, complete movements, and no trust in a function's answer."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from typing import LiteralString
from uuid import UUID

import pytest

from agentctl.core.catalog.introspection import introspect
from agentctl.core.credits import balances, ledger_reports, movements
from agentctl.core.credits.users import get_user
from agentctl.core.database.connection import Connection, read_database_url
from agentctl.core.database.transactions import in_transaction
from agentctl.core.errors import DatabaseTrouble, PermissionDenied, Refused, SchemaLacks, UsageError
from agentctl.core.executions.lookup import get_execution
from agentctl.core.mapping import Marketplace as Mapped
from agentctl.core.mapping import get_marketplace
from agentctl.core.models import Credits, User
from agentctl.core.settling.by_hand import grant_credits, refund_execution
from support.executions import balance, plant, refunds
from support.marketplace import Marketplace

OPS = "ops@example.com"
AGENT = UUID("00000000-0000-4000-8000-0000000000b1")


@contextmanager
def opened(marketplace: Marketplace, url: str | None = None) -> Iterator[tuple[Connection, Mapped, User]]:
    with read_database_url(url or marketplace.url, source="test").connect() as connection:
        market = get_marketplace(introspect(connection))
        yield connection, market, get_user(connection, market.users, OPS)


def charge(
    marketplace: Marketplace, execution: UUID, price: Credits = 10, url: str | None = None
) -> movements.Movement:
    with opened(marketplace, url) as (connection, market, user):
        return in_transaction(
            connection,
            lambda: movements.charge(
                connection,
                market,
                user=user,
                price=price,
                agent=AGENT,
                execution=execution,
                before=balances.lock_user(connection, market, user.id),
            ),
        )


def refund(marketplace: Marketplace, execution: UUID) -> movements.Movement | None:
    with opened(marketplace) as (connection, market, user):
        return in_transaction(
            connection, lambda: movements.refund(connection, market, user=user.id, execution=execution)
        )


def grant(
    marketplace: Marketplace, row: UUID | None, amount: Credits = 5, url: str | None = None
) -> movements.Movement | None:
    with opened(marketplace, url) as (connection, market, user):
        return in_transaction(
            connection, lambda: movements.grant(connection, market, user=user, amount=amount, row_id=row)
        )


@pytest.fixture
def execution(marketplace: Marketplace) -> UUID:
    return plant(marketplace, status="failed")


def test_a_charge_moves_balance_and_ledger_together(marketplace: Marketplace, execution: UUID) -> None:
    moved = charge(marketplace, execution)

    assert moved == movements.Movement(amount=-10, balance_before=100, balance_after=90)
    assert balance(marketplace) == 90


def test_refuses_a_charge_above_the_balance_with_both_amounts(
    marketplace: Marketplace, execution: UUID
) -> None:
    with pytest.raises(Refused, match="has 100 credits; 101 are needed") as refusal:
        charge(marketplace, execution, 101)

    assert refusal.value.code == "insufficient_credits"
    assert balance(marketplace) == 100


def test_concurrent_charges_never_overdraw(marketplace: Marketplace) -> None:
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
def test_a_function_with_another_answer_charges_nothing(
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


PAID: LiteralString = '{"success": true, "previous_balance": 100, "amount_deducted": 10, "new_balance": 90}'
SOMEBODY_ELSE: LiteralString = "(SELECT id FROM profiles WHERE id <> p_user_id)"
# What it takes, which rows it writes, and what it says of a charge of 10 to a balance of 100.
SWINDLES: dict[str, tuple[int, LiteralString, LiteralString]] = {
    "less from the balance": (1, "(p_user_id, -10, p_execution_id)", PAID),
    "less from the balance, and says little": (1, "(p_user_id, -10, p_execution_id)", '{"success": true}'),
    "nothing into the ledger": (10, "(p_user_id, 0, p_execution_id)", PAID),
    "less into the ledger": (10, "(p_user_id, -1, p_execution_id)", PAID),
    "twice into the ledger": (10, "(p_user_id, -10, p_execution_id), (p_user_id, -10, p_execution_id)", PAID),
    "for somebody else": (10, "(" + SOMEBODY_ELSE + ", -10, p_execution_id)", PAID),
    "a discount, told": (
        8,
        "(p_user_id, -8, p_execution_id)",
        '{"success": true, "previous_balance": 100, "amount_deducted": 8, "new_balance": 92}',
    ),
    "a balance that never was": (
        10,
        "(p_user_id, -10, p_execution_id)",
        '{"success": true, "previous_balance": 101, "amount_deducted": 10, "new_balance": 90}',
    ),
}


def _let_it_charge(marketplace: Marketplace, *, taken: int, rows: str, answer: LiteralString) -> None:
    rows = rows.replace("p_user_id", "$1").replace("p_execution_id", "$2")
    # A source that takes a number of its own is refused when it is read; this one cannot be read.
    body = (
        "ALTER TABLE credit_transactions DROP CONSTRAINT credit_transactions_type_and_sign; "
        "CREATE OR REPLACE FUNCTION deduct_credits_atomic(p_user_id uuid, p_amount integer, p_agent_id uuid "
        "DEFAULT NULL, p_execution_id uuid DEFAULT NULL) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN "
        f"EXECUTE $q$ UPDATE profiles SET credits = credits - {taken} WHERE id = $1 $q$ "
        "USING p_user_id, p_amount; "
        "EXECUTE $q$ INSERT INTO credit_transactions (user_id, amount, execution_id, type, balance_after) "
        f"SELECT paid.*, 'usage', 90 FROM (VALUES {rows}) AS paid $q$ USING p_user_id, p_execution_id; "
        f"RETURN '{answer}'::jsonb; END $$"
    )
    marketplace.execute(body.encode())


@pytest.mark.parametrize("rows", ["(p_user_id, -10, NULL::uuid)", "(p_user_id, -10, p_execution_id)"])
def test_adds_the_execution_to_a_ledger_row_that_lacks_it(
    marketplace: Marketplace, execution: UUID, rows: LiteralString
) -> None:
    _let_it_charge(marketplace, taken=10, rows=rows, answer=PAID)

    charge(marketplace, execution)

    assert balance(marketplace) == 90
    linked = "SELECT count(*), sum(amount) FROM credit_transactions WHERE execution_id = %s"
    assert marketplace.execute(linked, (execution,)) == [(1, -10)]


def test_writes_the_ledger_row_for_a_function_that_writes_none(
    marketplace: Marketplace, execution: UUID
) -> None:
    _let_it_charge(
        marketplace, taken=10, rows="(p_user_id, -10, NULL::uuid), (p_user_id, 10, NULL::uuid)", answer=PAID
    )
    with pytest.raises(SchemaLacks, match="did not charge exactly"):
        charge(marketplace, execution)
    marketplace.execute(
        "CREATE OR REPLACE FUNCTION deduct_credits_atomic(p_user_id uuid, p_amount integer, "
        "p_agent_id uuid DEFAULT NULL, p_execution_id uuid DEFAULT NULL) RETURNS jsonb LANGUAGE sql AS "
        "$$ UPDATE profiles SET credits = credits - p_amount WHERE id = p_user_id "
        "RETURNING jsonb_build_object('success', true) $$"
    )

    moved = charge(marketplace, execution)

    assert (moved.balance_before, moved.balance_after, balance(marketplace)) == (100, 90, 90)
    row = "SELECT type, amount, balance_after FROM credit_transactions WHERE execution_id = %s"
    assert marketplace.execute(row, (execution,)) == [("usage", -10, 90)]


@pytest.mark.parametrize(("taken", "rows", "answer"), SWINDLES.values(), ids=SWINDLES.keys())
def test_rolls_back_a_function_that_does_not_charge_exactly_the_price(
    marketplace: Marketplace, execution: UUID, taken: int, rows: LiteralString, answer: LiteralString
) -> None:
    _let_it_charge(marketplace, taken=taken, rows=rows, answer=answer)

    with pytest.raises(SchemaLacks, match="did not charge exactly 10") as refusal:
        charge(marketplace, execution)

    assert refusal.value.code == "charge_not_exact"
    assert balance(marketplace) == 100
    assert marketplace.execute("SELECT count(*) FROM credit_transactions") == [(2,)]


def test_accepts_a_function_that_answers_little_and_charges_correctly(
    marketplace: Marketplace, execution: UUID
) -> None:
    rows: LiteralString = "(p_user_id, -10, p_execution_id)"
    _let_it_charge(marketplace, taken=10, rows=rows, answer='{"success": true}')

    assert charge(marketplace, execution) == movements.Movement(-10, 100, 90)
    assert balance(marketplace) == 90


def test_does_not_charge_an_execution_twice(marketplace: Marketplace) -> None:
    execution = plant(marketplace, status="running", charged=10)

    with pytest.raises(SchemaLacks, match="wrote 20 into the ledger"):
        charge(marketplace, execution)

    assert balance(marketplace) == 90


def test_a_role_with_only_execute_charges_through_the_function(
    marketplace: Marketplace, execution: UUID
) -> None:
    url = _clerk(marketplace, "SELECT ON profiles, agents, agent_executions, credit_transactions")
    marketplace.execute("CREATE POLICY readable ON credit_transactions FOR SELECT USING (true)")

    assert charge(marketplace, execution, url=url) == movements.Movement(-10, 100, 90)
    assert balance(marketplace) == 90


def test_does_not_charge_where_row_level_security_hides_rows(
    marketplace: Marketplace, execution: UUID
) -> None:
    url = _clerk(marketplace, "SELECT ON profiles, agents, agent_executions, credit_transactions")

    with pytest.raises(PermissionDenied, match="Row level security"):
        charge(marketplace, execution, url=url)

    assert balance(marketplace) == 100


@pytest.mark.parametrize(
    ("table", "column"), [("profiles", "credits"), ("credit_transactions", "amount")], ids=["users", "ledger"]
)
def test_does_not_move_credits_of_an_inexact_type(
    marketplace: Marketplace, execution: UUID, table: str, column: str
) -> None:
    marketplace.execute(f"ALTER TABLE {table} ALTER {column} TYPE double precision".encode())

    for move in (charge, refund, grant):
        with pytest.raises(SchemaLacks, match=f"{table}.{column} is of type double precision"):
            move(marketplace, execution)


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


def test_refuses_a_fractional_price_where_credits_are_integers(
    marketplace: Marketplace, execution: UUID
) -> None:
    with pytest.raises(SchemaLacks, match="whole numbers"):
        charge(marketplace, execution, Decimal("0.5"))

    assert balance(marketplace) == 100


def test_a_refund_returns_the_ledgers_amount_once(marketplace: Marketplace) -> None:
    execution = plant(marketplace, status="failed", charged=10)

    with ThreadPoolExecutor(8) as threads:
        moved = list(threads.map(lambda _: refund(marketplace, execution), range(8)))

    assert [one.amount for one in moved if one] == [10]
    assert refunds(marketplace, execution) == [10]
    assert balance(marketplace) == 100


def test_does_not_refund_a_free_execution(marketplace: Marketplace, execution: UUID) -> None:
    assert refund(marketplace, execution) is None
    assert balance(marketplace) == 100


@pytest.mark.parametrize("keyed", [True, False])
def test_a_grant_with_an_id_happens_once(marketplace: Marketplace, keyed: bool) -> None:
    row = UUID(int=7) if keyed else None

    with ThreadPoolExecutor(8) as threads:
        moved = list(threads.map(lambda _: grant(marketplace, row), range(8)))
    assert len([one for one in moved if one]) == (1 if keyed else 8)
    assert balance(marketplace) == (105 if keyed else 140)


def test_a_grant_too_large_for_the_balance_changes_nothing(marketplace: Marketplace) -> None:
    with pytest.raises(DatabaseTrouble, match="out of range"):
        grant(marketplace, None, 2**31 - 1)

    assert balance(marketplace) == 100


@pytest.mark.parametrize(
    ("credits_type", "amount_type", "column"),
    [
        ("numeric(12,1)", "numeric", "profiles.credits"),
        ("numeric", "numeric(12,1)", "credit_transactions.amount"),
        ("numeric", "integer", "credit_transactions.amount"),
    ],
)
def test_a_grant_that_would_be_rounded_changes_nothing(
    marketplace: Marketplace, credits_type: str, amount_type: str, column: str
) -> None:
    marketplace.execute(f"ALTER TABLE profiles ALTER credits TYPE {credits_type}".encode())
    marketplace.execute(f"ALTER TABLE credit_transactions ALTER amount TYPE {amount_type}".encode())

    with pytest.raises(UsageError, match=column):
        grant(marketplace, None, Decimal("1.25"))

    assert marketplace.execute("SELECT sum(credits), count(*) FROM profiles") == [(103, 2)]
    assert marketplace.execute("SELECT sum(amount), count(*) FROM credit_transactions") == [(103, 2)]


@pytest.mark.parametrize(
    ("text", "column_type"),
    [
        *(
            (text, "integer")
            for text in ("0", "-1", "x", "1e400", "NaN", "sNaN", "Infinity", "1.5", "", "9" * 30)
        ),
        ("32768", "smallint"),
        ("2147483648", "integer"),
        ("9223372036854775808", "bigint"),
        ("9" * 30, "numeric"),
    ],
)
def test_refuses_an_invalid_or_too_large_amount(text: str, column_type: str) -> None:
    with pytest.raises(UsageError):
        balances.parse_amount(text, column_type=column_type)


@pytest.mark.parametrize(
    ("text", "column_type", "amount"),
    [
        ("5", "integer", 5),
        ("5.0", "integer", 5),
        ("32767", "smallint", 2**15 - 1),
        ("2147483647", "integer", 2**31 - 1),
        ("1.25", "numeric", Decimal("1.25")),
    ],
)
def test_reads_amounts_exactly(text: str, column_type: str, amount: Credits) -> None:
    assert balances.parse_amount(text, column_type=column_type) == amount


def _clerk(marketplace: Marketplace, privileges: LiteralString) -> str:
    """Return the URL of a role that can see and charge the users, and has these privileges."""
    url = marketplace.add_role("clerk")
    role = f"{marketplace.name}_clerk"
    marketplace.execute(f"GRANT {privileges} TO {role}".encode())
    marketplace.execute(
        f"GRANT EXECUTE ON FUNCTION deduct_credits_atomic(uuid, integer, uuid, uuid) TO {role}".encode()
    )
    marketplace.execute("CREATE POLICY visible ON profiles FOR SELECT USING (true)")
    return url


def test_a_balance_without_privileges_is_a_permission_error(marketplace: Marketplace) -> None:
    url = _clerk(marketplace, "SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public")
    with pytest.raises(PermissionDenied, match="row level security"):
        grant(marketplace, None, url=url)

    marketplace.execute("ALTER TABLE profiles DISABLE ROW LEVEL SECURITY")
    marketplace.execute(f"REVOKE UPDATE ON profiles FROM {marketplace.name}_clerk".encode())
    with pytest.raises(PermissionDenied, match="missing privilege"):
        grant(marketplace, None, url=url)

    assert balance(marketplace) == 100


def _reader(marketplace: Marketplace) -> str:
    url = marketplace.add_role("reader")
    role = f"{marketplace.name}_reader"
    marketplace.execute(f"GRANT SELECT, UPDATE, INSERT ON ALL TABLES IN SCHEMA public TO {role}".encode())
    marketplace.execute("CREATE POLICY everybody ON profiles USING (true)")
    return url


def test_does_not_take_a_hidden_ledger_for_an_empty_one(marketplace: Marketplace) -> None:
    execution = plant(marketplace, status="failed", charged=10)
    url = _reader(marketplace)

    with opened(marketplace, url) as (connection, market, user):
        with pytest.raises(PermissionDenied, match="Row level security"):
            movements.refund(connection, market, user=user.id, execution=execution)
        with pytest.raises(PermissionDenied, match="Row level security"):
            ledger_reports.totals(connection, market, largest=5)
        with pytest.raises(PermissionDenied, match="Row level security"):
            ledger_reports.sums(connection, market.require_ledger(), [execution])


def test_sums_the_cost_of_each_execution(marketplace: Marketplace) -> None:
    charged = plant(marketplace, charged=10)
    back = plant(marketplace, status="failed", charged=10)
    refund(marketplace, back)

    with opened(marketplace) as (connection, market, _):
        found = ledger_reports.sums(connection, market.require_ledger(), [charged, back, UUID(int=1)])

    assert found == {charged: (10, 0), back: (10, 10)}


def test_totals_count_users_and_sum_the_ledger_by_kind(marketplace: Marketplace) -> None:
    refund(marketplace, plant(marketplace, status="failed", charged=10))
    plant(marketplace, charged=5)
    grant(marketplace, None, 50)

    with opened(marketplace) as (connection, market, _):
        found = ledger_reports.totals(connection, market, largest=1)

    assert (found.users, found.balance) == (2, 148)
    assert found.by_kind == (("bonus", 1, 50), ("purchase", 2, 103), ("refund", 1, 10), ("usage", 2, -15))
    assert [(user.email, user.balance) for user in found.largest] == [(OPS, 145)]


def test_lists_a_users_ledger_rows_newest_first_up_to_the_limit(marketplace: Marketplace) -> None:
    charged = plant(marketplace, charged=10)
    grant(marketplace, None)

    with opened(marketplace) as (connection, market, user):
        rows = ledger_reports.list_rows(connection, market.require_ledger(), user=user.id, limit=2)
        of_one = ledger_reports.rows_of_execution(connection, market.require_ledger(), charged)

    assert [(row.kind, row.amount, row.balance_after) for row in rows] == [
        ("bonus", 5, 95),
        ("usage", -10, 90),
    ]
    assert of_one == rows[1:]


def test_a_forbidden_update_of_an_execution_is_a_permission_error(marketplace: Marketplace) -> None:
    key = plant(marketplace, status="failed", charged=10)
    url = _clerk(marketplace, "SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public")
    marketplace.execute("CREATE POLICY visible ON agent_executions FOR SELECT USING (true)")
    marketplace.execute("CREATE POLICY visible ON credit_transactions FOR SELECT USING (true)")

    with opened(marketplace, url) as (connection, market, _):
        found = get_execution(connection, market, str(key))
        with pytest.raises(PermissionDenied, match="Row level security"):
            refund_execution(connection, market, found)

    assert balance(marketplace) == 90


def test_stores_the_reason_in_the_description_up_to_its_length(marketplace: Marketplace) -> None:
    marketplace.execute("ALTER TABLE credit_transactions ADD description varchar(8)")
    with opened(marketplace) as (connection, market, user):
        done = grant_credits(
            connection, market, user=user, amount=5, idempotency_key=None, reason="goodwill, again"
        )
    assert done.reason_kept
    row = "SELECT description FROM credit_transactions WHERE type = 'bonus'"
    assert marketplace.execute(row) == [("goodwill",)]
