"""Selects of supabase-js: columns, embedded tables, and the filters on these."""

import pytest

from agentctl.core.code_check.reading.typescript.calls import Step
from agentctl.core.code_check.reading.typescript.values import (
    UNDEFINED,
    Choice,
    Template,
    Unknown,
    Value,
)
from agentctl.core.code_check.reading.uses import (
    CodeLiteral,
    ColumnUse,
    Embedded,
    EmbedUse,
    Purpose,
    TableUse,
)
from agentctl.core.location import Location
from support.chains import AGENTS, FILE, HERE, RUNS, c, columns, of, read, record, step, whys


def test_columns_and_embedded_tables_are_located_inside_the_literal() -> None:
    text = "id,\n    agent:agents!fk (\n      name\n    ),status"
    reading = read(step("select", c(text, Location("", 5, 11))))
    agents = Embedded(RUNS, "agents", "fk")

    assert of(reading, EmbedUse) == [EmbedUse(agents, Location(FILE, 6, 11))]
    assert [(use.column, use.sources, use.location) for use in of(reading, ColumnUse)] == [
        ("id", (RUNS,), Location(FILE, 5, 12)),
        ("name", (agents,), Location(FILE, 7, 7)),
        ("status", (RUNS,), Location(FILE, 8, 7)),
    ]


def test_parts_of_a_composed_text_keep_their_locations() -> None:
    text = Template((c("id, ", Location("", 2, 5)), c("status", Location("", 3, 7))), Location("", 2, 5))

    places = {use.column: use.location for use in of(read(step("select", text)), ColumnUse)}
    assert places == {"id": Location(FILE, 2, 6), "status": Location(FILE, 3, 8)}


def test_after_an_escape_the_location_is_that_of_the_literal() -> None:
    reading = read(step("select", c('"a\\\\b",id', Location("", 2, 5))))

    assert [use.location for use in of(reading, ColumnUse)] == [Location(FILE, 2, 6), Location(FILE, 2, 5)]


def test_a_text_of_another_file_is_located_there() -> None:
    reading = read(step("select", c("id,\n cost", Location("columns.ts", 3, 1))))

    assert [use.location for use in of(reading, ColumnUse)] == [
        Location("columns.ts", 3, 2),
        Location("columns.ts", 4, 2),
    ]


def test_a_text_with_too_many_options_is_not_fully_known() -> None:
    reading = read(step("select", Choice(tuple(c(f"c{number}") for number in range(500)))))

    assert len(columns(reading, Purpose.SELECTED)) < 100
    assert whys(reading) == ["the select is one of too many values"]


def test_a_text_with_too_many_parts_that_vary_has_holes() -> None:
    parts = tuple(Choice((c("a"), c("b"))) for _ in range(20))
    reading = read(step("select", Template((c("id,"), *parts), HERE)))

    assert columns(reading, Purpose.SELECTED) == ["id"]
    assert whys(reading) == ["a selected column is built at run time"]


@pytest.mark.parametrize("nothing", [(), (UNDEFINED,), (c(None),), (c("*"),)])
def test_a_star_names_no_column(nothing: tuple[Value, ...]) -> None:
    reading = read(step("select", *nothing))

    assert [type(use) for use in reading.uses] == [TableUse]
    assert reading.unresolved == ()


def test_every_possible_select_counts() -> None:
    reading = read(step("select", Choice((c("id"), c("id,cost"), Unknown("chosen by the caller")))))

    assert set(columns(reading, Purpose.SELECTED)) == {"id", "cost"}
    assert whys(reading) == ["the select is chosen by the caller"]


def test_a_hole_hides_one_item_only() -> None:
    text = Template((c("id,"), Unknown(), c(",agents("), Unknown(), c(")")), HERE)
    reading = read(step("select", text))

    assert columns(reading, Purpose.SELECTED) == ["id"]
    assert [use.embedded for use in of(reading, EmbedUse)] == [AGENTS]
    assert whys(reading) == ["a selected column is built at run time"]


def test_a_part_that_is_one_of_a_few_is_no_hole() -> None:
    text = Template((c("id"), Choice((c(",cost"), c("")))), HERE)
    reading = read(step("select", text))

    assert columns(reading, Purpose.SELECTED) == ["id", "cost"]
    assert reading.unresolved == ()


