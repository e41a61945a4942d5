"""What chains of supabase-js do with tables and functions, and what is not known of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.core.code_check.reading.typescript.calls import Chain, Step
from agentctl.core.code_check.reading.typescript.chains import uses_of
from agentctl.core.code_check.reading.typescript.values import (
    UNDEFINED,
    Choice,
    Entry,
    Imported,
    Listing,
    Member,
    Parameter,
    Record,
    Result,
    Template,
    Unknown,
    Value,
)
from agentctl.core.code_check.reading.typescript.values import Function as Code
from agentctl.core.code_check.reading.uses import (
    CallUse,
    CodeLiteral,
    CodeReading,
    ColumnUse,
    ConflictUse,
    Embedded,
    EmbedUse,
    Named,
    Purpose,
    Returned,
    RowWrite,
    TableUse,
)
from agentctl.core.location import Location
from support.chains import FILE, HERE, RUNS, c, chain, of, read, record, rpc, step, whys


def test_a_table_that_is_read_is_named() -> None:
    reading = uses_of(chain(c("agents", Location("", 3, 7)), step("select")), file=FILE)

    assert reading == CodeReading(uses=(TableUse(Named("agents"), Location(FILE, 3, 7)),))


def test_a_table_is_in_the_schema_of_the_chain() -> None:
    reading = uses_of(chain(c("runs"), step("delete"), schema=c("ops")), file=FILE)

    assert of(reading, TableUse) == [TableUse(Named("runs", "ops"), Location(FILE, 1, 1))]


def test_a_name_from_another_file_is_located_there() -> None:
    reading = uses_of(chain(c("runs", Location("names.ts", 4, 2)), step("select")), file=FILE)

    assert of(reading, TableUse)[0].location == Location("names.ts", 4, 2)


@pytest.mark.parametrize("first", ["upload", "list", "eq", "then", "map"])
def test_a_target_that_is_neither_read_nor_written_is_no_table(first: str) -> None:
    assert read(step(first, "id"), step("select", "id")) == CodeReading()
    assert uses_of(chain(c("agents")), file=FILE) == CodeReading()


def test_a_table_that_is_put_together_of_known_parts_is_known() -> None:
    target = Template((c("agent_"), c("executions")), HERE)

    assert of(uses_of(chain(target, step("select")), file=FILE), TableUse)[0].table == RUNS


@pytest.mark.parametrize(
    ("target", "why"),
    [
        (Unknown(), "computed at run time"),
        (Template((c("runs_"), Unknown()), HERE), "built at run time"),
        (Member(Unknown(), "table"), "`table` of something unknown"),
        (Result(Unknown()), "the result of a call"),
        (Parameter(Code(1), 0), "an argument that no known caller passes"),
        (Imported("./names", "RUNS"), "imported from ./names, where it is not found"),
        (c(7), "not valid here"),
    ],
)
def test_a_table_that_is_not_known_is_unresolved_and_so_is_all_behind_it(target: Value, why: str) -> None:
    reading = uses_of(chain(target, step("select", "id"), step("eq", "id", 1)), file=FILE)

    assert reading.uses == ()
    assert whys(reading) == [f"the table is {why}"]


def test_a_schema_that_is_not_known_leaves_the_table_unknown() -> None:
    reading = uses_of(chain(c("runs"), step("select", "id"), schema=Unknown()), file=FILE)

    assert reading.uses == ()
    assert whys(reading) == ["the schema is computed at run time"]


def test_columns_of_one_of_several_tables_belong_to_one_of_them() -> None:
    either = Choice((c("runs"), c("old_runs")))
    steps = (
        step("upsert", record(cost=1), record(onConflict="id")),
        step("select", "id,agents(name)"),
    )
    reading = uses_of(chain(either, *steps), file=FILE)
    both = (Named("runs"), Named("old_runs"))

    assert [use.table for use in of(reading, TableUse)] == list(both)
    assert [(use.column, use.purpose, use.sources) for use in of(reading, ColumnUse)] == [
        ("cost", Purpose.WRITTEN, both),
        ("id", Purpose.SELECTED, both),
        ("name", Purpose.SELECTED, tuple(Embedded(one, "agents") for one in both)),
    ]
    assert not [use for use in reading.uses if isinstance(use, RowWrite | ConflictUse | EmbedUse)]


def test_one_of_several_tables_only_has_its_name_known() -> None:
    target = Choice((c("runs"), Unknown()))
    reading = uses_of(chain(target, step("select", "id")), file=FILE)

    assert [use.table.name for use in of(reading, TableUse)] == ["runs"]
    assert not of(reading, ColumnUse)
    assert whys(reading) == ["the table is computed at run time"]


NAME = c("deduct_credits_atomic", Location("", 2, 20))


def test_a_function_is_called_with_arguments_by_name() -> None:
    given = record(p_user_id=Unknown(), p_amount=5, p_agent_id=UNDEFINED)
    (call,) = of(uses_of(rpc(NAME, given, record(head=True)), file=FILE), CallUse)

    assert (call.function, call.schema, call.complete) == ("deduct_credits_atomic", None, True)
    assert call.location == Location(FILE, 2, 20)
    assert [(one.name, one.literals) for one in call.arguments] == [
        ("p_user_id", ()),
        ("p_amount", (CodeLiteral(5),)),
    ]


@pytest.mark.parametrize("nothing", [(), (UNDEFINED,), (record(),)])
def test_a_function_is_called_with_nothing(nothing: tuple[Value, ...]) -> None:
    (call,) = of(uses_of(rpc(NAME, *nothing), file=FILE), CallUse)

    assert (call.arguments, call.complete) == ((), True)


def test_arguments_that_are_not_known_leave_the_call_open() -> None:
    reading = uses_of(rpc(NAME, Unknown()), file=FILE)

    assert [(call.arguments, call.complete) for call in of(reading, CallUse)] == [((), False)]
    assert whys(reading) == ["the argument of the call is computed at run time"]


def test_a_function_that_is_not_known_is_unresolved() -> None:
    reading = uses_of(rpc(Unknown(), record(a=1), steps=(step("eq", "id", 1),)), file=FILE)

    assert reading.uses == ()
    assert whys(reading) == ["the function is computed at run time"]


def test_arguments_of_several_possible_functions_are_not_guessed() -> None:
    either = Choice((c("f"), c("g")))
    reading = uses_of(rpc(either, Choice((record(a=1), record(b=1)))), file=FILE)

    assert [(call.function, call.arguments, call.complete) for call in of(reading, CallUse)] == [
        ("f", (), False),
        ("g", (), False),
    ]
    both = of(uses_of(rpc(either, record(a=1)), file=FILE), CallUse)
    assert [call.arguments[0].name for call in both] == ["a", "a"]


def test_rows_that_a_function_returns_are_selected_from_and_filtered() -> None:
    steps = (
        step("select", "id,agents(name)"),
        step("eq", "agents.name", "x"),
        step("insert", record(a=1)),
    )
    reading = uses_of(rpc(c("top_runs"), steps=steps), file=FILE)
    returned = Returned("top_runs")
    agents = Embedded(returned, "agents")

    assert [(use.column, use.sources) for use in of(reading, ColumnUse)] == [
        ("id", (returned,)),
        ("name", (agents,)),
        ("name", (agents,)),
    ]
    assert not of(reading, RowWrite)


spots = st.just(HERE)
constants = st.builds(
    c, st.text(max_size=8) | st.sampled_from(["id", "a(b)", "a.eq.1"]) | st.integers() | st.none()
)
values = st.recursive(
    constants | st.just(UNDEFINED) | st.just(Unknown()),
    lambda inner: (
        st.builds(Template, st.lists(inner, max_size=3).map(tuple), spots)
        | st.builds(Choice, st.lists(inner, max_size=3).map(tuple))
        | st.builds(Listing, st.lists(inner, max_size=3).map(tuple), st.booleans(), spots)
        | st.builds(
            Record,
            st.lists(st.builds(Entry, st.none() | inner, inner, spots, st.booleans()), max_size=3).map(tuple),
            spots,
        )
        | st.builds(Member, inner, st.just("x"))
    ),
    max_leaves=8,
)
METHODS = [
    "select",
    "insert",
    "upsert",
    "update",
    "delete",
    "eq",
    "in",
    "match",
    "or",
    "order",
    "limit",
    "range",
    "not",
    "filter",
    "is",
    "single",
]
steps_ = st.builds(Step, st.sampled_from(METHODS), st.lists(values, max_size=3).map(tuple), spots)


@given(values, st.none() | values, st.lists(steps_, max_size=5), st.sampled_from(["from", "rpc"]))
def test_no_chain_makes_the_reader_fail(
    target: Value, schema: Value | None, steps: list[Step], kind: str
) -> None:
    arguments = steps[0].arguments if steps else ()
    uses_of(Chain(kind, Unknown(), "db", schema, target, arguments, tuple(steps), HERE), file=FILE)
