"""An agent's price must be a valid amount, and the price that was shown is the price that is charged."""

import os
import signal
from collections.abc import Callable
from typing import Any, LiteralString

import pytest

from agentctl.core.failpoints import Failpoint
from support.broken import RUN, await_end
from support.shop import Shop, configure

OPS = "ops@example.com"
ODD = ("NaN", "Infinity", "-Infinity", "-5")


def _wrote_nothing(shop: Shop) -> bool:
    return (shop.rows(), shop.ledger(), shop.webhook.requests) == ([], [], [])


def _let_prices_be_anything(shop: Shop) -> None:
    shop.marketplace.execute(
        "ALTER TABLE agents DROP CONSTRAINT agents_credit_cost_check, ALTER credit_cost TYPE numeric"
    )


def _run_changed_meanwhile(
    shop: Shop, change: LiteralString, *options: str, exit_code: int
) -> dict[str, Any]:
    """Run the agent, and change the database after the preparation, before anything is written."""
    run = shop.program.start(*RUN, *options, "--json", env={"AGENTCTL_FAILPOINT": f"{Failpoint.CHOSEN}:stop"})
    _, status = os.waitpid(run.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    shop.marketplace.execute(change)
    run.send_signal(signal.SIGCONT)
    done = await_end(run)
    assert done.exit_code == exit_code, done
    assert ("execution " in done.stderr) is (exit_code == 0), "a run that is refused announces no execution"
    return done.json


@pytest.mark.parametrize("price", ODD)
def test_refuses_an_invalid_price_before_anything_is_written(shop: Shop, price: str) -> None:
    _let_prices_be_anything(shop)
    shop.marketplace.execute("UPDATE agents SET credit_cost = %s", (price,))

    for options in ((), ("--dry-run",), ("--idempotency-key", "monday")):
        error = shop.run_json(*RUN[1:], *options, exit_code=4)["error"]
        assert error["code"] == "agent_price_invalid"
        assert error["message"] == f"The agent seo-blog has the price {price}, which cannot be charged."

    assert _wrote_nothing(shop)


@pytest.mark.parametrize("price", ODD)
def test_lists_an_agent_with_an_invalid_price_and_runs_it_with_no_charge(shop: Shop, price: str) -> None:
    _let_prices_be_anything(shop)
    shop.marketplace.execute("UPDATE agents SET credit_cost = %s", (price,))

    listed = shop.program("agents", "--json").json["data"]["agents"]
    assert {agent["slug"]: agent["price"] for agent in listed}["seo-blog"] == price
    assert "no valid price" in shop.program("agents").stdout
    assert "no valid price" in shop.program("agents", "seo-blog").stdout
    assert shop.run_json(*RUN[1:], "--no-charge")["data"]["credits"]["charged"] == 0


@pytest.mark.parametrize("amount", ODD[:2])
def test_invalid_amounts_stop_no_command_that_reads(
    shop_with: Callable[..., Shop], amount: LiteralString
) -> None:
    shop = shop_with("credits_used")
    shop.run_json(*RUN[1:])
    shop.marketplace.execute(
        "ALTER TABLE profiles ALTER credits TYPE numeric, DROP CONSTRAINT profiles_credits_check; "
        "ALTER TABLE agent_executions ALTER credits_used TYPE numeric; "
        "ALTER TABLE credit_transactions DROP CONSTRAINT credit_transactions_type_and_sign, "
        "ALTER amount TYPE numeric, ALTER balance_after TYPE numeric"
    )
    for table, column in (
        ("profiles", "credits"),
        ("agent_executions", "credits_used"),
        ("credit_transactions", "amount"),
        ("credit_transactions", "balance_after"),
    ):
        shop.marketplace.execute(f"UPDATE {table} SET {column} = '{amount}'".encode())
    execution = shop.rows()[0]["id"]

    for command in (
        ("history",),
        ("history", execution),
        ("history", "--all", "--format", "csv"),
        ("history", "--stats"),
        ("credits",),
        ("credits", "--user", OPS),
        ("agents",),
    ):
        for options in ((), ("--json",)):
            if "csv" in command and options:
                continue
            done = shop.program(*command, *options)
            assert (done.exit_code, "Traceback" in done.stderr) == (0, False), done


@pytest.mark.parametrize("amount", ODD[:3])
def test_moves_no_credits_if_a_balance_is_not_a_number(shop: Shop, amount: LiteralString) -> None:
    shop.marketplace.execute(
        "ALTER TABLE profiles ALTER credits TYPE numeric, DROP CONSTRAINT profiles_credits_check"
    )
    shop.marketplace.execute("UPDATE profiles SET credits = %s", (amount,))

    for command in (RUN, (*RUN, "--dry-run"), ("credits", "grant", OPS, "5", "--reason", "x")):
        done = shop.program(*command, "--json")
        assert done.exit_code == 4, done
        assert done.json["error"]["code"] == "no_amount"

    assert _wrote_nothing(shop)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("UPDATE agents SET credit_cost = 12", "agent_price_changed"),
        ("UPDATE agents SET credit_cost = 8", "agent_price_changed"),
        ("UPDATE agents SET is_active = false", "agent_inactive"),
        ("UPDATE agents SET deleted_at = now()", "agent_deleted"),
        ("DELETE FROM agents", "agent_not_found"),
    ],
)
def test_refuses_an_agent_that_changed_after_it_was_read(
    shop: Shop, change: LiteralString, code: str
) -> None:
    whole = _run_changed_meanwhile(shop, change, exit_code=4)

    assert whole["error"]["code"] == code
    assert _wrote_nothing(shop)


def test_names_the_changed_price_and_the_price_that_was_shown(shop: Shop) -> None:
    whole = _run_changed_meanwhile(shop, "UPDATE agents SET credit_cost = 12", exit_code=4)

    assert whole["error"]["message"] == (
        "The agent seo-blog now costs 12 credits: it was 10 when this run was prepared."
    )


@pytest.mark.parametrize(
    ("options", "charged"), [(("--no-charge",), 0), ((), 3)], ids=["not charged", "the configured price"]
)
def test_a_price_that_is_not_charged_may_change_during_a_run(
    shop: Shop, options: tuple[str, ...], charged: int
) -> None:
    configure(shop.program, shop.marketplace, '[profiles.test.agents."seo-blog"]\nprice = 3')

    whole = _run_changed_meanwhile(shop, "UPDATE agents SET credit_cost = 12", *options, exit_code=0)

    assert whole["data"]["credits"]["charged"] == charged


def test_other_agents_and_other_columns_may_change_during_a_run(shop: Shop) -> None:
    change: LiteralString = (
        "UPDATE agents SET description = 'better'; "
        "UPDATE agents SET credit_cost = 99 WHERE name <> 'SEO Blog'"
    )

    _run_changed_meanwhile(shop, change, exit_code=0)

    assert [amount for _, amount, _ in shop.ledger()] == [-10]
