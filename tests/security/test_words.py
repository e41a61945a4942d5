"""agentctl writes words of the schema, of the configuration, or its own; rows decide nothing."""

from typing import LiteralString

import pytest

from support.broken import RUN
from support.executions import PLAIN, plant
from support.shop import Shop, configure
from support.webhook_server import Reply

FREE: LiteralString = (
    "ALTER TABLE agent_executions DROP CONSTRAINT agent_executions_status_check, ALTER status DROP DEFAULT; "
    "ALTER TABLE credit_transactions DROP CONSTRAINT credit_transactions_type_and_sign"
)
FAILS = Reply.json({"message": "Error in workflow"}, 500)


def _statuses(shop: Shop) -> list[str]:
    """Return the statuses of agentctl's executions, oldest first."""
    rows = shop.marketplace.execute(
        "SELECT status FROM agent_executions WHERE agent_id <> %s ORDER BY created_at", (PLAIN,)
    )
    return [status for (status,) in rows]


def _run_both_ways(shop: Shop) -> None:
    """Run an agent that succeeds, and then one that fails and is refunded."""
    shop.run_json(*RUN[1:])
    shop.answer(FAILS)
    shop.run_json(*RUN[1:], exit_code=1)


# Words that mean what agentctl writes, one or several for one meaning, and such as nobody knows.
@pytest.mark.parametrize("words", [("succeeded",), ("done", "finished", "errored", "crashed"), ("gnosh",)])
def test_words_in_rows_do_not_change_what_a_run_writes(shop: Shop, words: tuple[str, ...]) -> None:
    shop.marketplace.execute(FREE)
    for word in words:
        plant(shop.marketplace, status=word, agent=PLAIN)
        shop.marketplace.execute(
            "INSERT INTO credit_transactions (user_id, type, amount, balance_after) "
            "SELECT id, %s, 0, credits FROM profiles",
            (word,),
        )

    _run_both_ways(shop)

    assert _statuses(shop) == ["success", "failed"]
    kinds = [(kind, amount) for kind, amount, _ in shop.ledger() if amount]
    assert kinds == [("usage", -10), ("usage", -10), ("refund", 10)]


def test_kinds_of_ledger_rows_are_not_taken_from_rows(shop: Shop) -> None:
    shop.marketplace.execute(FREE)
    shop.marketplace.execute(
        "INSERT INTO credit_transactions (user_id, type, amount, balance_after) "
        "SELECT id, kind, 0, credits FROM profiles, unnest(ARRAY['chargeback', 'reversal', 'gift']) AS kind"
    )
    shop.answer(FAILS)

    shop.run_json(*RUN[1:], exit_code=1)
    assert shop.program("credits", "grant", "ops@example.com", "5", "--reason", "x").exit_code == 0

    assert [kind for kind, amount, _ in shop.ledger() if amount] == ["usage", "refund", "bonus"]


def test_interprets_the_status_words_in_rows(shop: Shop) -> None:
    shop.marketplace.execute(FREE)
    for word in ("succeeded", "crashed", "gnosh"):
        plant(shop.marketplace, status=word)

    listed = shop.program("history", "--json").json["data"]["executions"]

    assert {one["status"] for one in listed} == {"success", "failed", "gnosh"}


def test_warns_about_words_that_only_rows_contain(shop: Shop) -> None:
    shop.marketplace.execute(FREE)
    plant(shop.marketplace, status="completed")

    checked = shop.program("schema-check", "--json")

    assert checked.exit_code == 0
    (finding,) = [one for one in checked.json["data"]["findings"] if one["id"] == "words-unconfirmed"]
    assert finding["severity"] == "warning"
    assert "[profiles.NAME.schema.executions.statuses]" in finding["hint"]
    assert 'success = "completed"' in finding["hint"]


def test_writes_words_as_configured(shop: Shop) -> None:
    shop.marketplace.execute(FREE)
    configure(
        shop.program,
        shop.marketplace,
        '[profiles.test.schema.executions.statuses]\nsuccess = "completed"\nfailed = "gnosh"\n'
        '[profiles.test.schema.ledger.kinds]\nrefund = "storno"',
    )

    _run_both_ways(shop)

    assert _statuses(shop) == ["completed", "gnosh"]
    assert [kind for kind, _, _ in shop.ledger()] == ["usage", "usage", "storno"]


def test_the_default_of_a_status_is_a_word_of_the_schema(shop: Shop) -> None:
    shop.marketplace.execute(FREE)
    shop.marketplace.execute(
        "ALTER TABLE agent_executions ALTER status SET DEFAULT 'in_progress'; "
        "ALTER TABLE credit_transactions ALTER type SET DEFAULT 'reversal'"
    )
    shop.answer(FAILS)

    run = shop.program(*RUN, env={"AGENTCTL_FAILPOINT": "calling"})
    assert run.exit_code == -9
    assert _statuses(shop) == ["in_progress"]
    execution = shop.rows()[0]["id"]
    settled = shop.program("reconcile", execution, "--stale-after", "0s", "--assume", "failed")
    assert settled.exit_code == 0, settled
    assert [kind for kind, _, _ in shop.ledger()] == ["usage", "reversal"]


def test_init_proposes_the_words_that_rows_contain(shop: Shop) -> None:
    shop.marketplace.execute(FREE)
    plant(shop.marketplace, status="completed")
    (shop.program.home / "agentctl.toml").unlink()

    made = shop.program("init", "--database-url", shop.marketplace.url)

    assert made.exit_code == 0, made
    text = (shop.program.home / "agentctl.toml").read_text()
    assert 'success = "completed" # seen in its rows' in text
