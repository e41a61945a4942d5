"""Statements that are sent ahead of the work that asks them: one flight, and never another effect."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
import pytest

from agentctl.core.database.connection import Connection, read_database_url
from agentctl.core.database.quoting import compose
from agentctl.core.database.statements import Statement
from agentctl.core.database.transactions import NUMBER, in_transaction
from agentctl.core.errors import DatabaseTrouble, Refused
from support.database_proxy import DatabaseProxy
from support.marketplace import Marketplace

TABLE: LiteralString = "CREATE TABLE sown (what text PRIMARY KEY)"
TURNSTILE: LiteralString = """
CREATE SEQUENCE knocks;
CREATE FUNCTION turnstile() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    knock bigint := nextval('knocks');
BEGIN
    IF knock < 2 THEN
        RAISE EXCEPTION 'not yet' USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN knock;
END $$;
"""


def asking(text: LiteralString, **values: object) -> Statement:
    return Statement(compose(text), values or None)


def sowing(what: str) -> Statement:
    return asking("INSERT INTO public.sown VALUES (%(what)s) RETURNING what", what=what)


ONE, TWO = asking("SELECT 1 AS n"), asking("SELECT %(n)s::integer AS n", n=2)
WRONG = asking("SELECT 1 / 0 AS n")


@pytest.fixture
def field(marketplace: Marketplace) -> Iterator[tuple[Connection, DatabaseProxy]]:
    """Yield a connection through a proxy that counts its flights, to a database with an empty table."""
    marketplace.execute(TABLE)
    with (
        DatabaseProxy(marketplace.url) as proxy,
        read_database_url(proxy.url, source="a test").connect() as connection,
    ):
        yield connection, proxy


@contextmanager
def _counting(proxy: DatabaseProxy) -> Iterator[list[int]]:
    before = len(proxy.flights)
    counted: list[int] = []
    yield counted
    counted.append(len(proxy.flights) - before)


def _number_of(connection: Connection, statement: Statement) -> Any:
    row = connection.run(statement).fetchone()
    return row and row["n"]


def _sown(marketplace: Marketplace) -> list[str]:
    return sorted(what for (what,) in marketplace.execute("SELECT what FROM sown"))


def test_what_is_read_ahead_is_one_flight_in_whatever_order_it_is_asked(field: Any) -> None:
    connection, proxy = field

    with _counting(proxy) as flights, connection.reading_ahead([ONE, TWO]):
        numbers = [_number_of(connection, statement) for statement in (TWO, ONE)]

    assert (numbers, flights) == ([2, 1], [1])


def test_what_is_read_ahead_answers_once(field: Any) -> None:
    connection, proxy = field

    with _counting(proxy) as flights, connection.reading_ahead([ONE]):
        numbers = [_number_of(connection, ONE) for _ in range(3)]

    assert (numbers, flights) == ([1, 1, 1], [3])


def test_an_error_comes_where_it_is_asked_and_what_is_behind_it_is_asked_anew(field: Any) -> None:
    connection, _ = field

    with connection.reading_ahead([ONE, WRONG, TWO]):
        assert _number_of(connection, ONE) == 1
        with pytest.raises(psycopg.errors.DivisionByZero):
            connection.run(WRONG)
        assert _number_of(connection, TWO) == 2


def test_what_could_not_be_serialized_is_asked_again(field: Any, marketplace: Marketplace) -> None:
    connection, _ = field
    marketplace.execute(TURNSTILE)
    knock = asking("SELECT public.turnstile() AS n")

    with connection.reading_ahead([ONE, knock]):
        assert _number_of(connection, knock) == 2


def test_foreseen_work_is_a_flight_and_its_commit(field: Any, marketplace: Marketplace) -> None:
    connection, proxy = field
    foreseen = [sowing("barley"), sowing("oats"), NUMBER]

    with _counting(proxy) as flights:
        in_transaction(connection, lambda: _sow(connection, "barley", "oats"), foreseen=foreseen)

    assert (_sown(marketplace), flights) == (["barley", "oats"], [2])


def test_what_is_foreseen_may_be_the_beginning(field: Any, marketplace: Marketplace) -> None:
    connection, _ = field

    in_transaction(connection, lambda: _sow(connection, "barley", "oats"), foreseen=[sowing("barley")])

    assert _sown(marketplace) == ["barley", "oats"]


@pytest.mark.parametrize(
    "foreseen",
    [
        [sowing("rye"), NUMBER],
        [sowing("barley"), sowing("rye"), NUMBER],
        [sowing("oats"), sowing("barley"), NUMBER],
        [sowing("barley"), sowing("oats"), sowing("rye"), NUMBER],
        [NUMBER, sowing("barley"), sowing("oats")],
        [sowing("barley"), sowing("barley"), NUMBER],
    ],
    ids=["another", "another later", "another order", "one more", "number first", "twice"],
)
def test_what_was_foreseen_wrongly_leaves_nothing(
    field: Any, marketplace: Marketplace, foreseen: list[Statement]
) -> None:
    connection, proxy = field

    in_transaction(connection, lambda: _sow(connection, "barley", "oats"), foreseen=foreseen)

    assert _sown(marketplace) == ["barley", "oats"]
    assert proxy.statements.count("ROLLBACK") == 1


def test_what_is_executed_past_the_foreseen_is_a_mistake_too(field: Any, marketplace: Marketplace) -> None:
    connection, _ = field

    def sow_in_between() -> None:
        connection.execute("INSERT INTO public.sown SELECT 'of ' || count(*) FROM public.sown")
        _sow(connection, "barley")

    in_transaction(connection, sow_in_between, foreseen=[sowing("barley"), NUMBER])

    assert _sown(marketplace) == ["barley", "of 0"]  # and not "of 1"


def test_work_that_refuses_leaves_nothing_of_what_was_foreseen(field: Any, marketplace: Marketplace) -> None:
    connection, _ = field

    def refuse() -> None:
        _sow(connection, "barley")
        raise Refused("no more")

    with pytest.raises(Refused, match="no more"):
        in_transaction(connection, refuse, foreseen=[sowing("barley"), sowing("oats"), NUMBER])

    assert _sown(marketplace) == []


def test_a_refusal_of_the_database_is_raised_where_the_work_asks(
    field: Any, marketplace: Marketplace
) -> None:
    connection, _ = field
    marketplace.execute("INSERT INTO sown VALUES ('oats')")
    reached = []

    def sow() -> None:
        _sow(connection, "barley")
        reached.append("oats")
        _sow(connection, "oats")

    with pytest.raises(psycopg.errors.UniqueViolation):
        in_transaction(connection, sow, foreseen=[sowing("barley"), sowing("oats"), sowing("rye"), NUMBER])

    assert (reached, _sown(marketplace)) == (["oats"], ["oats"])


def test_a_commit_that_leaves_with_the_work_is_in_the_same_flight(
    field: Any, marketplace: Marketplace
) -> None:
    connection, proxy = field

    with _counting(proxy) as flights:
        in_transaction(
            connection, lambda: _sow(connection, "barley"), foreseen=[sowing("barley")], repeatable=True
        )

    assert (_sown(marketplace), flights) == (["barley"], [1])


def test_a_deferred_refusal_of_a_commit_that_left_with_the_work_is_raised(
    field: Any, marketplace: Marketplace
) -> None:
    connection, _ = field
    marketplace.execute("ALTER TABLE sown ADD UNIQUE (what) DEFERRABLE INITIALLY DEFERRED")
    marketplace.execute("ALTER TABLE sown DROP CONSTRAINT sown_pkey")
    marketplace.execute("INSERT INTO sown VALUES ('barley')")

    with pytest.raises(DatabaseTrouble, match="duplicate"), connection.database.translating_errors():
        in_transaction(
            connection, lambda: _sow(connection, "barley"), foreseen=[sowing("barley")], repeatable=True
        )

    assert _sown(marketplace) == ["barley"]


def _sow(connection: Connection, *kinds: str) -> None:
    for what in kinds:
        row = connection.run(sowing(what)).fetchone()
        assert row == {"what": what}
