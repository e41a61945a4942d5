"""Rows that supabase-js writes: columns, literals, conditions, and what decides about a conflict."""

import pytest

from agentctl.core.code_check.reading.typescript.values import (
    UNDEFINED,
    Choice,
    Constant,
    Entry,
    Listing,
    Member,
    Parameter,
    Record,
    Template,
    Unknown,
    Value,
)
from agentctl.core.code_check.reading.typescript.values import Function as Code
from agentctl.core.code_check.reading.uses import ConflictUse, RowWrite, Shape, Verb
from agentctl.core.location import Location
from support.chains import (
    FILE,
    HERE,
    RUNS,
    c,
    listing,
    of,
    read,
    record,
    row,
    sent,
    spread,
    step,
    whys,
)


def test_a_row_is_written_as_the_literal_says() -> None:
    values = record(
        user_id=Member(Unknown(), "id"),
        status=Choice((Unknown(), c("pending"))),
        cost=0,
        inputs=record(topic="x"),
        tags=listing(),
        note=Template((c("run "), Unknown()), HERE),
        ended_at=None,
    )
    found = row(read(step("insert", values)))

    assert (found.table, found.verb, found.complete, found.nulled) == (RUNS, Verb.INSERT, True, ())
    assert sent(found) == {
        "user_id": ((), True),
        "status": (("pending",), True),
        "cost": ((0,), True),
        "inputs": ((Shape.OBJECT,), True),
        "tags": ((Shape.LIST,), True),
        "note": ((), True),
        "ended_at": ((None,), True),
    }


def test_a_column_stands_where_its_key_does() -> None:
    values = Record(
        (Entry(Constant("cost", Location("", 4, 5)), c(1), Location("", 1, 1)),), Location("", 3, 20)
    )
    found = row(read(step("update", values)))

    assert found.verb is Verb.UPDATE
    assert found.location == Location(FILE, 3, 20)
    assert found.written[0].location == Location(FILE, 4, 5)


def test_undefined_properties_are_not_sent() -> None:
    found = row(read(step("insert", record(a=UNDEFINED, b=Choice((c(1), UNDEFINED)), c=1))))

    assert sent(found) == {"b": ((1,), False), "c": ((1,), True)}


def test_later_keys_win_and_conditions_stay() -> None:
    base = record(status="pending", cost=1, note="x")
    values = Record(
        (
            spread(base),
            Entry(c("status"), c("done"), HERE),
            Entry(c("cost"), c(2), HERE, always=False),
            Entry(c("note"), UNDEFINED, HERE),
            Entry(c("error"), c("e"), HERE, always=False),
        ),
        HERE,
    )

    assert sent(row(read(step("update", values)))) == {
        "status": (("done",), True),
        "cost": ((1, 2), True),
        "error": (("e",), False),
    }


def test_properties_of_a_possible_spread_can_be_written() -> None:
    either = Choice((record(a=1, b=2), record(a=3)))
    maybe = Choice((c(False), record(d=4)))
    values = record(spread(either), spread(maybe), spread(record(e=5), always=False), spread(c(None)))
    found = row(read(step("insert", values)))

    assert found.complete
    assert sent(found) == {
        "a": ((1, 3), True),
        "b": ((2,), False),
        "d": ((4,), False),
        "e": ((5,), False),
    }


def test_a_row_that_something_unknown_is_spread_into_is_not_complete() -> None:
    reading = read(step("insert", record(spread(Parameter(Code(1), 0)), a=1)))

    assert not row(reading).complete
    assert sent(row(reading)) == {"a": ((1,), True)}
    assert whys(reading) == ["the spread value is an argument that no known caller passes"]


def test_a_key_can_be_composed_of_parts() -> None:
    keys = (
        Entry(Template((c("credits_"), c("used")), HERE), c(1), HERE),
        Entry(Choice((c("a"), c("b"))), c(2), HERE),
        Entry(c(7), c(3), HERE),
    )
    found = row(read(step("insert", Record(keys, HERE))))

    assert found.complete
    assert sent(found) == {
        "credits_used": ((1,), True),
        "a": ((2,), False),
        "b": ((2,), False),
        "7": ((3,), True),
    }


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (Unknown(), "computed at run time"),
        (Template((c("a_"), Unknown()), HERE), "built at run time"),
    ],
)
def test_a_key_that_is_not_known_leaves_the_row_open(key: Value, why: str) -> None:
    reading = read(step("insert", Record((Entry(key, c(1), HERE),), HERE)))

    assert (row(reading).written, row(reading).complete) == ((), False)
    assert whys(reading) == [f"a key is {why}"]


def test_every_possible_row_is_written() -> None:
    value = Choice((record(a=1), Choice((listing(record(b=2)), Unknown()))))
    reading = read(step("insert", value))

    assert [list(sent(one)) for one in of(reading, RowWrite)] == [["a"], ["b"]]
    assert whys(reading) == ["the row is computed at run time"]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (Member(Unknown(), "rows"), "the row is `rows` of something unknown"),
        (listing(Unknown()), "a row is computed at run time"),
        (listing(whole=False), "the rows are built at run time"),
        (c("path/of/a/file.png"), "the row is not valid here"),
    ],
)
def test_rows_that_are_not_visible_are_unresolved(value: Value, why: str) -> None:
    reading = read(step("update", value))

    assert not of(reading, RowWrite)
    assert whys(reading) == [why]


