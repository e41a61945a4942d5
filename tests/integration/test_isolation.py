"""Transactions under a stricter default isolation, and transactions that are turned away."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID

import pytest
from psycopg import sql

from agentctl.core.audit.check import Scope
from agentctl.core.audit.checks import CHECKS
from agentctl.core.audit.runner import audit
from agentctl.core.catalog.introspection import introspect
from agentctl.core.credits import balances, movements
from agentctl.core.credits.users import get_user
from agentctl.core.database import retries
from agentctl.core.database.connection import Connection, read_database_url
from agentctl.core.database.transactions import in_transaction
from agentctl.core.errors import DatabaseTrouble, SchemaLacks
from agentctl.core.executions.filters import Filters
from agentctl.core.executions.history import list_executions, stream_executions
from agentctl.core.mapping import get_marketplace
from support.database_proxy import DatabaseProxy
from support.executions import SEO_BLOG, balance, plant
from support.marketplace import Marketplace

STRICT = ["repeatable read", "serializable"]
REFUSALS = ["serialization_failure", "deadlock_detected", "lock_not_available"]
SHOW = "SELECT current_setting('transaction_isolation') AS level"
TURNSTILE: LiteralString = """
CREATE SEQUENCE knocks;
CREATE FUNCTION turnstile(until bigint, reason text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    knock bigint := nextval('knocks');
BEGIN
    IF knock < until THEN
        RAISE EXCEPTION 'not yet' USING ERRCODE = reason;
    END IF;
    RETURN knock;
END $$;
"""
KNOCK = "SELECT public.turnstile(%(until)s, %(reason)s) AS knock"
NEVER = {"until": 10**6, "reason": "lock_not_available"}


def be_strict(marketplace: Marketplace, level: str) -> None:
    statement = sql.SQL("ALTER DATABASE {} SET default_transaction_isolation = {}")
    with marketplace.connect() as connection:
        connection.execute(statement.format(sql.Identifier(marketplace.name), level))


def level_of(connection: Connection) -> str:
    row = connection.execute(SHOW).fetchone()
    return str(row and row["level"])


def charge(execution: UUID, url: str) -> None:
    with read_database_url(url, source="test").connect() as connection:
        market = get_marketplace(introspect(connection))
        user = get_user(connection, market.users, "ops@example.com")
        in_transaction(
            connection,
            lambda: movements.charge(
                connection,
                market,
                user=user,
                price=1,
                agent=SEO_BLOG,
                execution=execution,
                before=balances.lock_user(connection, market, user.id),
            ),
        )


@pytest.mark.parametrize("level", STRICT)
def test_a_transaction_is_read_committed_whatever_the_default_is(
    marketplace: Marketplace, level: str
) -> None:
    be_strict(marketplace, level)
    with (
        DatabaseProxy(marketplace.url) as proxy,
        read_database_url(proxy.url, source="test").connect() as connection,
    ):
        inside = in_transaction(connection, lambda: level_of(connection))
        alone = level_of(connection)

    assert (inside, alone) == ("read committed", level)
    # No round trip is spent on it: BEGIN, what is asked, the transaction's number, COMMIT; and the one alone.
    assert len(proxy.statements) == 5


@pytest.mark.parametrize("level", STRICT)
def test_concurrent_charges_of_one_user_all_succeed(marketplace: Marketplace, level: str) -> None:
    be_strict(marketplace, level)
    executions = [plant(marketplace, status="running") for _ in range(16)]
    with DatabaseProxy(marketplace.url) as proxy, ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda execution: charge(execution, proxy.url), executions))

    assert "ROLLBACK" not in proxy.statements
    assert balance(marketplace) == 100 - len(executions)


def _audit(connection: Connection, market: Any) -> None:
    scope = Scope(since=None, stale_after=timedelta(minutes=15), keeps_charges=False)
    audit(connection, market, CHECKS, scope, watch=nullcontext)


def _read_all(connection: Connection, market: Any) -> None:
    list(stream_executions(connection, market, Filters(), content=False))


@pytest.mark.parametrize("report", [_audit, _read_all], ids=["audit", "history --all"])
@pytest.mark.parametrize("level", STRICT)
def test_a_report_of_several_statements_still_has_one_snapshot(
    marketplace: Marketplace, level: str, report: Callable[[Connection, Any], None]
) -> None:
    be_strict(marketplace, level)
    with (
        DatabaseProxy(marketplace.url) as proxy,
        read_database_url(proxy.url, source="test").connect() as connection,
    ):
        report(connection, get_marketplace(introspect(connection)))

    begin = next(place for place, said in enumerate(proxy.statements) if said.startswith("BEGIN"))
    assert "REPEATABLE READ, READ ONLY" in proxy.statements[begin + 1]


@pytest.mark.parametrize("reason", REFUSALS)
def test_retries_a_transaction_until_it_is_not_turned_away(marketplace: Marketplace, reason: str) -> None:
    marketplace.execute(TURNSTILE)
    with read_database_url(marketplace.url, source="test").connect() as connection:
        row = in_transaction(
            connection, lambda: connection.execute(KNOCK, {"until": 9, "reason": reason}).fetchone()
        )

    assert row == {"knock": 9}


def test_a_transaction_that_is_always_turned_away_ends_as_retryable(
    marketplace: Marketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "_SECONDS", 0.5)
    marketplace.execute(TURNSTILE)
    with (
        pytest.raises(DatabaseTrouble, match="not yet") as trouble,
        read_database_url(marketplace.url, source="test").connect() as connection,
    ):
        in_transaction(connection, lambda: connection.execute(KNOCK, NEVER))

    assert trouble.value.retryable


def test_retries_a_single_statement_after_a_serialization_failure(marketplace: Marketplace) -> None:
    marketplace.execute(TURNSTILE)
    with read_database_url(marketplace.url, source="test").connect() as connection:
        row = connection.execute(KNOCK, {"until": 4, "reason": "serialization_failure"}).fetchone()

    assert row == {"knock": 4}


def test_does_not_retry_a_statement_inside_a_transaction(marketplace: Marketplace) -> None:
    marketplace.execute(TURNSTILE)
    with (
        pytest.raises(DatabaseTrouble),
        read_database_url(marketplace.url, source="test").connect() as connection,
        connection.transaction(),
    ):
        connection.execute(KNOCK, {"until": 4, "reason": "serialization_failure"})

    assert marketplace.execute("SELECT last_value FROM knocks") == [(1,)]


def test_a_column_that_vanishes_during_a_command_is_a_retryable_error(
    marketplace: Marketplace,
) -> None:
    marketplace.execute("ALTER TABLE agent_executions ADD COLUMN started_at timestamptz")
    with read_database_url(marketplace.url, source="test").connect() as connection:
        market = get_marketplace(introspect(connection))
    marketplace.execute("ALTER TABLE agent_executions DROP COLUMN started_at")
    with (
        pytest.raises(SchemaLacks) as lacking,
        read_database_url(marketplace.url, source="test").connect() as connection,
    ):
        list_executions(connection, market, Filters(), limit=5)

    assert (lacking.value.code, lacking.value.retryable) == ("schema_changed", True)


def test_a_column_missing_in_a_database_function_is_not_retryable(
    marketplace: Marketplace,
) -> None:
    marketplace.execute(
        "CREATE FUNCTION lost() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN nowhere FROM agents; END $$"
    )
    with (
        pytest.raises(SchemaLacks) as lacking,
        read_database_url(marketplace.url, source="test").connect() as connection,
    ):
        connection.execute("SELECT lost()")

    assert (lacking.value.code, lacking.value.retryable) == ("schema", False)
