"""`agentctl reconcile`: each execution has its own result, and none prevents another from being settled."""

from typing import Any
from uuid import UUID

import pytest

from support.executions import OPS, POOR, balance, plant, refunds
from support.marketplace import Marketplace
from support.shop import Shop

OLD = "2024-02-03T04:05:06.000007Z"
ALL_FAILED = ("--assume", "failed", "--json")


def reconcile(shop: Shop, *args: str, exit_code: int) -> dict[str, dict[str, Any]]:
    done = shop.program("reconcile", *args)
    assert done.exit_code == exit_code, done
    assert "Traceback" not in done.stderr
    return {case["id"]: case for case in done.json["data"]["executions"]}


def plant_open(marketplace: Marketplace, **columns: Any) -> str:
    return str(plant(marketplace, **{"status": "running", "charged": 10, "created_at": OLD, **columns}))


def let_users_vanish(marketplace: Marketplace) -> None:
    """Drop the foreign keys that keep a user's row, as in a marketplace without them."""
    drops = marketplace.execute(
        "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint "
        "WHERE contype = 'f' AND confrelid = 'profiles'::regclass"
    )
    for (drop,) in drops:
        marketplace.execute(drop.encode())
    marketplace.execute("ALTER TABLE agent_executions ALTER user_id DROP NOT NULL")


def test_an_execution_that_cannot_be_settled_does_not_stop_the_others(shop: Shop) -> None:
    market = shop.marketplace
    let_users_vanish(market)
    good = plant_open(market)
    ancient = plant_open(market, created_at="-infinity")
    stubborn, refunded_twice = plant_open(market), plant_open(market)
    market.execute(
        """
        CREATE FUNCTION keep_open() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'the accountant %s has not signed', NEW.id; END $$
        """.replace("%s", "%")
    )
    market.execute(
        f"CREATE TRIGGER keeps BEFORE UPDATE ON agent_executions FOR EACH ROW WHEN (OLD.id = '{stubborn}') "
        "EXECUTE FUNCTION keep_open()".encode()
    )
    # Somebody gave a part back by hand, where the database allows one refund of an execution.
    market.execute("CREATE UNIQUE INDEX one_refund ON credit_transactions (execution_id) WHERE amount > 0")
    market.execute(
        "INSERT INTO credit_transactions (user_id, type, amount, balance_after, execution_id) "
        "VALUES (%s, 'refund', 4, 64, %s)",
        (OPS, refunded_twice),
    )
    market.execute("UPDATE profiles SET credits = credits + 4 WHERE id = %s", (OPS,))

    cases = reconcile(shop, *ALL_FAILED, exit_code=6)

    actions = {key: case["action"] for key, case in cases.items()}
    assert actions == {
        good: "settled",
        ancient: "settled",
        stubborn: "not_settled",
        refunded_twice: "not_settled",
    }
    assert "has not signed" in cases[stubborn]["message"]
    assert cases[stubborn]["error"]["code"] == "database"
    assert "one_refund" in cases[refunded_twice]["error"]["message"]
    assert cases[good]["error"] is None
    assert balance(market) == 100 - 4 * 10 + 2 * 10 + 4
    done = shop.program("reconcile", "--assume", "failed")
    assert done.exit_code == 6
    assert "2 executions: 2 not settled." in done.stdout


@pytest.mark.parametrize("user", ["deleted", "NULL"])
def test_settles_an_execution_of_a_deleted_user_without_a_refund(shop: Shop, user: str) -> None:
    market = shop.marketplace
    let_users_vanish(market)
    execution, other = plant_open(market, user=POOR, charged=3), plant_open(market)
    if user == "NULL":
        market.execute("UPDATE agent_executions SET user_id = NULL WHERE user_id = %s", (POOR,))
    market.execute("DELETE FROM profiles WHERE id = %s", (POOR,))

    cases = reconcile(shop, *ALL_FAILED, exit_code=0)

    case = cases[execution]
    assert (case["action"], case["status"], case["refunded"]) == ("settled", "failed", 0)
    assert "Its user is gone, so nothing can be refunded; it had cost 3 credits." in case["message"]
    assert (cases[other]["action"], cases[other]["refunded"]) == ("settled", 10)
    assert {row["status"] for row in shop.rows()} == {"failed"}


