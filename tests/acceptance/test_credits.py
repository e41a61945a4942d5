"""`agentctl credits`: balances, the ledger, grants that happen once, and refunds."""

import subprocess
from typing import Any
from uuid import UUID

from support.executions import plant
from support.forks import forked_agentctl, typist  # noqa: F401 - fixtures: there are many commands
from support.webhook_server import Reply

GRANT = ("credits", "grant", "ops@example.com", "50", "--reason", "goodwill")
FAILS = Reply.json({"message": "Error in workflow"}, 500)


def _balance(shop: Any) -> int:
    ((balance,),) = shop.marketplace.execute("SELECT credits FROM profiles WHERE email LIKE 'ops%%'")
    return int(balance)


def _error(shop: Any, *arguments: str) -> tuple[int, str]:
    done = shop.program(*arguments, "--json")
    return done.exit_code, done.json["error"]["code"]


def test_shows_totals_and_the_largest_balances(shop: Any) -> None:
    shop.run("seo-blog", "topic=Tea")

    data = shop.program("credits", "--json").json["data"]
    shown = shop.program("credits").stdout

    assert (data["users"], data["balance"]) == (2, 93)
    assert data["ledger"] == [
        {"type": "purchase", "rows": 2, "amount": 103},
        {"type": "usage", "rows": 1, "amount": -10},
    ]
    assert [one["balance"] for one in data["largest"]] == [90, 3]
    assert "ops@example.com" in shown


def test_shows_a_users_balance_and_latest_ledger_rows(shop: Any) -> None:
    execution = shop.run_json("seo-blog", "topic=Tea")["data"]["execution"]["id"]

    for user in ("ops@example.com", "00000000-0000-4000-8000-0000000000a1"):
        data = shop.program("credits", "--user", user, "--json").json["data"]
        assert (data["user"]["email"], data["balance"]) == ("ops@example.com", 90)
        assert [(row["type"], row["amount"], row["execution_id"]) for row in data["ledger"]] == [
            ("usage", -10, execution),
            ("purchase", 100, None),
        ]
    assert (
        len(shop.program("credits", "-u", "ops@example.com", "--limit", "1", "--json").json["data"]["ledger"])
        == 1
    )


def test_a_grant_is_a_bonus_and_moves_the_balance_with_it(shop: Any) -> None:
    done = shop.program(*GRANT, "--json").json["data"]

    assert (done["amount"], done["balance_before"], done["balance_after"], done["replayed"]) == (
        50,
        100,
        150,
        False,
    )
    assert shop.ledger() == [("bonus", 50, None)]
    assert (_balance(shop), shop.balances_agree()) == (150, True)


def test_a_grant_with_the_same_key_happens_once(shop: Any) -> None:
    first = shop.program(*GRANT, "--idempotency-key", "g1")
    again = shop.program(*GRANT, "--idempotency-key", "g1")

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert "Nothing was changed" in again.stdout
    assert shop.program(*GRANT, "--idempotency-key", "g1", "--json").json["data"]["replayed"] is True
    assert shop.ledger() == [("bonus", 50, None)]
    other = ("credits", "grant", "ops@example.com", "51", "--reason", "x", "--idempotency-key", "g1")
    assert _error(shop, *other) == (4, "idempotency_key_reused")
    assert _balance(shop) == 150


def test_refuses_an_empty_idempotency_key(shop: Any) -> None:
    for key in ("", " "):
        assert _error(shop, *GRANT, "--idempotency-key", key) == (2, "usage")
    assert (_balance(shop), shop.ledger()) == (100, [])


def test_a_key_belongs_to_one_user(shop: Any) -> None:
    shop.program(*GRANT, "--idempotency-key", "g1")
    shop.program("credits", "grant", "poor@example.com", "50", "--reason", "x", "--idempotency-key", "g1")

    assert [amount for _, amount, _ in shop.ledger()] == [50, 50]


def test_eight_concurrent_grants_with_one_key_are_one_grant(shop: Any) -> None:
    crowd = [shop.program.start(*GRANT, "--idempotency-key", "g1", "--json") for _ in range(8)]
    codes = [_ended(process) for process in crowd]

    assert codes == [0] * 8
    assert shop.ledger() == [("bonus", 50, None)]
    assert (_balance(shop), shop.balances_agree()) == (150, True)


def _ended(process: subprocess.Popen[str]) -> int:
    process.communicate(timeout=60)
    return process.returncode


def test_refuses_invalid_amounts(shop: Any) -> None:
    for amount in ("0", "-5", "ten", "1.5", "1e30", "NaN", "Infinity", "5; DROP TABLE profiles", ""):
        done = shop.program("credits", "grant", "ops@example.com", "--reason", "x", "--", amount)
        assert done.exit_code == 2, (amount, done)
    assert shop.program("credits", "grant", "ops@example.com", "3000000000", "--reason", "x").exit_code in {
        2,
        3,
    }
    assert (_balance(shop), shop.ledger()) == (100, [])


def test_refuses_a_grant_to_an_unknown_user(shop: Any) -> None:
    nobody = ("credits", "grant", "nobody@example.com", "5", "--reason", "x")
    assert _error(shop, *nobody) == (4, "user_not_found")
    assert _error(shop, "credits", "--user", "nobody@example.com") == (4, "user_not_found")


