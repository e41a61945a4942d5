"""What a function does with rows is read from its source."""

import time

import pytest

from agentctl.core.mapping.function_body import (
    list_lowered_columns,
    list_negated_columns,
    read_body,
)
from support.catalogs import function, table

_PURSES = table("purses", "holder", "units")
_POSTINGS = table("postings", "holder", "units", "nature")


@pytest.mark.parametrize(
    "body",
    [
        "UPDATE purses SET units = units - p_qty WHERE holder = p_who",
        "update only public.purses as p set touched = now(), units = p.units - qty where p.holder = who;",
        'UPDATE "purses" SET "units" = coalesce("units", 0) - qty',
        "WITH paid AS (UPDATE purses SET units = units - qty RETURNING units) SELECT units FROM paid",
        "-- update purses set units = units + 1\nUPDATE purses SET units = units - qty",
    ],
)
def test_a_column_that_is_lowered_by_an_argument(body: str) -> None:
    assert list_lowered_columns([function("f", body=body)], _PURSES) == {"units"}


@pytest.mark.parametrize(
    "body",
    [
        "UPDATE purses SET units = units + qty",
        "UPDATE purses SET units = qty",
        "UPDATE purses SET units = units - 1",
        "UPDATE others SET units = units - qty",
        "UPDATE purses SET holder = 'update purses set units = units - qty'",
        "SELECT units FROM purses FOR UPDATE",
        "INSERT INTO purses (units) VALUES (1) ON CONFLICT DO UPDATE SET units = 2",
        "UPDATE",
        "UPDATE purses SET",
        "UPDATE purses SET units",
        "INSERT INTO",
        "INSERT INTO purses (",
        "((((",
        "'",
    ],
)
def test_everything_else_lowers_nothing(body: str) -> None:
    assert list_lowered_columns([function("f", body=body)], _PURSES) == set()


@pytest.mark.parametrize(
    "body",
    [
        "INSERT INTO postings (holder, units, nature) VALUES (who, -qty, 'usage')",
        "insert into postings (nature, units) select lower('usage, x'), -qty from paid",
    ],
)
def test_a_column_that_gets_something_negated(body: str) -> None:
    assert list_negated_columns([function("f", body=body)], _POSTINGS) == {"units"}


def test_a_function_without_a_source_does_nothing() -> None:
    assert read_body(function("f")) == ()


def test_a_comparison_is_read_in_both_directions() -> None:
    (statement,) = read_body(
        function("f", body="UPDATE purses SET units = 1 WHERE p_who = holder AND a >= b")
    )
    assert [[word.text for word in pair] for pair in statement.where] == [
        ["p_who", "holder"],
        ["holder", "p_who"],
    ]


@pytest.mark.parametrize(
    "piece",
    [
        "into x ",
        "select a into b ",
        "from t where a = b ",
        "update purses set units = units - ",
        "insert into t (a) values (",
        "select 1 into strict a, b from t where ",
        "x := y + y ; ",
        "declare v int := w + ",
        "coalesce(",
    ],
)
@pytest.mark.parametrize("times", [20_000, 290])
def test_no_source_is_hard_to_read(piece: str, times: int) -> None:
    body = (piece * times)[:19_990]
    start = time.process_time()

    list_lowered_columns([function("f", body=body)], _PURSES)

    assert time.process_time() - start < 5


def test_a_list_that_is_not_read_to_its_end_says_nothing() -> None:
    body = "UPDATE purses SET units = units - qty" + " * (2 - 1)" * 100 + " * -1"

    assert list_lowered_columns([function("f", body=body)], _PURSES) == set()
    assert list_lowered_columns([function("f", body=body.replace(" * (2 - 1)" * 100, ""))], _PURSES) == set()
