"""The connection to the database breaks at an exact point: nothing is done twice, nothing is left in doubt.

Each time, the program's output is compared with the database, and the rules about money must hold.
test_database_refusals.py is about a database that is there and refuses, test_database_away.py about one that
does not come back.
"""

from collections.abc import Iterator
from itertools import count
from typing import Any, LiteralString

import pytest

from support.broken import CHARGE, GRANT, LEDGER, RUN, SETTLE, Broken, add_operator
from support.database_proxy import DatabaseProxy, Fault, When
from support.executions import plant, refunds
from support.figures import FULL, figure
from support.shop import Shop
from support.webhook_server import Reply

AWAY = (0, 3) if FULL else (0,)
BROKEN = Reply.json({"message": "Error in workflow"}, 500)

# A COMMIT that takes its time: a deferred trigger runs within it.
# The charge has its deferred constraints checked before its COMMIT; these put off another one until then.
SLOW: LiteralString = """
CREATE TABLE put_off (at timestamptz);
CREATE FUNCTION put_off() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN SET CONSTRAINTS ALL DEFERRED; INSERT INTO put_off VALUES (now()); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER put_off AFTER INSERT ON credit_transactions DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION put_off();
CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON put_off DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION slow();
"""
SLOW_COMMIT: LiteralString = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$;
"""
SLOW_REFUSAL: LiteralString = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_sleep(1); RAISE EXCEPTION 'refused at last'; END $$;
"""


@pytest.fixture
def broken(shop: Shop) -> Iterator[Broken]:
    with DatabaseProxy(shop.marketplace.url) as proxy:
        yield Broken(shop, proxy)


def _is_a_failed_connection(envelope: dict[str, Any]) -> bool:
    return (envelope["error"]["code"], envelope["error"]["retryable"]) == ("connection", True)


@pytest.mark.parametrize("away", AWAY)
def test_a_charge_whose_commit_never_arrives_wrote_and_sent_nothing(broken: Broken, away: float) -> None:
    fault = Fault(When.BEFORE, within=CHARGE, away=away)

    envelope = broken.with_fault(*RUN, exit_code=3, faults=(fault,))

    assert _is_a_failed_connection(envelope)
    assert (broken.statuses(), broken.moves(), broken.posts) == ([], [], 0)


@pytest.mark.parametrize("away", AWAY)
def test_a_charge_with_an_unconfirmed_commit_is_made_once_and_the_run_continues(
    broken: Broken, away: float
) -> None:
    fault = Fault(When.ANSWERED, within=CHARGE, away=away)

    envelope = broken.with_fault(*RUN, exit_code=0, faults=(fault,))

    assert envelope["data"]["execution"]["status"] == "success"
    assert envelope["data"]["credits"]["balance_after"] == 90
    assert (broken.statuses(), broken.moves(), broken.posts) == (["success"], [("usage", -10)], 1)


def test_waits_for_a_commit_that_is_still_running_on_a_broken_connection(broken: Broken) -> None:
    broken.shop.marketplace.execute(SLOW_COMMIT + SLOW)

    broken.with_fault(*RUN, exit_code=0, faults=(Fault(When.UNDER_WAY, within=CHARGE),))

    asked = [said for said in broken.proxy.statements if "pg_xact_status" in said]
    assert len(asked) > 1
    assert (broken.statuses(), broken.moves(), broken.posts) == (["success"], [("usage", -10)], 1)


def test_a_commit_that_fails_on_a_broken_connection_wrote_and_sent_nothing(broken: Broken) -> None:
    broken.shop.marketplace.execute(SLOW_REFUSAL + SLOW)

    envelope = broken.with_fault(*RUN, exit_code=3, faults=(Fault(When.UNDER_WAY, within=CHARGE),))

    assert _is_a_failed_connection(envelope)
    assert (broken.statuses(), broken.moves(), broken.posts) == ([], [], 0)


def test_asks_again_whether_a_commit_arrived_if_the_answer_is_lost(broken: Broken) -> None:
    ask = Fault(When.ANSWERED, statement="SELECT pg_catalog.pg_xact_status")

    broken.with_fault(*RUN, exit_code=0, faults=(Fault(When.ANSWERED, within=CHARGE), ask, ask))

    assert (broken.statuses(), broken.moves(), broken.posts) == (["success"], [("usage", -10)], 1)


