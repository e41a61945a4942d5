"""Selects of PostgREST: what they name, where, and what is no select."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.core.code_check.reading.postgrest.cursor import (
    HOLE,
    ColumnPath,
    Misfit,
    Name,
    parse_names,
    parse_path,
)
from agentctl.core.code_check.reading.postgrest.order_grammar import parse_order
from agentctl.core.code_check.reading.postgrest.select_grammar import (
    Embed,
    SelectedColumn,
    SelectItem,
    parse_select,
)

Tree = list["str | tuple[str, str | None, str | None, Tree]"]
"""Columns by name; embedded tables as (table, alias, hint, items)."""


def tree(items: tuple[SelectItem, ...] | Misfit) -> Tree:
    assert not isinstance(items, Misfit), items
    return [item.name.text if isinstance(item, SelectedColumn) else branch(item) for item in items]


def branch(embed: Embed) -> tuple[str, str | None, str | None, Tree]:
    alias, hint = (name.text if name else None for name in (embed.alias, embed.hint))
    return embed.target.text, alias, hint, tree(embed.items)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []),
        ("*", []),
        ("id,status", ["id", "status"]),
        (" id ,\n  status\t", ["id", "status"]),
        ("*, created_at", ["created_at"]),
        ("price:credit_cost", ["credit_cost"]),
        ("credit_cost::text", ["credit_cost"]),
        ("price:credit_cost::text", ["credit_cost"]),
        ("started_at::timestamp without time zone", ["started_at"]),
        ("input_schema->0->>name", ["input_schema"]),
        ("field:input_schema->0->label::text,name", ["input_schema", "name"]),
        ("data->-1", ["data"]),
        ('data->"a.b"->>c-d', ["data"]),
        ("count()", []),
        ("runs:count()", []),
        ("count()::int", []),
        ("count", []),
        ("runs:count", []),
        ("count->>a", ["count"]),
        ("amount.sum()", ["amount"]),
        ("spent:amount.avg()::int,type", ["amount", "type"]),
        ("data->tax::numeric.max()", ["data"]),
        ("count.min()", ["count"]),
        ("seo-score", ["seo-score"]),
        ("größe", ["größe"]),
        ("$id,_x,2nd", ["$id", "_x", "2nd"]),
        ('"weird name"', ["weird name"]),
        ('"a,b(c)":"say \\"hi\\""', ['say "hi"']),
        ("user id", ["userid"]),
    ],
)
def test_a_select_names_these_columns(text: str, names: list[str]) -> None:
    assert tree(parse_select(text)) == names


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("agents(name)", [("agents", None, None, ["name"])]),
        ("agents()", [("agents", None, None, [])]),
        ("agents(*)", [("agents", None, None, [])]),
        ("agents(count)", [("agents", None, None, [])]),
        ("agents(credit_cost.sum())", [("agents", None, None, ["credit_cost"])]),
        ("agent:agents(name)", [("agents", "agent", None, ["name"])]),
        ("agent:agent_id(name)", [("agent_id", "agent", None, ["name"])]),
        ("agents!inner(name)", [("agents", None, None, ["name"])]),
        ("agents!left(name)", [("agents", None, None, ["name"])]),
        ("agents!runs_agent_fkey(name)", [("agents", None, "runs_agent_fkey", ["name"])]),
        ("agents!runs_agent_fkey!inner(name)", [("agents", None, "runs_agent_fkey", ["name"])]),
        ("a:agents!inner!fk(name)", [("agents", "a", "fk", ["name"])]),
        ("...agents(name)", [("agents", None, None, ["name"])]),
        ("...agents!fk(agent:name)", [("agents", None, "fk", ["name"])]),
        (
            "id, agents ( name, owner:profiles!agents_owner (email) ), status",
            [
                "id",
                ("agents", None, None, ["name", ("profiles", "owner", "agents_owner", ["email"])]),
                "status",
            ],
        ),
        ("agents(data->0,name)", [("agents", None, None, ["data", "name"])]),
        ("agents(name,data->0)", [("agents", None, None, ["name", "data"])]),
    ],
)
def test_a_select_embeds_these_tables(text: str, items: Tree) -> None:
    assert tree(parse_select(text)) == items


@pytest.mark.parametrize(
    "text",
    [
        "id,",
        ",id",
        "id,,status",
        "agents(name",
        "agents(name))",
        "agents.name",
        "amount.median()",
        "amount.sum",
        "tags[]",
        "all:*",
        "agents!fk",
        "agents!a!b!c(name)",
        "agents->x(name)",
        "...name",
        "a:...agents(name)",
        "id::",
        "price::numeric(10,2)",
        '"open',
        "id;name",
        "a:b:c",
        "(" * 5000,
        "a(" * 5000,
    ],
)
def test_a_text_that_postgrest_would_refuse_is_no_select(text: str) -> None:
    assert isinstance(parse_select(text), Misfit)


def test_a_misfit_says_what_is_wrong_and_where() -> None:
    assert parse_select("id,\n  agents[]") == Misfit("expected the end, not `[`", 12)
    assert parse_select("id, ") == Misfit("expected a name, not the end", 3)


def test_names_keep_their_source_position_without_white_space() -> None:
    text = '\n  id,\n  author : "pen name",\n  agents ! fk (\n    title\n  )'
    items = parse_select(text)
    assert not isinstance(items, Misfit)
    identifier, pen_name, agents = items
    assert isinstance(identifier, SelectedColumn)
    assert isinstance(pen_name, SelectedColumn)
    assert isinstance(agents, Embed)
    assert agents.hint is not None
    inner = agents.items[0]
    assert isinstance(inner, SelectedColumn)
    found = [identifier.name, pen_name.name, agents.target, agents.hint, inner.name]
    starts = [text[name.offset :].split(maxsplit=1)[0] for name in found]
    assert starts == ["id,", '"pen', "agents", "fk", "title"]


def test_a_name_with_a_hole_is_unknown_and_a_hole_in_a_cast_is_ignored() -> None:
    items = parse_select(f"id,{HOLE},x_{HOLE},name::{HOLE},data->>{HOLE},{HOLE}:email,agents({HOLE})")
    assert not isinstance(items, Misfit)
    columns = [item.name for item in items if isinstance(item, SelectedColumn)]
    assert [name.text for name in columns if name.is_known] == ["id", "name", "data", "email"]
    assert len([name for name in columns if not name.is_known]) == 2


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("status", ColumnPath((), Name("status", 0))),
        ("Unit Price", ColumnPath((), Name("Unit Price", 0))),
        ("Unit Price ->a", ColumnPath((), Name("Unit Price", 0), json=True)),
        ("data->>kind", ColumnPath((), Name("data", 0), json=True)),
        ("data->a->0", ColumnPath((), Name("data", 0), json=True)),
        ("agents.name", ColumnPath((Name("agents", 0),), Name("name", 7))),
        (
            'agents."o.w".data->>x',
            ColumnPath((Name("agents", 0), Name("o.w", 7)), Name("data", 13), json=True),
        ),
    ],
)
def test_a_filter_is_on_a_column_behind_the_tables_it_is_embedded_in(text: str, path: ColumnPath) -> None:
    assert parse_path(text) == path


@pytest.mark.parametrize("text", ["", "a.", ".a", "a[0]", "lower(name)", "a,b", "a->>", "*"])
def test_a_text_that_is_no_column_is_no_filter(text: str) -> None:
    assert isinstance(parse_path(text), Misfit)


def test_the_columns_of_a_conflict_are_a_list() -> None:
    assert parse_names('user_id, "agent id"') == (Name("user_id", 0), Name("agent id", 9))
    assert isinstance(parse_names("user_id,"), Misfit)


def test_an_order_names_columns_and_columns_of_embedded_tables() -> None:
    terms = parse_order("status.desc.nullslast, agents(data->>rank).asc,data->a")
    assert not isinstance(terms, Misfit)
    found = [([name.text for name in term.embeds], term.column.text) for term in terms]
    assert found == [([], "status"), (["agents"], "data"), ([], "data")]


@pytest.mark.parametrize("text", ["", "created_at.desc", "created_at desc,", "agents(name,id)", "a.up,b"])
def test_supabase_js_writes_the_last_direction_itself(text: str) -> None:
    assert isinstance(parse_order(text), Misfit)


words = st.text("abcxyz_0123456789", min_size=1, max_size=6).filter(lambda word: word != "count")
quoted = st.text("ab ,.():\\", min_size=1, max_size=5)
"""Without quotes: supabase-js takes an escaped one for the end of what is quoted."""
names = st.one_of(
    words.map(lambda word: (word, word)),
    quoted.map(lambda word: (word, '"' + word.replace("\\", "\\\\") + '"')),
)
"""Names, and how they are written."""
Written = tuple[str | tuple[str, str | None, str | None, Tree], str]


@st.composite
def columns(draw: st.DrawFn) -> Written:
    name, text = draw(names)
    alias = draw(st.sampled_from(["", "x:", '"a:b" : ']))
    path = draw(st.sampled_from(["", "->a", "->0->>b-c", '->>"a,b"']))
    cast = draw(st.sampled_from(["", "::text", ":: double precision", ".sum()", "::int.avg()::text"]))
    return name, f"{alias}{text}{path}{cast}"


@st.composite
def embeds(draw: st.DrawFn, items: st.SearchStrategy[Written]) -> Written:
    (target, text), inner = draw(names), draw(st.lists(items, max_size=3))
    alias = draw(st.none() | names)
    hint = draw(st.none() | names.filter(lambda name: name[0] not in {"left", "inner"}))
    join = draw(st.sampled_from(["", "!inner", "! left"]))
    before = f"{alias[1]}:" if alias else draw(st.sampled_from(["", "..."]))
    told = f"{before}{text}{f'!{hint[1]}' if hint else ''}{join}\n( {', '.join(one for _, one in inner)} )"
    found = (target, alias[0] if alias else None, hint[0] if hint else None, [one for one, _ in inner])
    return found, told


written = st.lists(st.recursive(columns(), embeds, max_leaves=12), max_size=4)


@given(written)
def test_selects_survive_writing_and_parsing(items: list[Written]) -> None:
    assert tree(parse_select(" ,\n".join(text for _, text in items))) == [item for item, _ in items]


@given(st.text() | st.text('ab,.()!:>-"*\\ \n' + HOLE))
def test_no_text_makes_a_grammar_fail(text: str) -> None:
    for parse in (parse_select, parse_path, parse_names, parse_order):
        parse(text)
