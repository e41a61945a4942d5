"""Many commands at once: on one balance, with one idempotency key, and two reconciles of the same rows."""

import subprocess
from collections import Counter
from typing import Any

from support.figures import HUNG_AFTER, figure
from support.rules import violations
from support.shop import Shop

CROWD = figure(full=200, everyday=24)
AFFORDED = CROWD // 4
SAME_KEY = figure(full=50, everyday=12)
OPEN = figure(full=1000, everyday=100)


def _all(processes: list[subprocess.Popen[str]]) -> list[int]:
    codes = []
    for process in processes:
        process.communicate(timeout=HUNG_AFTER)
        codes.append(process.returncode)
    return codes


def test_a_crowd_spends_a_balance_exactly(shop: Shop, record_property: Any) -> None:
    funds = AFFORDED * 10
    shop.marketplace.execute("UPDATE credit_transactions SET amount = %s, balance_after = %s", (funds, funds))
    shop.marketplace.execute("UPDATE profiles SET credits = %s", (funds,))

    crowd = [shop.program.start("run", "seo-blog", "topic=Tea", "--json") for _ in range(CROWD)]

    assert Counter(_all(crowd)) == {0: AFFORDED, 4: CROWD - AFFORDED}
    ((balance,),) = shop.marketplace.execute("SELECT credits FROM profiles WHERE email LIKE 'ops%%'")
    assert balance == 0
    assert [kind for kind, _, _ in shop.ledger()] == ["usage"] * AFFORDED
    assert len(shop.webhook.requests) == len(shop.rows()) == AFFORDED
    assert violations(shop.marketplace) == []
    record_property("processes", CROWD)


def test_a_crowd_with_one_key_is_one_execution(shop: Shop, record_property: Any) -> None:
    crowd = [
        shop.program.start("run", "seo-blog", "topic=Tea", "--idempotency-key", "k", "--json")
        for _ in range(SAME_KEY)
    ]

    assert set(_all(crowd)) <= {0, 5}  # those who come while it runs cannot know how it ends
    assert len(shop.rows()) == len(shop.ledger()) == len(shop.webhook.requests) == 1
    assert violations(shop.marketplace) == []
    record_property("processes", SAME_KEY)


def test_two_concurrent_reconciles_settle_each_execution_once(shop: Shop, record_property: Any) -> None:
    shop.program("credits", "grant", "ops@example.com", str(OPEN * 10), "--reason", "x")
    shop.marketplace.execute(
        b"""
        WITH begun AS (
            INSERT INTO agent_executions (user_id, agent_id, status, created_at)
            SELECT p.id, a.id, 'running', now() - interval '1 hour'
            FROM profiles p, agents a, generate_series(1, %s)
            WHERE p.email = 'ops@example.com' AND a.name = 'SEO Blog'
            RETURNING id, user_id, agent_id)
        SELECT deduct_credits_atomic(user_id, 10, agent_id, id) FROM begun
        """,
        (OPEN,),
    )

    both = [shop.program.start("reconcile", "--assume", "failed", "--json") for _ in range(2)]

    assert _all(both) == [0, 0]
    assert Counter(row["status"] for row in shop.rows()) == {"failed": OPEN}
    refunds = Counter(execution for kind, _, execution in shop.ledger() if kind == "refund")
    assert len(refunds) == OPEN
    assert set(refunds.values()) == {1}
    assert violations(shop.marketplace) == []
    record_property("executions", OPEN)
