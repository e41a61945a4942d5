"""Each audit check finds what it is for and nothing else, and finds nothing in correct books."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from random import Random
from typing import LiteralString
from uuid import UUID, uuid4

import pytest

from agentctl.core.audit import runner
from agentctl.core.audit.check import Scope
from agentctl.core.audit.checks import CHECKS
from agentctl.core.catalog.introspection import introspect
from agentctl.core.credits import balances, movements
from agentctl.core.database.connection import Connection, read_database_url
from agentctl.core.database.transactions import in_transaction
from agentctl.core.errors import PermissionDenied, UsageError
from agentctl.core.executions import execution_table
from agentctl.core.mapping import Marketplace as Parts
from agentctl.core.mapping import get_marketplace
from agentctl.core.models import Status, User
from agentctl.core.settling.settlement import Verdict, settle
from support.executions import OPS, POOR, SEO_BLOG, plant
from support.marketplace import OPTIONAL_COLUMNS, Database, Marketplace

EVERYTHING = Scope(since=None, stale_after=timedelta(minutes=15), keeps_charges=False)
Found = dict[str, tuple[int, list[Mapping[str, object]]]]

# A credit movement in one transaction, as any lawful program writes it.
MOVE: LiteralString = """
    WITH paid AS (UPDATE profiles SET credits = credits + %(amount)s WHERE id = %(user)s RETURNING credits)
    INSERT INTO credit_transactions (user_id, type, amount, balance_after, execution_id)
    SELECT %(user)s, %(kind)s, %(amount)s, credits, %(execution)s FROM paid"""

# Years of trade: 40 users, half of whom had credits before there was a ledger; purchases, charges, test runs,
# failures with their refunds. A row's time is up to two seconds before its place in the user's history: it
# is the time at which its transaction began, and that one may have waited.
TRADE: LiteralString = """
    WITH made AS (
        INSERT INTO profiles (email, credits)
        SELECT 'buyer' || n || '@example.com', n % 2 * 500 FROM generate_series(1, 40) AS n
        RETURNING id, credits
    ), buyers AS (
        SELECT id, credits, row_number() OVER () AS number FROM made
    ), runs AS MATERIALIZED (
        SELECT gen_random_uuid() AS id, buyers.id AS user_id, 1 + n % 7 AS price,
               (ARRAY['success', 'success', 'failed'])[1 + floor(random() * 3)::integer] AS status,
               random() < 0.9 AS charged,
               now() - interval '400 days' + random() * interval '399 days' AS at
        FROM generate_series(1, 10000) AS n JOIN buyers ON number = 1 + n % 40
    ), recorded AS (
        INSERT INTO agent_executions (id, user_id, agent_id, status, created_at)
        SELECT id, user_id, (SELECT min(id::text)::uuid FROM agents), status, at FROM runs
    ), moves AS (
        SELECT id AS user_id, 'purchase' AS kind, 5000 AS amount, NULL::uuid AS execution_id,
               now() - interval '401 days' AS at
        FROM buyers
        UNION ALL
        SELECT id, 'bonus', 3, NULL, now() - random() * interval '400 days' FROM buyers, generate_series(1, 9)
        UNION ALL
        SELECT user_id, 'usage', -price, id, at FROM runs WHERE charged
        UNION ALL
        SELECT user_id, 'refund', price, id, at + interval '3 s' FROM runs WHERE charged AND status = 'failed'
    ), written AS (
        INSERT INTO credit_transactions (user_id, type, amount, execution_id, created_at, balance_after)
        SELECT user_id, kind, amount, execution_id, at - random() * interval '2 s',
               credits + sum(amount) OVER (PARTITION BY user_id ORDER BY at ROWS UNBOUNDED PRECEDING)
        FROM moves JOIN buyers ON buyers.id = user_id
        RETURNING user_id, amount
    )
    SELECT user_id, sum(amount) FROM written GROUP BY user_id"""


def trade(marketplace: Marketplace) -> None:
    """Write ten thousand consistent executions."""
    with marketplace.connect() as connection, connection.transaction():
        moved = connection.execute(TRADE).fetchall()
        for user, amount in moved:
            connection.execute("UPDATE profiles SET credits = credits + %s WHERE id = %s", (amount, user))


def audit(database: Database, scope: Scope = EVERYTHING, *, url: str | None = None) -> runner.Audit:
    with read_database_url(url or database.url, source="a test").connect() as connection:
        market = get_marketplace(introspect(connection))
        return runner.audit(connection, market, CHECKS, scope, watch=nullcontext)


def found(database: Database, scope: Scope = EVERYTHING) -> Found:
    """Return the number of findings and the examples of each check that has any."""
    results = audit(database, scope).results
    return {one.check.id: (one.count, list(one.examples)) for one in results if one.count}


def move(marketplace: Marketplace, kind: str, amount: int, execution: UUID | None = None) -> None:
    with marketplace.connect() as connection:
        connection.execute(MOVE, {"user": OPS, "kind": kind, "amount": amount, "execution": execution})


def charge(marketplace: Marketplace, execution: UUID | None, *, user: UUID = OPS) -> None:
    marketplace.execute("SELECT deduct_credits_atomic(%s, 10, %s, %s)", (user, SEO_BLOG, execution))


@pytest.fixture
def lawful(marketplace: Marketplace) -> Marketplace:
    """Create a marketplace with one correct execution of every kind."""
    plant(marketplace, status="success", charged=10)
    plant(marketplace, status="running", charged=10)
    move(marketplace, "refund", 10, plant(marketplace, status="failed", charged=10))
    move(marketplace, "bonus", 5)
    return marketplace


def test_a_consistent_marketplace_has_no_findings(lawful: Marketplace) -> None:
    assert found(lawful) == {}


def test_every_check_has_a_unique_id_and_a_help_text() -> None:
    assert len({check.id for check in CHECKS}) == len(CHECKS)
    for check in CHECKS:
        assert not check.title.endswith(".")
        assert check.remedy.endswith(".")


# What each check finds


def test_finds_invalid_amounts_and_still_checks_other_users(lawful: Marketplace) -> None:
    huge, last = f"{'9' * 131_072}", "294276-12-31 23:59:59.999999+00"
    for column in ("profiles.credits", "credit_transactions.amount", "credit_transactions.balance_after"):
        table, _, name = column.partition(".")
        lawful.execute(f"ALTER TABLE {table} ALTER {name} TYPE numeric".encode())
    lawful.execute("UPDATE profiles SET credits = 'NaN' WHERE id = %s", (POOR,))
    for amount, time in ((huge, last), (huge, "infinity"), ("1", "-infinity"), ("2", "4713-01-01 BC")):
        lawful.execute(
            "INSERT INTO credit_transactions (user_id, type, amount, balance_after, created_at) "
            "VALUES (%s, 'bonus', %s, 'NaN', %s)",
            (POOR, amount, time),
        )
    lawful.execute("UPDATE profiles SET credits = credits - 1 WHERE id = %s", (OPS,))

    findings = found(lawful)

    assert findings["balance-differs"][1][0]["user_id"] == OPS
    count, examples = findings["not-an-amount"]
    assert count == 7
    assert {(example["user_id"], example["value"]) for example in examples} <= {
        (str(POOR), value) for value in ("NaN", huge[:40])
    }


@pytest.mark.parametrize(("kind", "least"), [("integer", -(2**31)), ("bigint", -(2**63))])
def test_the_smallest_and_largest_integers_crash_no_check(lawful: Marketplace, kind: str, least: int) -> None:
    for name in ("amount", "balance_after"):
        lawful.execute(f"ALTER TABLE credit_transactions ALTER {name} TYPE {kind}".encode())
    for amount, after in ((least, -least - 1), (-least - 1, least)):
        lawful.execute(
            "INSERT INTO credit_transactions (user_id, type, amount, balance_after) "
            "VALUES (%s, 'adjustment', %s, %s)",
            (POOR, amount, after),
        )
    lawful.execute("UPDATE profiles SET credits = credits - 1 WHERE id = %s", (OPS,))

    examples = found(lawful)["balance-differs"][1]

    wrong = next(example for example in examples if example["user_id"] == OPS)
    assert all(isinstance(wrong[name], int) for name in ("balance", "opening", "ledger", "difference"))


@pytest.mark.parametrize("difference", [-1, 1, -10, 10, 95, 100])
def test_finds_a_balance_that_changed_without_a_ledger_row(lawful: Marketplace, difference: int) -> None:
    lawful.execute("UPDATE profiles SET credits = credits + %s WHERE id = %s", (difference, OPS))
    wrong = {"user_id": OPS, "balance": 85 + difference, "opening": 0, "ledger": 85, "difference": difference}
    assert found(lawful) == {"balance-differs": (1, [wrong])}


def test_finds_a_ledger_row_that_changed_no_balance(lawful: Marketplace) -> None:
    lawful.execute(
        "INSERT INTO credit_transactions (user_id, type, amount, balance_after) VALUES (%s, 'bonus', 7, 92)",
        (OPS,),
    )
    wrong = {"user_id": OPS, "balance": 85, "opening": 0, "ledger": 92, "difference": -7}
    assert found(lawful) == {"balance-differs": (1, [wrong])}


def test_finds_a_lost_refund_where_the_ledger_begins_with_the_charge(
    marketplace: Marketplace,
) -> None:
    marketplace.execute("DELETE FROM credit_transactions")
    failed = plant(marketplace, status="failed", charged=10)
    move(marketplace, "refund", 10, failed)
    assert found(marketplace) == {}
    marketplace.execute("UPDATE profiles SET credits = 90 WHERE id = %s", (OPS,))
    wrong = {"user_id": OPS, "balance": 90, "opening": 100, "ledger": 0, "difference": -10}
    assert found(marketplace) == {"balance-differs": (1, [wrong])}


def test_two_checks_find_a_deleted_ledger_row(lawful: Marketplace) -> None:
    lawful.execute("DELETE FROM credit_transactions WHERE balance_after = 90")
    findings = found(lawful)
    assert set(findings) == {"balance-differs", "balance-after-broken", "execution-without-charge"}
    wrong = {"user_id": OPS, "balance": 85, "opening": 0, "ledger": 95, "difference": -10}
    assert findings["balance-differs"] == (1, [wrong])


def test_finds_a_balance_after_that_does_not_follow_from_the_previous_row(lawful: Marketplace) -> None:
    [(changed_at,)] = lawful.execute(
        "UPDATE credit_transactions SET balance_after = 77 WHERE balance_after = 90 RETURNING created_at"
    )
    [(next_at,)] = lawful.execute(
        "SELECT min(created_at) FROM credit_transactions WHERE user_id = %s AND created_at > %s",
        (OPS, changed_at),
    )
    gap = {"user_id": OPS, "gaps": 2, "latest_gap_at": next_at}
    assert found(lawful) == {"balance-after-broken": (1, [gap])}


def test_finds_a_negative_balance(lawful: Marketplace) -> None:
    lawful.execute("ALTER TABLE profiles DROP CONSTRAINT profiles_credits_check")
    move(lawful, "adjustment", -86)
    assert found(lawful) == {"negative-balance": (1, [{"user_id": OPS, "balance": -1}])}


@pytest.mark.parametrize(
    ("kind", "amount"), [("usage", 5), ("usage", 0), ("purchase", -5), ("bonus", 0), ("refund", -5)]
)
def test_finds_a_ledger_row_whose_sign_contradicts_its_kind(
    lawful: Marketplace, kind: str, amount: int
) -> None:
    lawful.execute("ALTER TABLE credit_transactions DROP CONSTRAINT credit_transactions_type_and_sign")
    move(lawful, kind, amount)
    findings = found(lawful)
    (example,) = findings.pop("ledger-sign")[1]
    assert findings == {}
    assert (example["user_id"], example["kind"], example["amount"]) == (OPS, kind, amount)


@pytest.mark.parametrize("refunded", [0, 10])
def test_finds_a_charge_without_its_execution(lawful: Marketplace, refunded: int) -> None:
    nothing = uuid4()
    charge(lawful, nothing)
    if refunded:
        move(lawful, "refund", refunded, nothing)
    wrong = {"execution_id": nothing, "user_id": OPS, "charged": 10}
    assert found(lawful) == {"charge-without-execution": (1, [wrong])}


def test_finds_a_second_charge(lawful: Marketplace) -> None:
    execution = plant(lawful, charged=10)
    charge(lawful, execution)
    wrong = {"execution_id": execution, "charges": 2, "charged": 20, "refunded": 0}
    assert found(lawful) == {"charged-twice": (1, [wrong])}


def test_finds_a_second_refund(lawful: Marketplace) -> None:
    execution = plant(lawful, status="failed", charged=10)
    move(lawful, "refund", 5, execution)
    move(lawful, "refund", 5, execution)
    wrong = {"execution_id": execution, "charged": 10, "refunds": 2, "refunded": 10}
    assert found(lawful) == {"refunded-twice": (1, [wrong])}


@pytest.mark.parametrize("charged", [0, 10])
def test_finds_a_refund_above_the_charge(lawful: Marketplace, charged: int) -> None:
    execution = plant(lawful, status="failed", charged=charged)
    move(lawful, "refund", charged + 1, execution)
    findings = found(lawful)
    findings.pop("execution-without-charge", None)
    wrong = {"execution_id": execution, "charged": charged, "refunded": charged + 1, "surplus": 1}
    assert findings == {"refund-exceeds-charge": (1, [wrong])}


def test_finds_a_refund_of_a_success(lawful: Marketplace) -> None:
    execution = plant(lawful, status="success", charged=10)
    move(lawful, "refund", 10, execution)
    wrong = {"execution_id": execution, "user_id": OPS, "charged": 10, "refunded": 10}
    assert found(lawful) == {"refund-after-success": (1, [wrong])}


@pytest.mark.parametrize("status", ["pending", "running"])
def test_finds_a_refund_before_the_outcome(lawful: Marketplace, status: str) -> None:
    execution = plant(lawful, status=status, charged=10)
    move(lawful, "refund", 10, execution)
    wrong = {"execution_id": execution, "user_id": OPS, "status": status, "charged": 10, "refunded": 10}
    assert found(lawful) == {"refund-while-open": (1, [wrong])}


@pytest.mark.parametrize("refunded", [0, 4])
def test_finds_a_failure_without_a_full_refund(lawful: Marketplace, refunded: int) -> None:
    execution = plant(lawful, status="failed", charged=10)
    if refunded:
        move(lawful, "refund", refunded, execution)
    wrong = {"execution_id": execution, "user_id": OPS, "charged": 10, "refunded": refunded}
    assert found(lawful) == {"failed-not-refunded": (1, [wrong])}


@pytest.mark.parametrize("status", ["pending", "running"])
def test_finds_an_execution_that_is_open_for_too_long(lawful: Marketplace, status: str) -> None:
    begun = datetime.now(UTC) - timedelta(minutes=16)
    execution = plant(lawful, status=status, charged=10, created_at=begun)
    plant(lawful, status=status, charged=10, created_at=begun + timedelta(minutes=5))
    wrong = {"execution_id": execution, "user_id": OPS, "status": status, "created_at": begun}
    assert found(lawful) == {"open-too-long": (1, [wrong])}


def test_finds_a_charge_of_another_user(lawful: Marketplace) -> None:
    execution = plant(lawful, user=POOR)
    charge(lawful, execution, user=OPS)
    wrong = {"execution_id": execution, "user_id": POOR, "payer_id": OPS, "amount": -10}
    assert found(lawful) == {"payer-differs": (1, [wrong])}


@pytest.mark.parametrize(("status", "charged", "refunded"), [("success", 10, 0), ("failed", 10, 10)])
def test_finds_a_recorded_cost_that_differs_from_the_ledger(
    marketplace_factory: Callable[..., Marketplace], status: str, charged: int, refunded: int
) -> None:
    marketplace = marketplace_factory(columns=["credits_used"])
    plant(marketplace, status="success", credits_used=0)  # a test run
    executions_planted = [
        plant(marketplace, status=status, charged=charged, credits_used=charged - refunded + more)
        for more in (0, 3)
    ]
    for execution in executions_planted if refunded else ():
        move(marketplace, "refund", refunded, execution)
    findings = found(marketplace)
    del findings["execution-without-charge"]
    used = charged - refunded
    wrong = {
        "execution_id": executions_planted[1], "user_id": OPS, "credits_used": used + 3, "ledger": used
    }  # fmt: skip
    assert findings == {"credits-used-differs": (1, [wrong])}


def test_reports_an_execution_without_a_charge(lawful: Marketplace) -> None:
    execution = plant(lawful)
    (number, [example]) = found(lawful)["execution-without-charge"]
    assert (number, example["execution_id"], example["status"]) == (1, execution, "success")


def test_reports_a_charge_that_names_no_execution(lawful: Marketplace) -> None:
    charge(lawful, None)
    findings = found(lawful)
    (number, [example]) = findings.pop("charge-unassigned")
    assert (number, example["user_id"], example["amount"]) == (1, OPS, -10)
    assert findings == {}


def test_counts_all_findings_and_shows_five(lawful: Marketplace) -> None:
    planted = sorted(plant(lawful, status="success") for _ in range(12))
    (number, examples) = found(lawful)["execution-without-charge"]
    assert number == 12
    assert [example["execution_id"] for example in examples] == planted[:5]


# What must not be found


def test_ten_thousand_consistent_executions_have_no_findings(marketplace: Marketplace) -> None:
    trade(marketplace)
    whole = audit(marketplace)
    tested = whole.scanned.executions - sum(
        1 for _ in marketplace.execute("SELECT DISTINCT execution_id FROM credit_transactions")
    )
    assert whole.scanned.executions == 10_000
    counts = {one.check.id: one.count for one in whole.results if one.count}
    assert counts == {"execution-without-charge": tested + 1}  # DISTINCT counts NULL, too


def test_a_user_without_ledger_rows_may_have_any_balance(lawful: Marketplace) -> None:
    lawful.execute("INSERT INTO profiles (email, credits) VALUES ('new@example.com', 77)")
    assert found(lawful) == {}


@pytest.mark.parametrize(("last", "difference"), [(25, 1), (26, 1), (26, -25)])
def test_rows_of_one_transaction_have_one_time_and_still_follow_from_each_other(
    marketplace: Marketplace, last: int, difference: int
) -> None:
    marketplace.execute("DELETE FROM credit_transactions")
    with marketplace.connect() as connection, connection.transaction():
        for amount in (-10, 20, -10, -30, 5, last):
            values = {"user": OPS, "kind": "adjustment", "amount": amount, "execution": None}
            connection.execute(MOVE, values)
    marketplace.execute(  # nor does their place in the table tell which was first
        "WITH all_rows AS (DELETE FROM credit_transactions RETURNING *) "
        "INSERT INTO credit_transactions SELECT * FROM all_rows ORDER BY amount DESC"
    )
    assert found(marketplace) == {}
    marketplace.execute("UPDATE profiles SET credits = credits + %s WHERE id = %s", (difference, OPS))
    (number, [wrong]) = found(marketplace)["balance-differs"]
    assert (number, wrong["difference"]) == (1, difference)


@pytest.mark.parametrize("amount", [-10, 10, 25])
def test_a_transaction_that_begins_first_and_writes_last_is_no_finding(
    marketplace: Marketplace, amount: int
) -> None:
    marketplace.execute("DELETE FROM credit_transactions")
    with marketplace.connect() as slow, slow.transaction():
        slow.execute("SELECT now()")
        plant(marketplace, charged=10)
        slow.execute(MOVE, {"user": OPS, "kind": "adjustment", "amount": amount, "execution": None})
    by_time = marketplace.execute("SELECT type FROM credit_transactions ORDER BY created_at")
    assert by_time == [("adjustment",), ("usage",)]
    assert found(marketplace) == {}


@pytest.mark.parametrize("timeless", ["type = 'usage'", "type <> 'usage'", "TRUE"])
def test_rows_without_a_time_are_no_finding(marketplace: Marketplace, timeless: LiteralString) -> None:
    plant(marketplace, charged=10)
    marketplace.execute("UPDATE credit_transactions SET created_at = NULL WHERE " + timeless)
    assert found(marketplace) == {}


def test_a_user_with_a_ledger_row_without_balance_after_is_not_checked(lawful: Marketplace) -> None:
    lawful.execute("ALTER TABLE credit_transactions ALTER balance_after DROP NOT NULL")
    lawful.execute("UPDATE credit_transactions SET balance_after = NULL WHERE balance_after = 90")
    lawful.execute("UPDATE profiles SET credits = credits + 1")
    wrong = {"user_id": POOR, "balance": 4, "opening": 0, "ledger": 3, "difference": 1}
    assert found(lawful) == {"balance-differs": (1, [wrong])}


def test_concurrent_writers_cause_no_findings_at_any_instant(marketplace: Marketplace) -> None:
    trade(marketplace)
    marketplace.execute("UPDATE profiles SET credits = 1000000 WHERE id = %s", (OPS,))
    marketplace.execute("DELETE FROM credit_transactions WHERE user_id = %s", (OPS,))
    done = threading.Event()
    with ThreadPoolExecutor(4) as threads:
        writers = [threads.submit(_write, marketplace, Random(seed), done) for seed in range(4)]
        try:
            seen = [audit(marketplace) for _ in range(10)]
        finally:
            done.set()
        assert all(writer.result() for writer in writers)
    for one in seen:
        counts = {result.check.id: result.count for result in one.results if result.count}
        assert set(counts) == {"execution-without-charge"}
    scanned = [one.scanned.ledger_rows for one in seen]
    assert scanned == sorted(scanned)
    assert scanned[0] < scanned[-1]  # they did write meanwhile


def _write(marketplace: Marketplace, random: Random, done: threading.Event) -> int:
    """Run, charge, settle and grant as agentctl does until stopped; return how often."""
    written = 0
    with read_database_url(marketplace.url, source="a test").connect() as connection:
        market = get_marketplace(introspect(connection))
        while not done.is_set():
            execution = uuid4()
            in_transaction(connection, lambda: _begin(connection, market, execution))  # noqa: B023 - called at once
            failed = random.random() < 0.5
            status = Status.FAILED if failed else Status.SUCCESS
            settle(connection, market, Verdict(execution, OPS, status, refund=failed, facts={}))
            if random.random() < 0.2:
                connection.execute("SELECT public.add_credits_atomic(%s, 25)", (OPS,))
            written += 1
    return written


def _begin(connection: Connection, market: Parts, execution: UUID) -> None:
    user = User(id=OPS, email=None)
    before = balances.lock_user(connection, market, OPS)
    identity = execution_table.Identity(execution)
    writing = execution_table.compose_record(
        market.executions, execution=identity, user=OPS, agent=SEO_BLOG, facts={}
    )
    execution_table.record(connection, market.executions, identity, writing)
    movements.charge(
        connection, market, user=user, price=10, agent=SEO_BLOG, execution=execution, before=before
    )


# Part of it, and what cannot be told


def test_since_skips_older_executions_and_checks_the_rest_completely(lawful: Marketplace) -> None:
    old = plant(lawful, charged=10)
    charge(lawful, old)
    lawful.execute("UPDATE agent_executions SET created_at = now() - interval '2 days'")
    lawful.execute("UPDATE credit_transactions SET created_at = created_at - interval '2 days'")
    recent = Scope(datetime.now(UTC) - timedelta(days=1), timedelta(minutes=15), keeps_charges=False)

    assert found(lawful)["charged-twice"][0] == 1
    assert found(lawful, recent) == {}
    assert audit(lawful, recent).scanned == runner.Scanned(users=2, executions=0, ledger_rows=0)

    charge(lawful, old)  # two of its three charges, and its user's opening balance, are older
    wrong = {"execution_id": old, "charges": 3, "charged": 30, "refunded": 0}
    assert found(lawful, recent) == {"charged-twice": (1, [wrong])}
    lawful.execute("UPDATE profiles SET credits = credits - 1 WHERE id = %s", (OPS,))
    assert found(lawful, recent)["balance-differs"][1][0]["difference"] == -1


def test_since_does_not_separate_transactions_that_began_together(lawful: Marketplace) -> None:
    began_later = plant(lawful, charged=10)
    wrote_later = plant(lawful, charged=10)
    now = datetime.now(UTC)
    for execution, seconds in ((wrote_later, 20), (began_later, 10)):
        lawful.execute(
            "UPDATE credit_transactions SET created_at = %s WHERE execution_id = %s",
            (now - timedelta(seconds=seconds), execution),
        )
    recent = Scope(now - timedelta(seconds=15), timedelta(minutes=15), keeps_charges=False)
    assert found(lawful, recent) == {}


def not_run(database: Database, scope: Scope = EVERYTHING) -> dict[str, str | None]:
    return {one.check.id: one.not_run for one in audit(database, scope).results if one.count is None}


def test_a_check_without_its_column_is_reported_as_not_run(
    lawful: Marketplace, marketplace_factory: Callable[..., Marketplace]
) -> None:
    lacking = {"credits-used-differs": "agent_executions has no column credits_used that can be read"}
    assert not_run(lawful) == lacking
    lawful.execute("ALTER TABLE credit_transactions DROP COLUMN balance_after")
    assert not_run(lawful) == lacking | {
        "balance-after-broken": "credit_transactions has no column balance_after that can be read"
    }
    assert not_run(marketplace_factory(columns=OPTIONAL_COLUMNS)) == {}


def test_a_ledger_without_balance_after_begins_with_zero(lawful: Marketplace) -> None:
    lawful.execute("ALTER TABLE credit_transactions DROP COLUMN balance_after")
    assert found(lawful) == {}
    lawful.execute("UPDATE profiles SET credits = credits + 2 WHERE id = %s", (POOR,))
    wrong = {"user_id": POOR, "balance": 5, "opening": 0, "ledger": 3, "difference": 2}
    assert found(lawful) == {"balance-differs": (1, [wrong])}


def test_expects_no_refunds_where_failures_keep_their_charge(lawful: Marketplace) -> None:
    plant(lawful, status="failed", charged=10)
    keeps = Scope(None, timedelta(minutes=15), keeps_charges=True)
    assert found(lawful, keeps) == {}
    assert not_run(lawful, keeps)["failed-not-refunded"] is not None


def test_money_with_decimals_stays_exact(lawful: Marketplace) -> None:
    for table, column in (("profiles", "credits"), ("credit_transactions", "amount")):
        lawful.execute(f"ALTER TABLE {table} ALTER {column} TYPE numeric(20,6)".encode())
    lawful.execute("ALTER TABLE credit_transactions ALTER balance_after TYPE numeric(20,6)")
    lawful.execute("UPDATE profiles SET credits = credits + 0.000001 WHERE id = %s", (OPS,))
    (_, [wrong]) = found(lawful)["balance-differs"]
    assert [str(wrong[name]) for name in ("balance", "difference")] == ["85.000001", "0.000001"]


@pytest.mark.parametrize("table", ["profiles", "agent_executions", "credit_transactions"])
@pytest.mark.parametrize(
    ("policy", "said"), [(None, "hides every row of public."), ("user_id IS NOT NULL", "may hide rows of ")]
)
def test_refuses_a_role_that_may_not_see_every_row(
    lawful: Marketplace, table: str, policy: str | None, said: str
) -> None:
    url = _reader(lawful)
    for name in ("profiles", "agent_executions", "credit_transactions"):
        using = "true" if name != table else policy
        if using:
            using = using.replace("user_id", "id") if name == "profiles" else using
            lawful.execute(f"CREATE POLICY seen ON {name} FOR SELECT USING ({using})".encode())
    with pytest.raises(PermissionDenied, match=f"Row level security {said}{table}"):
        audit(lawful, url=url)


def test_a_role_that_every_policy_admits_to_every_row_may_audit(lawful: Marketplace) -> None:
    url = _reader(lawful)
    for name in ("profiles", "agent_executions", "credit_transactions"):
        lawful.execute(f"CREATE POLICY seen ON {name} FOR SELECT USING (true)".encode())
    assert audit(lawful, url=url).scanned == runner.Scanned(users=2, executions=3, ledger_rows=7)
    lawful.execute("CREATE POLICY less ON profiles AS RESTRICTIVE FOR SELECT USING (credits > 9)")
    with pytest.raises(PermissionDenied, match="may hide rows of profiles"):
        audit(lawful, url=url)


def _reader(marketplace: Marketplace) -> str:
    url = marketplace.add_role("auditor")
    tables = "profiles, agents, agent_executions, credit_transactions"
    marketplace.execute(f"GRANT SELECT ON {tables} TO {marketplace.name}_auditor".encode())
    return url


def test_selects_checks_by_id_and_refuses_an_unknown_id_with_a_list() -> None:
    chosen = runner.find_checks(["charged-twice", "balance-differs"])
    assert [check.id for check in chosen] == ["balance-differs", "charged-twice"]
    assert runner.find_checks([]) == CHECKS
    with pytest.raises(UsageError, match="'no-such-check'") as refused:
        runner.find_checks(["charged-twice", "no-such-check"])
    assert refused.value.hint is not None
    assert all(check.id in refused.value.hint for check in CHECKS)


def test_all_checks_share_one_read_only_snapshot(lawful: Marketplace) -> None:
    read_only: list[object] = []

    def change(doing: str) -> AbstractContextManager[None]:
        if doing.startswith("Checking"):
            lawful.execute("UPDATE profiles SET credits = credits + 1")
        read_only.extend(connection.execute("SHOW transaction_read_only").fetchall())
        return nullcontext()

    with read_database_url(lawful.url, source="a test").connect() as connection:
        market = get_marketplace(introspect(connection))
        seen = runner.audit(connection, market, CHECKS, EVERYTHING, watch=change)
    assert [one for one in seen.results if one.count] == []
    assert read_only[0] == {"transaction_read_only": "on"}
    assert found(lawful)["balance-differs"][0] == 2


def test_an_audit_waits_for_no_lock_and_sees_committed_rows(lawful: Marketplace) -> None:
    with lawful.connect() as other, other.transaction():
        other.execute("UPDATE profiles SET credits = credits - 1")
        other.execute("DELETE FROM credit_transactions")
        assert found(lawful) == {}  # nothing of that is committed
