"""What was foreseen of a charge is not what is there any more: books are exact, and a run says what it did.

A run is stopped when it is prepared, and the database changes before its statements leave together.
"""

import os
import signal
from typing import LiteralString

import pytest

from agentctl.core.failpoints import Failpoint
from support.broken import RUN, await_end
from support.program import Result
from support.rules import violations
from support.shop import Shop
from support.webhook_server import Reply

BY_ITSELF: LiteralString = "DROP FUNCTION deduct_credits_atomic"
GRANTED: LiteralString = (
    "UPDATE profiles SET credits = credits + 7 WHERE email = 'ops@example.com'; "
    "INSERT INTO credit_transactions (user_id, amount, balance_after, type) "
    "SELECT id, 7, credits, 'purchase' FROM profiles WHERE email = 'ops@example.com'"
)
TAKEN_BACK: LiteralString = (
    "UPDATE credit_transactions SET amount = 3, balance_after = 3 "
    "WHERE user_id = (SELECT id FROM profiles WHERE email = 'ops@example.com'); "
    "UPDATE profiles SET credits = 3 WHERE email = 'ops@example.com'"
)
KEPT_BY_TRIGGER: LiteralString = """
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO credit_transactions (user_id, amount, balance_after, type)
    VALUES (NEW.id, NEW.credits - OLD.credits, NEW.credits, 'usage');
    RETURN NEW;
END $$;
CREATE TRIGGER keep AFTER UPDATE OF credits ON profiles FOR EACH ROW EXECUTE FUNCTION keep();
"""


def _run_changed_meanwhile(shop: Shop, change: LiteralString, *options: str) -> Result:
    paused = {"AGENTCTL_FAILPOINT": f"{Failpoint.CHOSEN}:stop"}
    run = shop.program.start(*RUN, *options, "--json", env=paused)
    _, status = os.waitpid(run.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    shop.marketplace.execute(change)
    run.send_signal(signal.SIGCONT)
    done = await_end(run)
    assert violations(shop.marketplace) == []
    return done


@pytest.mark.parametrize("own", [False, True], ids=["by the function", "by agentctl"])
@pytest.mark.parametrize("failing", [False, True], ids=["success", "refund"])
def test_a_balance_that_has_grown_is_charged_exactly(shop: Shop, own: bool, failing: bool) -> None:
    if own:
        shop.marketplace.execute(BY_ITSELF)
    if failing:
        shop.answer(Reply.json({"message": "Error in workflow"}, 500))

    done = _run_changed_meanwhile(shop, GRANTED)

    assert done.exit_code == int(failing)
    assert done.json["data"]["credits"]["balance_after"] == (107 if failing else 97)
    assert len(shop.rows()) == 1


@pytest.mark.parametrize("own", [False, True], ids=["by the function", "by agentctl"])
def test_a_balance_that_does_not_suffice_any_more_is_refused_and_nothing_is_left(
    shop: Shop, own: bool
) -> None:
    if own:
        shop.marketplace.execute(BY_ITSELF)

    done = _run_changed_meanwhile(shop, TAKEN_BACK)

    assert (done.exit_code, done.json["error"]["code"]) == (4, "insufficient_credits")
    assert (shop.rows(), shop.webhook.requests) == ([], [])


@pytest.mark.parametrize("own", [False, True], ids=["by the function", "by agentctl"])
def test_a_key_that_was_used_meanwhile_is_replayed_and_charged_once(shop: Shop, own: bool) -> None:
    if own:
        shop.marketplace.execute(BY_ITSELF)
    key = ("--idempotency-key", "monday")
    paused = {"AGENTCTL_FAILPOINT": f"{Failpoint.CHOSEN}:stop"}
    late = shop.program.start(*RUN, *key, "--json", env=paused)
    os.waitpid(late.pid, os.WUNTRACED)
    assert shop.program(*RUN, *key).exit_code == 0
    late.send_signal(signal.SIGCONT)

    done = await_end(late)

    assert done.exit_code == 0
    assert done.json["data"]["execution"]["replayed"] is True
    assert (len(shop.rows()), len(shop.webhook.requests)) == (1, 1)
    assert [amount for _, amount, _ in shop.ledger()] == [-10]
    assert violations(shop.marketplace) == []


def test_a_trigger_that_writes_the_ledger_since_a_moment_ago_charges_once(shop: Shop) -> None:
    shop.marketplace.execute(BY_ITSELF)

    done = _run_changed_meanwhile(shop, KEPT_BY_TRIGGER)

    assert done.exit_code == 0
    assert [amount for _, amount, _ in shop.ledger()] == [-10]
