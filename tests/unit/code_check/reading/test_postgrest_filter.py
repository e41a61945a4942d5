"""Conditions that PostgREST joins by `and` and `or`: the columns that they name, and what is no condition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.core.code_check.reading.postgrest.cursor import HOLE, Misfit, Name
from agentctl.core.code_check.reading.postgrest.filter_grammar import Condition, parse_filter


def conditions(text: str) -> list[tuple[str, str | None, str | None]]:
    found = parse_filter(text)
    assert not isinstance(found, Misfit), found
    return [(one.column.text, one.operator, one.value) for one in found]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("status.eq.failed", [("status", "eq", "failed")]),
        ("a.gt.1,b.is.null", [("a", "gt", "1"), ("b", "is", "null")]),
        ("a.not.eq.x", [("a", "eq", "x")]),
        ("and(a.gt.1,b.lt.2)", [("a", "gt", "1"), ("b", "lt", "2")]),
        ("not.and(a.gt.1,or(b.lt.2 , c.eq.3))", [("a", "gt", "1"), ("b", "lt", "2 "), ("c", "eq", "3")]),
        ("name.in.(a,b),id.eq.1", [("name", "in", None), ("id", "eq", "1")]),
        ('name.not.in.("a,)b",c)', [("name", "in", None)]),
        ("tags.cs.{a,b},id.eq.1", [("tags", "cs", "{a,b}"), ("id", "eq", "1")]),
        ('"quoted.name".eq.1', [("quoted.name", "eq", "1")]),
        ("data->>kind.eq.x", [("data", "eq", "x")]),
        ('note.eq."a,b\\"c\\\\",id.eq.1', [("note", "eq", 'a,b"c\\'), ("id", "eq", "1")]),
        ('note.eq."a"b', [("note", "eq", '"a"b')]),
        ("body.fts(english).word", [("body", "fts", "word")]),
        ("body.not.wfts.word", [("body", "wfts", "word")]),
        ("name.ilike(any).{a%,b%},x.eq(all).{1}", [("name", "ilike", None), ("x", "eq", None)]),
        ("at.gte.2024-01-01T10:00:00.000Z", [("at", "gte", "2024-01-01T10:00:00.000Z")]),
        ("a.isdistinct.b,c.imatch.^x", [("a", "isdistinct", "b"), ("c", "imatch", "^x")]),
        ("or.eq.1,not.eq.2,and.not.eq.3", [("or", "eq", "1"), ("not", "eq", "2"), ("and", "eq", "3")]),
        (" a.eq.1 , b.eq.2", [("a", "eq", "1 "), ("b", "eq", "2")]),
        ("a.eq.", [("a", "eq", "")]),
    ],
)
def test_conditions_name_these_columns(text: str, found: list[tuple[str, str | None, str | None]]) -> None:
    assert conditions(text) == found


def test_a_column_is_where_it_stands() -> None:
    text = 'a.eq.1, and("b c".eq.2,not.or(d.in.(1,2),e->x.is.null))'
    found = parse_filter(text)
    assert not isinstance(found, Misfit)
    assert [text[one.column.offset] for one in found] == ["a", '"', "d", "e"]
    assert [one.json for one in found] == [False, False, False, True]


def test_a_hole_in_a_value_is_ignored() -> None:
    found = conditions(f"name.ilike.%{HOLE}%,description.ilike.%{HOLE}%,id.in.({HOLE}),x.eq.{HOLE}")
    assert [column for column, _, _ in found] == ["name", "description", "id", "x"]
    assert [value for _, _, value in found] == [None] * 4


def test_a_hole_for_an_operator_or_a_list_leaves_the_column_known() -> None:
    assert conditions(f"a.{HOLE}.1,b.{HOLE},c.in.{HOLE},d.not.{HOLE}") == [
        ("a", None, None),
        ("b", None, None),
        ("c", None, None),
        ("d", None, None),
    ]


def test_a_condition_that_is_only_a_hole_has_an_unknown_column() -> None:
    found = parse_filter(f"a.eq.1,{HOLE},and({HOLE},{HOLE}_id.eq.2)")
    assert not isinstance(found, Misfit)
    assert [one.column.is_known for one in found] == [True, False, False, False]
    assert found[1] == Condition(Name(HOLE, 7))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a.eq",
        "a.equals.1",
        "a.eq.1,",
        "a.eq.1)",
        "\na.eq.1",
        "agents.name.eq.x",
        "and(a.eq.1",
        "xor(a.eq.1)",
        "and()",
        "id.in.1,2",
        "a.in.(1",
        "a.is().null",
        "a = 1",
        "and(" * 5000,
        "a.in.(" + '"a",' * 5000,
    ],
)
def test_a_text_that_postgrest_would_refuse_is_no_condition(text: str) -> None:
    assert isinstance(parse_filter(text), Misfit)


simple = st.builds(
    lambda name, negation, operator, value: (
        [(name, operator)],
        f"{name}.{negation}{operator}.{value}",
    ),
    st.text("abcxyz_", min_size=1, max_size=5),
    st.sampled_from(["", "not."]),
    st.sampled_from(["eq", "neq", "gte", "like", "is", "isdistinct", "cs", "fts"]),
    st.sampled_from(["1", '"a,b)"', "{1,2}", "2024-01-01", '"\\""', "x.y.z", ""]),
)
Written = tuple[list[tuple[str, str]], str]


def group(inner: list[Written], word: str) -> Written:
    return [one for found, _ in inner for one in found], f"{word}( {', '.join(text for _, text in inner)})"


trees = st.recursive(
    simple,
    lambda inner: st.builds(
        group, st.lists(inner, min_size=1, max_size=3), st.sampled_from(["and", "or", "not.and", "not.or"])
    ),
    max_leaves=10,
)


@given(st.lists(trees, min_size=1, max_size=3))
def test_conditions_survive_writing_and_parsing(written: list[Written]) -> None:
    text = ",".join(text for _, text in written)
    assert [(column, operator) for column, operator, _ in conditions(text)] == [
        one for found, _ in written for one in found
    ]


@given(st.text() | st.text('aeqinotrd,.()>-"{}\\ \n' + HOLE))
def test_no_text_makes_the_grammar_fail(text: str) -> None:
    parse_filter(text)