def test_refunds_by_hand_where_failures_keep_their_charge(shop_with: Any) -> None:
    shop = shop_with("credits_used", more='[profiles.test.billing]\non_failure = "keep"')
    shop.answer(FAILS)
    execution = shop.run_json("seo-blog", "topic=Tea", exit_code=1)["data"]["execution"]["id"]
    assert (_balance(shop), shop.rows()[0]["credits_used"]) == (90, 10)
    refund = ("credits", "refund", execution[:8], "--reason", "it failed")

    done = shop.program(*refund, "--json").json["data"]

    assert (done["amount"], done["balance_before"], done["balance_after"]) == (10, 90, 100)
    assert shop.ledger()[-1] == ("refund", 10, execution)
    assert (shop.rows()[0]["credits_used"], shop.balances_agree()) == (0, True)
    assert _error(shop, *refund) == (4, "already_refunded")


def test_refunds_only_failed_and_charged_executions(shop: Any) -> None:
    def refused(execution: str) -> tuple[int, str]:
        return _error(shop, "credits", "refund", execution, "--reason", "x")

    succeeded = shop.run_json("seo-blog", "topic=Tea")["data"]["execution"]["id"]
    assert refused(succeeded) == (4, "execution_succeeded")
    shop.answer(FAILS)
    failed = shop.run_json("seo-blog", "topic=Tea", exit_code=1)["data"]["execution"]["id"]
    assert refused(failed) == (4, "already_refunded")
    uncharged = shop.run_json("seo-blog", "topic=Tea", "--no-charge", exit_code=1)["data"]["execution"]["id"]
    assert refused(uncharged) == (4, "never_charged")
    shop.answer(Reply())
    unclear = shop.run_json("seo-blog", "topic=Tea", exit_code=5)["data"]["execution"]["id"]
    code, _ = refused(unclear)
    assert code == 4
    assert refused("ffffffff") == (4, "execution_not_found")
    assert [kind for kind, _, _ in shop.ledger()] == ["usage", "usage", "refund", "usage"]
    assert shop.balances_agree()


def test_eight_concurrent_refunds_are_one_refund(shop: Any) -> None:
    execution = plant(shop.marketplace, status="failed", charged=10)
    refund = ("credits", "refund", str(execution), "--reason", "it failed")
    crowd = [shop.program.start(*refund, "--json") for _ in range(8)]

    assert sorted(_ended(process) for process in crowd) == [0, *[4] * 7]
    assert shop.ledger() == [("usage", -10, str(execution)), ("refund", 10, str(execution))]
    assert (_balance(shop), shop.balances_agree()) == (100, True)


def test_refunds_only_what_is_still_charged(shop: Any) -> None:
    """The web application may have charged twice, or refunded a part."""
    execution = plant(shop.marketplace, status="failed", charged=10)
    shop.marketplace.execute("SELECT deduct_credits_atomic(user_id, 5, agent_id, id) FROM agent_executions")
    shop.marketplace.execute("UPDATE profiles SET credits = credits + 1 WHERE email LIKE 'ops%%'")
    shop.marketplace.execute(
        "INSERT INTO credit_transactions (user_id, type, amount, balance_after, execution_id) "
        "SELECT user_id, 'refund', 1, 86, id FROM agent_executions"
    )

    done = shop.program("credits", "refund", str(execution), "--reason", "x", "--json").json["data"]

    assert (done["amount"], done["balance_before"], done["balance_after"]) == (14, 86, 100)
    assert (_balance(shop), shop.balances_agree()) == (100, True)


def test_refuses_an_unknown_or_ambiguous_execution_id(shop: Any) -> None:
    one, two = (plant(shop.marketplace, status="failed", charged=10, key=UUID(int=n)) for n in (1, 2))

    for text in ("xyz", "", "%", str(one) + "0"):
        assert _error(shop, "credits", "refund", text, "--reason", "x") == (4, "execution_not_found")
    refused = shop.program("credits", "refund", "0000", "--reason", "x")
    assert refused.exit_code == 4
    assert str(one) in refused.stderr
    assert str(two) in refused.stderr
    assert _balance(shop) == 80


def test_amounts_with_a_fraction_are_exact_text_in_json(shop: Any) -> None:
    shop.marketplace.execute("ALTER TABLE profiles ALTER credits TYPE numeric(12,2)")
    shop.marketplace.execute(
        "ALTER TABLE credit_transactions ALTER amount TYPE numeric(12,2), ALTER balance_after TYPE numeric"
    )
    grant = ("credits", "grant", "ops@example.com", "0.10", "--reason", "x", "--idempotency-key", "k")

    done = shop.program(*grant, "--json").json["data"]
    again = shop.program(*grant, "--json").json["data"]
    of_user = shop.program("credits", "-u", "ops@example.com", "--json").json["data"]

    assert (done["amount"], done["balance_before"], done["balance_after"]) == ("0.10", "100.00", "100.10")
    assert (again["replayed"], again["balance_after"]) == (True, "100.10")
    assert (of_user["balance"], of_user["ledger"][0]["amount"]) == ("100.10", "0.10")
    assert shop.program("credits", "--json").json["data"]["balance"] == "103.10"
    assert _error(shop, *grant[:3], "0.001", "--reason", "x") == (2, "usage")
    assert shop.balances_agree()


def test_quiet_grants_and_prints_nothing(shop: Any) -> None:
    done = shop.program(*GRANT, "--quiet")

    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    assert _balance(shop) == 150


def test_an_execution_without_a_user_is_not_refunded(shop: Any) -> None:
    shop.marketplace.execute("ALTER TABLE agent_executions ALTER user_id DROP NOT NULL")
    ((execution,),) = shop.marketplace.execute(
        "INSERT INTO agent_executions (agent_id, status) "
        "SELECT id, 'failed' FROM agents LIMIT 1 RETURNING id::text"
    )

    assert _error(shop, "credits", "refund", execution, "--reason", "x") == (4, "no_user")