def test_columns_of_a_table_with_an_unknown_name_are_unknown() -> None:
    text = Template((c("id,"), Unknown(), c("(name)")), HERE)
    reading = read(step("select", text))

    assert columns(reading, Purpose.SELECTED) == ["id"]
    assert whys(reading) == ["an embedded table is built at run time"]


def test_an_invalid_select_is_unresolved() -> None:
    (one,) = read(step("select", c("id, status,", Location("", 2, 5)))).unresolved

    assert one.what == "the select does not fit PostgREST's grammar: expected a name, not the end"
    assert one.location.line == 2


def test_what_a_write_returns_is_selected_from_the_table() -> None:
    reading = read(step("insert", record(status="pending")), step("select", "id"), step("single"))

    assert columns(reading, Purpose.SELECTED) == ["id"]


SELECT = step("select", "id,agent:agents!fk(name,owner:profiles(email)),...plans(price)")
AGENT = Embedded(RUNS, "agents", "fk")


@pytest.mark.parametrize(
    ("column", "source"),
    [
        ("agent.name", AGENT),
        ("agents.name", AGENT),
        ("agent.owner.email", Embedded(AGENT, "profiles")),
        ("plans.price", Embedded(RUNS, "plans")),
    ],
)
def test_a_column_is_looked_up_in_what_the_select_embeds(column: str, source: Embedded) -> None:
    use = of(read(SELECT, step("eq", column, 1)), ColumnUse)[-1]

    assert (use.column, use.sources) == (column.rsplit(".", maxsplit=1)[-1], (source,))
    assert use.compared == (CodeLiteral(1),)


@pytest.mark.parametrize("option", ["referencedTable", "foreignTable"])
def test_the_option_referenced_table_names_the_embedded_table(option: str) -> None:
    options = record(**{option: "agent.owner"})
    reading = read(
        SELECT,
        step("or", "email.eq.x,id.eq.1", options),
        step("order", "email", options),
        step("limit", 1, options),
        step("range", 0, 9, options),
    )

    found = [(use.column, use.sources) for use in of(reading, ColumnUse)[-3:]]
    assert found == [(name, (Embedded(AGENT, "profiles"),)) for name in ("email", "id", "email")]
    assert reading.unresolved == ()


@pytest.mark.parametrize(
    "asking",
    [
        step("eq", "tools.name", 1),
        step("order", "tools(name)"),
        step("order", "name", record(referencedTable="tools")),
        step("or", "name.eq.1", record(foreignTable="tools")),
        step("limit", 1, record(referencedTable="tools")),
        step("range", 0, 1, record(referencedTable="tools")),
    ],
)
def test_a_table_that_the_select_does_not_embed_is_unresolved(asking: Step) -> None:
    before = read(SELECT)
    reading = read(SELECT, asking)

    assert reading.uses == before.uses
    (why,) = whys(reading)
    assert why.endswith("`tools` is not embedded")


def test_tables_that_an_unknown_select_embeds_are_unresolved() -> None:
    for select in (
        step("select", Unknown()),
        step("select", "id,"),
        step("select", Template((c("id,"), Unknown()), HERE)),
    ):
        reading = read(select, step("eq", "agents.name", 1))

        assert columns(reading, Purpose.FILTERED) == []
        assert whys(reading)[-1] == ("a filter's `agents` is perhaps embedded by an unknown select")


def test_an_option_that_is_not_known_leaves_the_columns_unresolved() -> None:
    reading = read(SELECT, step("order", "name", Unknown()))

    assert columns(reading, Purpose.ORDERED) == []
    assert whys(reading) == ["the embedded table is computed at run time"]


@pytest.mark.parametrize(
    "asking",
    [
        step("is", "agent", None),
        step("not", "agent", "is", None),
        step("filter", "agent", "not.is", None),
        step("or", "agent.is.null,plans.not.is.null"),
    ],
)
def test_is_null_on_an_embedded_table_names_no_column(asking: Step) -> None:
    assert read(SELECT, asking) == read(SELECT)


def test_is_null_can_mean_an_embedded_table_if_the_select_is_unknown() -> None:
    unknown = step("select", Unknown())
    for asking in (step("is", "agent", None), step("or", "agent.is.null")):
        assert columns(read(unknown, asking), Purpose.FILTERED) == []
    for asking in (step("is", "agent", True), step("eq", "agent", "x")):
        assert columns(read(unknown, asking), Purpose.FILTERED) == ["agent"]
