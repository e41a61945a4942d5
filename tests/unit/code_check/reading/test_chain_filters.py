"""Filters and orders of supabase-js: columns, and the literals that they are compared with."""

import pytest

from agentctl.core.code_check.reading.typescript.calls import Step
from agentctl.core.code_check.reading.typescript.values import (
    Choice,
    Template,
    Unknown,
    Value,
)
from agentctl.core.code_check.reading.uses import ColumnUse, Purpose
from agentctl.core.location import Location
from support.chains import AGENTS, FILE, HERE, RUNS, c, columns, listing, of, read, record, spread, step, whys


@pytest.mark.parametrize(
    "method",
    [
        *("eq", "neq", "gt", "gte", "lt", "lte", "like", "ilike", "likeAllOf", "likeAnyOf", "ilikeAllOf"),
        *("ilikeAnyOf", "is", "isDistinct", "in", "notIn", "contains", "containedBy", "overlaps"),
        *("rangeGt", "rangeGte", "rangeLt", "rangeLte", "rangeAdjacent", "textSearch", "regexMatch"),
        *("regexIMatch", "not", "filter", "cs", "ov", "wfts"),
    ],
)
def test_a_filter_names_a_column(method: str) -> None:
    reading = read(step("select"), step(method, c("status", Location("", 4, 9)), Unknown()))

    (use,) = of(reading, ColumnUse)
    assert use == ColumnUse((RUNS,), "status", Purpose.FILTERED, Location(FILE, 4, 9))


@pytest.mark.parametrize(
    "method", ["single", "csv", "maxAffected", "returns", "throwOnError", "then", "somethingNew"]
)
def test_other_methods_name_no_column(method: str) -> None:
    reading = read(step("select"), step(method, "status"), step("eq", "id", 1))

    assert columns(reading, Purpose.FILTERED) == ["id"]


@pytest.mark.parametrize(
    ("filter_", "compared"),
    [
        (step("eq", "status", "done"), ("done",)),
        (step("neq", "status", Choice((c("a"), c("b")))), ("a", "b")),
        (step("neq", "status", Choice((c("a"), Unknown(), c("b")))), ()),
        (step("gte", "cost", 1.5), (1.5,)),
        (step("isDistinct", "is_test", True), (True,)),
        (step("eq", "cost", Template((c("a"), c("b")), HERE)), ("ab",)),
        (step("eq", "cost", Template((c("a"), Unknown()), HERE)), ()),
        (step("eq", "cost", Template((c("v"), Choice((c(1), c(2), Unknown()))), HERE)), ("v1", "v2")),
        (step("eq", "cost", None), ()),
        (step("eq", "tags", listing(c("a"))), ()),
        (step("in", "status", listing(c("a"), Unknown(), c("b"))), ("a", "b")),
        (step("in", "status", Choice((listing(c("a")), listing(c("b"), whole=False)))), ("a", "b")),
        (step("notIn", "status", listing(c("a"), c(None))), ("a",)),
        (step("in", "status", Unknown()), ()),
        (step("is", "is_test", True), ()),
        (step("like", "status", "a%"), ()),
        (step("contains", "tags", listing(c("a"))), ()),
        (step("not", "status", "eq", "done"), ("done",)),
        (step("not", "status", "in", "(a,b)"), ()),
        (step("filter", "status", "not.neq", "done"), ("done",)),
        (step("filter", "status", Unknown(), "done"), ()),
        (step("match", record(status="done")), ("done",)),
        (step("or", "status.eq.done"), ("done",)),
        (step("or", "status.not.eq.done"), ("done",)),
        (step("or", "status.like.done"), ()),
        (step("eq", "data->>status", "done"), ()),
        (step("or", "data->>status.eq.done"), ()),
    ],
)
def test_a_column_is_compared_with_literals_of_its_own_type(
    filter_: Step, compared: tuple[object, ...]
) -> None:
    (use,) = of(read(step("select"), filter_), ColumnUse)

    assert tuple(one.value for one in use.compared) == compared


def test_a_filter_on_json_is_one_on_its_column() -> None:
    text = Template((c("data->>"), Unknown()), HERE)
    reading = read(step("select"), step("eq", "inputs->a->>b", 1), step("eq", text, 1))

    assert columns(reading, Purpose.FILTERED) == ["inputs", "data"]


def test_all_columns_of_a_match_are_filtered_by() -> None:
    filters = record(spread(Unknown()), **{"status": "done", "agents.name": "x"})
    reading = read(step("select", "agents(id)"), step("match", filters), step("match", Unknown()))

    found = [(use.column, use.sources) for use in of(reading, ColumnUse)[1:]]
    assert found == [("status", (RUNS,)), ("name", (AGENTS,))]
    assert whys(reading) == [
        "the spread value is computed at run time",
        "the filter is computed at run time",
    ]


@pytest.mark.parametrize(
    ("column", "why"),
    [
        (Unknown(), "the column of a filter is computed at run time"),
        (Template((Unknown(), c("_id")), HERE), "the column of a filter is built at run time"),
        (c("lower(name)"), "the column of a filter does not fit PostgREST's grammar"),
        (c("order"), "the column of a filter is a reserved word of PostgREST"),
        (c("select"), "the column of a filter is a reserved word of PostgREST"),
    ],
)
def test_a_column_that_cannot_be_told_is_unresolved(column: Value, why: str) -> None:
    reading = read(step("select"), step("eq", column, 1))

    assert columns(reading, Purpose.FILTERED) == []
    assert whys(reading) == [why]


def test_the_columns_of_an_or_stand_in_its_text() -> None:
    text = Template(
        (c("name.ilike.%", Location("", 3, 5)), Unknown(), c("%,and(a.gt.1,b.is.null)", Location("", 3, 22))),
        Location("", 3, 5),
    )
    reading = read(step("select"), step("or", text))

    assert [(use.column, use.location.column) for use in of(reading, ColumnUse)] == [
        ("name", 6),
        ("a", 29),
        ("b", 36),
    ]


@pytest.mark.parametrize(
    ("filters", "why"),
    [
        (Unknown(), "the filter is computed at run time"),
        (c("status = 1"), "the filter does not fit PostgREST's grammar: expected `.`, not `=`"),
        (Template((Unknown(),), HERE), "the column of a filter is built at run time"),
    ],
)
def test_an_or_that_cannot_be_told_is_unresolved(filters: Value, why: str) -> None:
    reading = read(step("select"), step("or", filters))

    assert columns(reading, Purpose.FILTERED) == []
    assert whys(reading) == [why]


def test_the_columns_of_an_order_are_ordered_by() -> None:
    reading = read(
        step("select", "agents(name)"),
        step("order", c("created_at", Location("", 7, 3)), record(ascending=False)),
        step("order", "agents(name)"),
        step("order", Unknown()),
    )

    assert [
        (use.column, use.sources) for use in of(reading, ColumnUse) if use.purpose is Purpose.ORDERED
    ] == [("created_at", (RUNS,)), ("name", (AGENTS,))]
    assert whys(reading) == ["the column of an order is computed at run time"]
