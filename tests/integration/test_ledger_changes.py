"""agentctl finds what a transaction wrote into the ledger, at the same cost for any length of the ledger."""

from collections.abc import Callable
from typing import LiteralString
from uuid import UUID, uuid4

import pytest
from psycopg import sql

from agentctl.core.catalog.introspection import introspect
from agentctl.core.credits import balances, movements
from agentctl.core.credits.users import get_user
from agentctl.core.database.connection import Connection, read_database_url
from agentctl.core.database.transactions import in_transaction
from agentctl.core.errors import SchemaLacks
from agentctl.core.mapping import Marketplace as Mapped
from agentctl.core.mapping import get_marketplace
from agentctl.core.models import Credits, User
from support.executions import OPS, SEO_BLOG, balance, plant
from support.marketplace import Marketplace

_FEW = 20  # rows that a movement may read of the ledger, however long it is
_NEWEST = 250  # and where it has to search the newest 100, twice at most

_DEDUCT: LiteralString = """
CREATE OR REPLACE FUNCTION deduct_credits_atomic(p_user_id uuid, p_amount integer,
    p_agent_id uuid DEFAULT NULL, p_execution_id uuid DEFAULT NULL) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE v_after integer;
BEGIN
    UPDATE profiles SET credits = credits - p_amount WHERE id = p_user_id RETURNING credits INTO v_after;
    %s
    RETURN jsonb_build_object('success', true, 'new_balance', v_after);
END $$"""
_ENTRY: LiteralString = (
    "INSERT INTO credit_transactions (user_id, type, amount, balance_after) "
    "VALUES (p_user_id, 'usage', -p_amount, v_after);"
)
_GUARDED_ENTRY: LiteralString = "BEGIN " + _ENTRY + " EXCEPTION WHEN unique_violation THEN NULL; END;"
_TWICE_TRIED: LiteralString = (
    "BEGIN " + _ENTRY + " RAISE EXCEPTION 'never mind'; EXCEPTION WHEN raise_exception THEN NULL; END; "
    "BEGIN " + _ENTRY + " EXCEPTION WHEN unique_violation THEN NULL; END;"
)
_BACKDATED: LiteralString = (
    "INSERT INTO credit_transactions (user_id, type, amount, balance_after, created_at) "
    "VALUES (p_user_id, 'usage', -p_amount, v_after, '2001-09-09');"
)
_FORGETFUL: dict[str, LiteralString] = {
    "plainly": _ENTRY,
    "in an exception block": _GUARDED_ENTRY,
    "at the second attempt": _TWICE_TRIED,
    "backdated": _BACKDATED,
}


def _let_it_write(marketplace: Marketplace, entry: LiteralString) -> None:
    marketplace.execute((_DEDUCT % entry).encode())


def _lengthen_ledger(marketplace: Marketplace, rows: int = 20_000) -> None:
    """Give the user a long history that sums up to zero, and update the planner's statistics."""
    marketplace.execute(
        "INSERT INTO credit_transactions (user_id, type, amount, balance_after, created_at) "
        "SELECT %s, 'adjustment', CASE n %% 2 WHEN 0 THEN 7 ELSE -7 END, 100, "
        "now() - n * interval '1 minute' FROM generate_series(1, %s) AS n",
        (OPS, rows),
    )
    marketplace.execute("VACUUM ANALYZE credit_transactions")


def _rows_read(connection: Connection) -> int:
    row = connection.execute(
        "SELECT sum(seq_tup_read + idx_tup_fetch) AS rows FROM pg_stat_xact_user_tables "
        "WHERE relid IN (SELECT relid FROM pg_partition_tree('credit_transactions')) "
        "OR relname = 'credit_transactions'"
    ).fetchone()
    return int(row["rows"] or 0) if row else 0


def _moving(
    marketplace: Marketplace, move: Callable[[Connection, Mapped, User, Credits | None], object]
) -> int:
    """Move credits of the locked user in a transaction; return how many rows of the ledger were read."""
    with read_database_url(marketplace.url, source="test").connect() as connection:
        market = get_marketplace(introspect(connection))
        user = get_user(connection, market.users, str(OPS))

        def work() -> int:
            before = balances.lock_user(connection, market, user.id)
            read = _rows_read(connection)
            assert move(connection, market, user, before)
            return _rows_read(connection) - read

        return in_transaction(connection, work)


def _charge(
    marketplace: Marketplace, execution: UUID, *, meanwhile: Callable[[], object] = lambda: None
) -> int:
    def move(
        connection: Connection, market: Mapped, user: User, before: Credits | None
    ) -> movements.Movement:
        meanwhile()
        return movements.charge(
            connection, market, user=user, price=10, agent=SEO_BLOG, execution=execution, before=before
        )

    return _moving(marketplace, move)


def _refund(marketplace: Marketplace, execution: UUID) -> int:
    return _moving(
        marketplace,
        lambda connection, market, user, _: movements.refund(
            connection, market, user=user.id, execution=execution
        ),
    )


def _grant(marketplace: Marketplace) -> int:
    return _moving(
        marketplace,
        lambda connection, market, user, _: movements.grant(
            connection, market, user=user, amount=5, row_id=uuid4()
        ),
    )


def _amounts(marketplace: Marketplace, execution: UUID) -> list[int]:
    rows = marketplace.execute(
        "SELECT amount FROM credit_transactions WHERE execution_id = %s ORDER BY created_at", (execution,)
    )
    return [amount for (amount,) in rows]


def test_a_movement_reads_few_rows_of_a_long_ledger(marketplace: Marketplace) -> None:
    execution = plant(marketplace, status="failed")
    _lengthen_ledger(marketplace)

    read = [_charge(marketplace, execution), _refund(marketplace, execution), _grant(marketplace)]

    assert max(read) <= _FEW, read
    assert balance(marketplace) == 105