@pytest.mark.parametrize("always", [True, False])
def test_rows_that_spread_each_other_many_times_are_read(always: bool) -> None:
    values: Record = record(spread(Unknown()), a=1)
    for _ in range(25):
        values = record(*[spread(values, always=always)] * 8)
    reading = read(step("insert", values))

    assert sent(row(reading)) == {"a": ((1,), always)}
    assert whys(reading) == ["the spread value is computed at run time"]


def test_a_spread_that_is_too_deep_leaves_the_row_incomplete() -> None:
    values: Record = record(a=1)
    for _ in range(2000):
        values = record(spread(values), b=2)
    found = row(read(step("insert", values)))

    assert not found.complete
    assert sent(found) == {"b": ((2,), True)}


def rows(items: Listing, *options: Value, method: str = "insert") -> list[RowWrite]:
    return of(read(step(method, items, *options)), RowWrite)


def test_a_row_gets_null_where_only_another_row_has_a_column() -> None:
    first, second = rows(listing(record(a=1, b=2), record(a=3, c=4)))

    assert (first.nulled, second.nulled) == (("c",), ("b",))


@pytest.mark.parametrize(
    ("options", "nulled"),
    [
        ((record(defaultToNull=False),), ()),
        ((record(defaultToNull=Unknown()),), ()),
        ((Unknown(),), ()),
        ((record(defaultToNull=True),), ("b",)),
        ((record(count="exact"),), ("b",)),
        ((UNDEFINED,), ("b",)),
    ],
)
def test_with_default_to_null_off_missing_columns_keep_their_default(
    options: tuple[Value, ...], nulled: tuple[str, ...]
) -> None:
    for method in ("insert", "upsert"):
        _, lacking = rows(listing(record(a=1, b=2), record(a=3)), *options, method=method)
        assert lacking.nulled == nulled


def test_only_a_column_that_another_row_has_for_certain_makes_null() -> None:
    maybe = Record((Entry(c("b"), c(1), HERE, always=False),), HERE)
    either = Choice((record(x=1, y=2), record(x=3)))

    assert rows(listing(record(a=1), maybe))[0].nulled == ()
    assert rows(listing(record(a=1), either))[0].nulled == ("x",)
    assert rows(listing(record(a=1), record(b=2), whole=False))[0].nulled == ()


def test_alternatives_of_one_row_are_no_other_rows() -> None:
    first, second = rows(listing(Choice((record(a=1), record(b=2)))))

    assert (first.nulled, second.nulled) == ((), ())


def test_a_row_that_is_not_complete_may_have_the_column() -> None:
    lacking = record(spread(Unknown()), a=1)

    assert rows(listing(lacking, record(b=2)))[0].nulled == ()


def test_undefined_in_a_list_is_null_or_the_default() -> None:
    items = listing(record(a=UNDEFINED, b=Choice((c(1), UNDEFINED))))

    assert sent(rows(items)[0]) == {"a": ((None,), True), "b": ((1,), True)}
    options = record(defaultToNull=False)
    assert sent(rows(items, options)[0]) == {"a": ((), False), "b": ((1,), False)}


def test_an_update_fills_in_no_columns() -> None:
    assert [one.nulled for one in rows(listing(record(a=1), record(b=1)), method="update")] == [
        (),
        (),
    ]


@pytest.mark.parametrize(
    ("options", "columns"),
    [
        ((), [()]),
        ((record(ignoreDuplicates=True),), [()]),
        ((record(onConflict=UNDEFINED),), [()]),
        ((record(onConflict="user_id, agent_id"),), [("user_id", "agent_id")]),
        ((record(onConflict=Choice((c("id"), UNDEFINED))),), [("id",), ()]),
    ],
)
def test_an_upsert_names_its_conflict_columns(
    options: tuple[Value, ...], columns: list[tuple[str, ...]]
) -> None:
    reading = read(step("upsert", record(id=1), *options))

    assert [use.columns for use in of(reading, ConflictUse)] == columns
    assert row(reading).verb is Verb.UPSERT
    assert reading.unresolved == ()


@pytest.mark.parametrize(
    ("target", "why"),
    [
        (Unknown(), "the onConflict option is computed at run time"),
        (c("user_id,"), "the onConflict option is not a list of columns"),
        (
            Template((c("user_id,"), Unknown()), HERE),
            "the onConflict option is not a list of columns",
        ),
    ],
)
def test_what_cannot_be_told_is_unresolved(target: Value, why: str) -> None:
    reading = read(step("upsert", record(id=1), record(onConflict=target)))

    assert not of(reading, ConflictUse)
    assert whys(reading) == [why]


def test_insert_with_the_option_upsert_is_an_upsert() -> None:
    reading = read(step("insert", record(id=1), record(upsert=True, onConflict="id")))

    assert row(reading).verb is Verb.UPSERT
    assert of(reading, ConflictUse)[0].columns == ("id",)
    assert not of(read(step("insert", record(id=1))), ConflictUse)
