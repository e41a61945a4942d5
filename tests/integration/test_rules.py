"""The referee of the torture tests detects every kind of violation, and reports none for correct books."""

from typing import LiteralString
from uuid import uuid4

import pytest

from support.executions import OPS, SEO_BLOG, plant
from support.marketplace import Marketplace
from support.rules import violations

_REFUND: LiteralString = """
    WITH paid AS (UPDATE profiles SET credits = credits + %(amount)s WHERE id = %(user)s RETURNING credits)
    INSERT INTO credit_transactions (user_id, type, amount, balance_after, execution_id)
    SELECT %(user)s, 'refund', %(amount)s, credits, %(execution)s FROM paid"""


def test_a_consistent_history_has_no_violation(marketplace: Marketplace) -> None:
    plant(marketplace, status="success", charged=10)
    plant(marketplace, status="running", charged=10)
    failed = plant(marketplace, status="failed", charged=10)
    _refund(marketplace, failed, 10)
    free = plant(marketplace, status="success")

    assert violations(marketplace, uncharged=[free]) == []


def test_detects_an_execution_without_its_charge(marketplace: Marketplace) -> None:
    execution = plant(marketplace)
    assert violations(marketplace) == [f"rule 2: an execution without its charge: {execution}"]


def test_detects_a_charge_without_its_execution(marketplace: Marketplace) -> None:
    execution = uuid4()
    _charge(marketplace, execution)
    assert violations(marketplace) == [f"rule 2: a charge without its execution: {execution}"]


def test_detects_a_charge_of_no_execution(marketplace: Marketplace) -> None:
    _charge(marketplace, None)
    (found,) = violations(marketplace)
    assert found.startswith("rule 2: a charge that belongs to no execution")


def test_detects_a_second_charge(marketplace: Marketplace) -> None:
    execution = plant(marketplace, charged=10)
    _charge(marketplace, execution)
    assert violations(marketplace) == [f"rule 2: charged 2 times: {execution}"]


def test_detects_a_second_refund(marketplace: Marketplace) -> None:
    execution = plant(marketplace, status="failed", charged=10)
    _refund(marketplace, execution, 5)
    _refund(marketplace, execution, 5)
    assert violations(marketplace) == [f"rule 4: refunded 2 times: {execution}"]


def test_detects_a_refund_above_the_charge(marketplace: Marketplace) -> None:
    execution = plant(marketplace, status="failed", charged=10)
    _refund(marketplace, execution, 11)
    assert violations(marketplace) == [f"rule 4: refunded more than was charged: {execution}"]


@pytest.mark.parametrize("status", ["success", "running"])
def test_detects_a_refund_of_an_execution_that_has_not_failed(marketplace: Marketplace, status: str) -> None:
    execution = plant(marketplace, status=status, charged=10)
    _refund(marketplace, execution, 10)
    assert violations(marketplace) == [f"rule 4: refunded while {status}: {execution}"]


def test_detects_a_balance_that_differs_from_its_ledger(marketplace: Marketplace) -> None:
    marketplace.execute("UPDATE profiles SET credits = 99 WHERE id = %s", (OPS,))
    assert violations(marketplace) == ["rule 7: ops@example.com has 99 credits, the ledger says 100"]


def _charge(marketplace: Marketplace, execution: object) -> None:
    marketplace.execute("SELECT deduct_credits_atomic(%s, 10, %s, %s)", (OPS, SEO_BLOG, execution))


def _refund(marketplace: Marketplace, execution: object, amount: int) -> None:
    with marketplace.connect() as connection:
        connection.execute(_REFUND, {"user": OPS, "execution": execution, "amount": amount})