def test_does_not_take_a_hidden_user_for_a_deleted_one(shop: Shop) -> None:
    market = shop.marketplace
    execution = plant_open(market)
    url = market.add_role("clerk")
    role = f"{market.name}_clerk"
    market.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}".encode())
    for table in ("agents", "agent_executions", "credit_transactions"):
        market.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY".encode())
    config = shop.program.home / "agentctl.toml"
    config.write_text(config.read_text().replace(market.url, url))

    cases = reconcile(shop, *ALL_FAILED, exit_code=6)

    assert cases[execution]["action"] == "not_settled"
    assert [row["status"] for row in shop.rows()] == ["running"]


def lose_row(shop: Shop, **columns: Any) -> str:
    """Charge for an execution, and delete its row but not its ledger row."""
    market = shop.marketplace
    for (name,) in market.execute(
        "SELECT conname FROM pg_constraint WHERE contype = 'f' AND confrelid = 'agent_executions'::regclass"
    ):
        market.execute(f"ALTER TABLE credit_transactions DROP CONSTRAINT {name}".encode())
    execution = plant_open(market, **columns)
    market.execute("DELETE FROM agent_executions WHERE id = %s", (execution,))
    return execution


@pytest.mark.parametrize(
    "command", [("reconcile", "--stale-after", "0s"), ("credits", "refund", "--reason", "x")]
)
def test_refunds_the_charge_of_a_deleted_execution_once(shop: Shop, command: tuple[str, ...]) -> None:
    execution = lose_row(shop)
    assert balance(shop.marketplace) == 90

    first = shop.program(*command, execution[:13], "--json")
    again = shop.program(*command, execution, "--json")

    assert first.exit_code == 0, first
    assert refunds(shop.marketplace, UUID(execution)) == [10]
    assert balance(shop.marketplace) == 100
    if command[0] == "credits":
        assert (again.exit_code, again.json["error"]["code"]) == (4, "already_refunded")
    else:
        (case,) = again.json["data"]["executions"]
        assert (again.exit_code, case["action"]) == (0, "found_settled")


def test_concurrent_refunds_of_a_deleted_execution_refund_once(shop: Shop) -> None:
    execution = lose_row(shop)
    commands = [
        ("reconcile", execution, "--stale-after", "0s"),
        ("credits", "refund", execution, "--reason", "x"),
    ] * 2

    for process in [shop.program.start(*command) for command in commands]:
        process.communicate(timeout=60)

    assert refunds(shop.marketplace, UUID(execution)) == [10]
    assert balance(shop.marketplace) == 100


def test_does_not_refund_a_charge_whose_run_may_still_be_working(shop: Shop) -> None:
    execution = lose_row(shop)

    cases = reconcile(shop, execution, "--json", exit_code=6)

    assert (cases[execution]["action"], cases[execution]["source"]) == ("alive", "nobody")
    assert refunds(shop.marketplace, UUID(execution)) == []


def test_assume_success_and_on_failure_keep_do_not_refund_a_deleted_execution(shop: Shop) -> None:
    execution = lose_row(shop)
    settled = reconcile(shop, execution, "--assume", "success", "--json", exit_code=0)
    assert settled[execution]["action"] == "found_settled"

    config = shop.program.home / "agentctl.toml"
    config.write_text(config.read_text() + '\n[profiles.test.billing]\non_failure = "keep"\n')
    kept = reconcile(shop, execution, "--stale-after", "0s", "--json", exit_code=0)

    assert f"agentctl credits refund {execution}" in kept[execution]["message"]
    assert refunds(shop.marketplace, UUID(execution)) == []
