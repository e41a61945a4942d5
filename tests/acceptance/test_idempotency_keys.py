"""Any visible text is an idempotency key, and stands for one execution, or one grant, for ever."""

import pytest

from support.broken import RUN
from support.forks import forked_agentctl, typist  # noqa: F401 - fixtures: there are many commands
from support.shop import Shop

KEYS = (
    "50% off %s %(user)s %%",
    '$1 ${HOME} it\'s "quoted" `so`',
    "\\ {id} -- ; /* клиент №",
    " a  b ",
    "a  b",
)
INVISIBLE = (
    "",
    " ",
    "\t",
    "\N{NO-BREAK SPACE}",
    "\N{ZERO WIDTH SPACE}",
    "\N{RIGHT-TO-LEFT OVERRIDE}",
    "\N{HANGUL FILLER}",
)
BY_COLUMN = (
    "ALTER TABLE agent_executions DROP CONSTRAINT agent_executions_pkey, ALTER id DROP DEFAULT, "
    "ALTER id TYPE bigint USING 1, ADD PRIMARY KEY (id), ADD idempotency_key text UNIQUE; "
    "CREATE SEQUENCE execution_numbers OWNED BY agent_executions.id; "
    "ALTER TABLE agent_executions ALTER id SET DEFAULT nextval('execution_numbers'); "
    "ALTER TABLE credit_transactions ALTER execution_id TYPE bigint USING NULL; "
    "DROP FUNCTION deduct_credits_atomic"
)
BY_TEXT = (
    "ALTER TABLE agent_executions ALTER id DROP DEFAULT, ALTER id TYPE text; "
    "ALTER TABLE credit_transactions ALTER execution_id TYPE text; DROP FUNCTION deduct_credits_atomic"
)


@pytest.mark.parametrize("change", ["SELECT", BY_TEXT, BY_COLUMN], ids=["uuid", "text", "unique column"])
def test_a_key_of_any_characters_is_one_execution(shop: Shop, change: str) -> None:
    shop.marketplace.execute(change.encode())
    for table, column in (("profiles", "credits"), ("credit_transactions", "amount")):
        shop.marketplace.execute(f"UPDATE {table} SET {column} = 1000".encode())

    first = [shop.run_json(*RUN[1:], "--idempotency-key", key)["data"] for key in KEYS]
    again = [shop.run_json(*RUN[1:], "--idempotency-key", key)["data"] for key in KEYS]

    ids = [one["execution"]["id"] for one in first]
    assert len(set(ids)) == len(KEYS)
    assert [one["execution"]["id"] for one in again] == ids
    assert {one["execution"]["replayed"] for one in again} == {True}
    assert len(shop.webhook.requests) == len(shop.rows()) == len(shop.ledger()) == len(KEYS)


def test_a_key_of_any_characters_is_one_grant(shop: Shop) -> None:
    for key in KEYS:
        grant = ("credits", "grant", "ops@example.com", "5", "--reason", "x", "--idempotency-key", key)
        first, again = shop.program(*grant, "--json"), shop.program(*grant, "--json")
        assert (first.json["data"]["replayed"], again.json["data"]["replayed"]) == (False, True)
        other = shop.program(*grant[:3], "6", *grant[4:], "--json")
        assert (other.exit_code, other.json["error"]["code"]) == (4, "idempotency_key_reused")

    assert [amount for _, amount, _ in shop.ledger()] == [5] * len(KEYS)


@pytest.mark.parametrize("key", INVISIBLE)
def test_an_invisible_key_is_a_usage_error_and_writes_nothing(shop: Shop, key: str) -> None:
    grant = ("credits", "grant", "ops@example.com", "5", "--reason", "x")
    for command in (RUN, grant):
        done = shop.program(*command, "--idempotency-key", key, "--json")
        assert done.exit_code == 2, done
        assert "idempotency key" in done.json["error"]["message"]

    assert (shop.rows(), shop.ledger(), shop.webhook.requests) == ([], [], [])