def test_a_movement_reads_few_rows_with_a_trigger_on_the_ledger(marketplace: Marketplace) -> None:
    marketplace.execute(
        "CREATE FUNCTION leave_it() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; "
        "CREATE TRIGGER leave_it BEFORE INSERT ON credit_transactions "
        "FOR EACH ROW EXECUTE FUNCTION leave_it()"
    )
    marketplace.execute("DROP FUNCTION deduct_credits_atomic")
    execution = plant(marketplace, status="failed")
    _lengthen_ledger(marketplace)

    read = [_charge(marketplace, execution), _refund(marketplace, execution), _grant(marketplace)]

    assert max(read) <= _FEW, read
    assert balance(marketplace) == 105


@pytest.mark.parametrize("how", ["plainly", "in an exception block"])
def test_finds_a_row_without_an_execution_among_the_newest(marketplace: Marketplace, how: str) -> None:
    _let_it_write(marketplace, _FORGETFUL[how])
    execution = plant(marketplace, status="failed")
    _lengthen_ledger(marketplace)

    read = _charge(marketplace, execution)

    assert read <= _NEWEST
    assert (_amounts(marketplace, execution), balance(marketplace)) == ([-10], 90)


def test_finds_numbered_rows_among_the_newest_without_an_index_on_users(marketplace: Marketplace) -> None:
    marketplace.execute(
        "DROP INDEX idx_credit_transactions_user_id; ALTER TABLE credit_transactions DROP id; "
        "ALTER TABLE credit_transactions ADD id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
    )
    _let_it_write(marketplace, _GUARDED_ENTRY)
    execution = plant(marketplace, status="failed")
    _lengthen_ledger(marketplace)

    read = _charge(marketplace, execution)

    assert read <= _NEWEST
    assert (_amounts(marketplace, execution), balance(marketplace)) == ([-10], 90)


@pytest.mark.parametrize("entry", _FORGETFUL.values(), ids=_FORGETFUL.keys())
@pytest.mark.parametrize(("counting", "indexed"), [("on", True), ("on", False), ("off", True)])
def test_finds_a_row_without_an_execution_anywhere_in_the_ledger(
    marketplace: Marketplace, entry: LiteralString, counting: LiteralString, indexed: bool
) -> None:
    database = sql.Identifier(marketplace.name)
    with marketplace.connect() as connection:
        connection.execute(
            sql.SQL("ALTER DATABASE {} SET track_counts = {}").format(database, sql.SQL(counting))
        )
    if not indexed:
        marketplace.execute("DROP INDEX idx_credit_transactions_user_id")
    _let_it_write(marketplace, entry)
    execution = plant(marketplace, status="failed")
    _lengthen_ledger(marketplace, rows=300)

    _charge(marketplace, execution)
    assert (_amounts(marketplace, execution), balance(marketplace)) == ([-10], 90)

    _refund(marketplace, execution)
    assert (_amounts(marketplace, execution), balance(marketplace)) == ([-10, 10], 100)


@pytest.mark.parametrize("ours", [_ENTRY, _GUARDED_ENTRY])
def test_ignores_ledger_rows_of_concurrent_transactions(
    marketplace: Marketplace, ours: LiteralString
) -> None:
    marketplace.execute("ALTER TABLE credit_transactions DROP CONSTRAINT credit_transactions_user_id_fkey")
    _let_it_write(marketplace, ours)
    execution = plant(marketplace, status="failed")

    def book_elsewhere() -> None:
        for amount in (3, -3):
            marketplace.execute(
                "INSERT INTO credit_transactions (user_id, type, amount, balance_after) "
                "VALUES (%s, 'adjustment', %s, 100)",
                (OPS, amount),
            )

    _charge(marketplace, execution, meanwhile=book_elsewhere)

    assert (_amounts(marketplace, execution), balance(marketplace)) == ([-10], 90)


def test_rejects_a_function_that_adds_to_an_older_ledger_row(marketplace: Marketplace) -> None:
    _let_it_write(
        marketplace,
        "UPDATE credit_transactions SET amount = amount - p_amount "
        "WHERE id = (SELECT id FROM credit_transactions WHERE user_id = p_user_id LIMIT 1);",
    )
    execution = plant(marketplace, status="failed")

    with pytest.raises(SchemaLacks, match="did not charge exactly 10"):
        _charge(marketplace, execution)

    assert balance(marketplace) == 100


def test_counts_rows_in_all_partitions_of_a_ledger(marketplace: Marketplace) -> None:
    marketplace.execute(
        "CREATE TABLE entries (LIKE credit_transactions INCLUDING DEFAULTS) PARTITION BY HASH (user_id); "
        "CREATE TABLE entries_1 PARTITION OF entries FOR VALUES WITH (MODULUS 2, REMAINDER 0); "
        "CREATE TABLE entries_2 PARTITION OF entries FOR VALUES WITH (MODULUS 2, REMAINDER 1); "
        "INSERT INTO entries SELECT * FROM credit_transactions; DROP TABLE credit_transactions; "
        "ALTER TABLE entries RENAME TO credit_transactions; "
        "CREATE INDEX ON credit_transactions (user_id, created_at); "
        "CREATE INDEX ON credit_transactions (execution_id); CREATE INDEX ON credit_transactions (id)"
    )
    _let_it_write(marketplace, _GUARDED_ENTRY)
    execution = plant(marketplace, status="failed")
    _lengthen_ledger(marketplace)

    read = _charge(marketplace, execution)

    assert (_amounts(marketplace, execution), balance(marketplace)) == ([-10], 90)
    assert read <= _NEWEST