def test_a_role_without_pg_xact_status_gets_an_unknown_outcome(broken: Broken) -> None:
    broken.shop.marketplace.execute("REVOKE EXECUTE ON FUNCTION pg_xact_status FROM PUBLIC")
    with DatabaseProxy(add_operator(broken.shop.marketplace)) as proxy:
        as_operator = Broken(broken.shop, proxy)
        fault = Fault(When.ANSWERED, within=CHARGE)
        envelope = as_operator.with_fault(*RUN, exit_code=5, faults=(fault,))

    (row,) = broken.shop.rows()
    assert row["id"] in envelope["error"]["message"]
    assert f"agentctl reconcile {row['id']}" in envelope["error"]["hint"]
    assert (row["status"], broken.moves(), broken.posts) == ("running", [("usage", -10)], 0)


def test_a_success_is_settled_even_if_nobody_may_ask_what_became_of_its_commit(broken: Broken) -> None:
    broken.shop.marketplace.execute("REVOKE EXECUTE ON FUNCTION pg_xact_status FROM PUBLIC")
    with DatabaseProxy(add_operator(broken.shop.marketplace)) as proxy:
        as_operator = Broken(broken.shop, proxy)
        envelope = as_operator.with_fault(*RUN, exit_code=0, faults=(Fault(When.ANSWERED, within=SETTLE),))

    assert broken.statuses() == ["success"]
    assert envelope["data"]["execution"]["status"] == "success"
    assert not any("already settled" in note for note in envelope["data"]["warnings"])


def test_a_refund_without_pg_xact_status_is_not_reported_as_failed(broken: Broken) -> None:
    broken.shop.answer(BROKEN)
    broken.shop.marketplace.execute("REVOKE EXECUTE ON FUNCTION pg_xact_status FROM PUBLIC")
    with DatabaseProxy(add_operator(broken.shop.marketplace)) as proxy:
        as_operator = Broken(broken.shop, proxy)
        envelope = as_operator.with_fault(*RUN, exit_code=5, faults=(Fault(When.ANSWERED, within=SETTLE),))

    assert broken.statuses() == ["failed"]
    assert "still open" not in envelope["error"]["message"]
    assert "agentctl reconcile" in envelope["error"]["hint"]


@pytest.mark.parametrize("away", AWAY)
@pytest.mark.parametrize("when", [When.BEFORE, When.ANSWERED], ids=["never arrives", "is not confirmed"])
def test_a_success_is_settled_once_when_its_commit(broken: Broken, when: When, away: float) -> None:
    envelope = broken.with_fault(*RUN, exit_code=0, faults=(Fault(when, within=SETTLE, away=away),))

    assert envelope["data"]["execution"]["status"] == "success"
    assert (broken.statuses(), broken.moves(), broken.posts) == (["success"], [("usage", -10)], 1)


@pytest.mark.parametrize("away", AWAY)
@pytest.mark.parametrize("when", [When.BEFORE, When.ANSWERED], ids=["never arrives", "is not confirmed"])
def test_a_failure_is_settled_and_refunded_once_when_its_commit(
    broken: Broken, when: When, away: float
) -> None:
    broken.shop.answer(BROKEN)

    envelope = broken.with_fault(*RUN, exit_code=1, faults=(Fault(when, within=SETTLE, away=away),))

    assert envelope["data"]["credits"]["refunded"] == 10
    assert envelope["data"]["credits"]["balance_after"] == 100
    assert (broken.statuses(), broken.posts) == (["failed"], 1)
    assert broken.moves() == [("usage", -10), ("refund", 10)]


def test_a_settlement_survives_repeated_connection_losses(broken: Broken) -> None:
    broken.shop.answer(BROKEN)
    faults = [Fault(When.BEFORE, statement=said) for said in ("BEGIN", "UPDATE", LEDGER, "COMMIT")]
    # The first BEGIN is the charge's.
    faults[0] = Fault(When.BEFORE, statement="BEGIN", skip=1)

    broken.with_fault(*RUN, exit_code=1, faults=(*faults, Fault(When.ANSWERED, within=SETTLE)))

    assert (broken.statuses(), broken.posts) == (["failed"], 1)
    assert broken.moves() == [("usage", -10), ("refund", 10)]


