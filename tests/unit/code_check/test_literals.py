"""Literals against types, without a database; tests/codescan/test_verdicts.py asks one about the same."""

from typing import Any

import pytest

from agentctl.core.catalog.check_constraint import Check
from agentctl.core.location import Location
from support.catalogs import catalog, check, column, function, table
from support.uses import HERE, IN_SQL, LIST, OBJECT, checked, compared, ids, row, written

STATE = column("it", "state", enum_labels=("on", "off"))


def is_refused(type_: Any, value: Any, *, place: Location = HERE) -> bool:
    made = type_ if not isinstance(type_, str) else column("it", type_)
    return bool(ids(catalog(table("t", made)), row("t", written("it", value, place=place))))


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("integer", 1.5),
        ("integer", True),
        ("integer", "many"),
        ("integer", ""),
        ("integer", OBJECT),
        ("integer", 2**31),
        ("integer", -(2**31) - 1),
        ("smallint", "32768"),
        ("bigint", 2**63),
        ("numeric(4,2)", 100),
        ("numeric", "1,5"),
        ("boolean", 2),
        ("boolean", "maybe"),
        ("uuid", "abc"),
        ("uuid", 5),
        ("uuid", LIST),
        ("timestamp with time zone", "soon"),
        ("date", ""),
        ("character varying(3)", "four"),
        ("text[]", "a"),
        ("text[]", OBJECT),
        ("integer[]", 1),
        (STATE, "On"),
        (STATE, OBJECT),
    ],
)
def test_a_literal_that_the_type_cannot_hold_is_refused(type_: Any, value: Any) -> None:
    assert is_refused(type_, value)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("integer", " 12 "),
        ("integer", 12.0),
        ("integer", "0x1F"),
        ("numeric", "NaN"),
        ("numeric(4,2)", 99.99),
        ("boolean", "YES"),
        ("uuid", "{A0EEBC999C0B4EF8BB6D6BB9BD380A11}"),
        ("date", "today"),
        ("date", "Jan 5"),
        ("text", 5),
        ("text", OBJECT),
        ("jsonb", LIST),
        ("jsonb", "abc"),
        ("text[]", LIST),
        ("text[]", " {a}"),
        ("character varying(3)", "abc   "),
        ("vector(3)", LIST),
        ("mystery", 1.5),
        (STATE, "off"),
        (STATE, None),
    ],
)
def test_a_literal_that_the_type_takes_or_that_is_in_doubt_is_not(type_: Any, value: Any) -> None:
    assert not is_refused(type_, value)


@pytest.mark.parametrize(("type_", "value"), [("integer", 1.5), ("text", True), ("boolean", 2), ("uuid", 5)])
def test_numbers_in_sql_are_converted_and_not_refused(type_: str, value: Any) -> None:
    assert not is_refused(type_, value, place=IN_SQL)


@pytest.mark.parametrize(("type_", "value"), [("integer", "x"), ("smallint", 40000), ("uuid", "x")])
def test_texts_and_ranges_in_sql_are_judged(type_: str, value: Any) -> None:
    assert is_refused(type_, value, place=IN_SQL)


@pytest.mark.parametrize("type_", ["integer", "numeric(4,2)", "text", "character varying(3)"])
def test_absurd_literals_are_judged_or_left_alone_without_an_error(type_: str) -> None:
    for value in (10**5000, -(10**5000), float("inf"), float("nan")):
        assert not is_refused(type_, value)
    assert is_refused(type_, "9" * 5000) is (type_ != "text")
    assert is_refused(type_, "9" * 500_000 + "x") is (type_ != "text")


def test_a_message_says_what_is_wrong_and_a_hint_what_is_right() -> None:
    (finding,) = checked(catalog(table("t", STATE)), row("t", written("it", "onn"))).findings
    assert finding.message == "t.it (state) cannot be 'onn': it has no such label."
    assert finding.hint == "Did you mean on?"
    (finding,) = checked(catalog(table("t", STATE)), row("t", written("it", "x" * 99))).findings
    assert f"'{'x' * 60}...'" in finding.message
    assert finding.hint == "Allowed values: on, off."


@pytest.mark.parametrize(
    ("type_", "condition", "value", "found"),
    [
        ("integer", "it > 0", 0, True),
        ("integer", "it > 0", "0", True),
        ("integer", "it > 0", 1, False),
        ("numeric(4,1)", "it <= (1)::numeric", 1.04, False),
        ("numeric(4,1)", "it <= (1)::numeric", 1.1, True),
        ("numeric", "it <= (1)::numeric", 1.04, True),
        ("boolean", "it", False, True),
        ("boolean", "it", "f", False),
        ("text", "it = '5'::text", 5, False),
        ("text", "it = '5'::text", 6, True),
        ("text", "it <> '1.5'::text", 1.5, False),
        ("citext", "it = 'a'::citext", "A", False),
        ("text", "it = 'a'::text", "a ", True),
        ("character varying(1)", "(it)::text = 'a'::text", "a ", False),
        ("text", "it IS NOT NULL", None, True),
    ],
)
def test_a_check_sees_what_the_column_would_hold(type_: str, condition: str, value: Any, found: bool) -> None:
    shop = catalog(table("t", column("it", type_), constraints=(check(condition),)))
    assert bool(ids(shop, row("t", written("it", value)))) is found


def test_a_domain_may_round_a_fraction_before_its_check() -> None:
    rough = column(
        "it", "rough", base_type="numeric", domain_checks=(Check("CHECK ((VALUE <= (1)::numeric))"),)
    )
    shop = catalog(table("t", rough))
    assert ids(shop, row("t", written("it", 1.04))) == []
    assert ids(shop, row("t", written("it", 2))) == ["code-value-refused t.it"]


def test_a_domain_that_something_converts_into_is_not_judged() -> None:
    colour = column("it", "colour", base_type="integer")
    assert ids(catalog(table("t", colour)), row("t", written("it", "#ff0000"))) != []
    casting = function("colour_of", returns="colour")
    assert ids(catalog(table("t", colour), casting), row("t", written("it", "#ff0000"))) == []


@pytest.mark.parametrize(
    ("type_", "value"), [("uuid", "me"), ("integer", "x"), ("integer", 1.5), ("boolean", "x"), (STATE, "x")]
)
def test_a_comparison_is_judged_by_the_type(type_: Any, value: Any) -> None:
    made = type_ if not isinstance(type_, str) else column("it", type_)
    assert ids(catalog(table("t", made)), compared("t", "it", value)) == ["code-value-refused t.it"]


def test_a_comparison_is_not_judged_by_length_checks_or_null() -> None:
    short = column("it", "character varying(3)", nullable=False)
    shop = catalog(table("t", short, constraints=(check("it = 'a'::text"),)))
    assert ids(shop, compared("t", "it", "longer", None)) == []
    assert ids(catalog(table("t", column("it", "numeric(3,1)"))), compared("t", "it", 5000)) == []
    assert ids(catalog(table("t", column("it", "text[]"))), compared("t", "it", "a")) == []


def test_in_sql_numbers_are_compared_as_what_they_are() -> None:
    shop = catalog(table("t", column("it", "integer")))
    assert ids(shop, compared("t", "it", 1.5, 2**40, place=IN_SQL)) == []
    assert ids(shop, compared("t", "it", "x", place=IN_SQL)) == ["code-value-refused t.it"]