@pytest.mark.parametrize("key", [(), ("--idempotency-key", "k")], ids=["without a key", "with a key"])
def test_a_grant_whose_commit_never_arrives_grants_nothing(broken: Broken, key: tuple[str, ...]) -> None:
    envelope = broken.with_fault(*GRANT, *key, exit_code=3, faults=(Fault(When.BEFORE, within=LEDGER),))

    assert _is_a_failed_connection(envelope)
    assert broken.moves() == []


@pytest.mark.parametrize("away", AWAY)
@pytest.mark.parametrize("key", [(), ("--idempotency-key", "k")], ids=["without a key", "with a key"])
def test_a_grant_with_an_unconfirmed_commit_is_made_once_and_reported(
    broken: Broken, key: tuple[str, ...], away: float
) -> None:
    fault = Fault(When.ANSWERED, within=LEDGER, away=away)

    envelope = broken.with_fault(*GRANT, *key, exit_code=0, faults=(fault,))

    assert (envelope["data"]["balance_after"], envelope["data"]["replayed"]) == (105, False)
    assert broken.moves() == [("bonus", 5)]


def test_a_refund_whose_commit_never_arrives_refunds_nothing(broken: Broken) -> None:
    failed = plant(broken.shop.marketplace, status="failed", charged=10)
    refund = ("credits", "refund", str(failed), "--reason", "x")

    envelope = broken.with_fault(*refund, exit_code=3, faults=(Fault(When.BEFORE, within=LEDGER),))

    assert _is_a_failed_connection(envelope)
    assert refunds(broken.shop.marketplace, failed) == []


@pytest.mark.parametrize("away", AWAY)
def test_a_refund_with_an_unconfirmed_commit_is_made_once_and_reported(broken: Broken, away: float) -> None:
    failed = plant(broken.shop.marketplace, status="failed", charged=10)
    refund = ("credits", "refund", str(failed), "--reason", "x")
    fault = Fault(When.ANSWERED, within=LEDGER, away=away)

    envelope = broken.with_fault(*refund, exit_code=0, faults=(fault,))

    assert envelope["data"]["balance_after"] == 100
    assert refunds(broken.shop.marketplace, failed) == [10]


@pytest.mark.parametrize("away", AWAY)
@pytest.mark.parametrize("when", [When.BEFORE, When.ANSWERED], ids=["never arrives", "is not confirmed"])
def test_reconcile_settles_each_execution_once_when_the_second_commit(
    broken: Broken, when: When, away: float
) -> None:
    planted = [plant(broken.shop.marketplace, status="running", charged=10) for _ in range(3)]
    fault = Fault(when, within=SETTLE, skip=1, away=away)

    envelope = broken.with_fault(
        "reconcile", "--assume", "failed", "--stale-after", "0s", exit_code=0, faults=(fault,)
    )

    settled = envelope["data"]["executions"]
    assert [one["action"] for one in settled] == ["settled"] * 3
    assert [refunds(broken.shop.marketplace, one) for one in planted] == [[10]] * 3
    assert broken.statuses() == ["failed"] * 3


@pytest.mark.parametrize("when", When, ids=lambda when: when.name.lower())
def test_a_connection_lost_at_any_statement_leaves_a_complete_run_or_none(
    broken: Broken, when: When, record_property: Any
) -> None:
    broken.shop.answer(BROKEN)
    for place in count(0, figure(full=1, everyday=5)):
        rows, posts, struck = len(broken.statuses()), broken.posts, len(broken.proxy.struck)
        broken.proxy.break_at(Fault(when, statement="", skip=place))
        done = broken(*RUN)
        begun = len(broken.statuses()) - rows
        assert done.exit_code == (1 if begun else 3), (place, done)
        assert broken.posts - posts == begun
        assert set(broken.statuses()) <= {"failed"}
        if len(broken.proxy.struck) == struck:  # a run has no more statements than that
            assert begun
            break
    record_property("faults", struck)
