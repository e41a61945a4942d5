"""Names in SQL, as PostgreSQL writes them and as psycopg sends them."""

import pytest
from pglast import keywords
from psycopg import sql

from agentctl.core.database.quoting import (
    Printed,
    always_quoted,
    compose,
    quoted,
    spellings,
    with_marks_doubled,
)


def test_every_word_that_the_grammar_keeps_for_itself_is_quoted() -> None:
    reserved = keywords.COL_NAME_KEYWORDS | keywords.RESERVED_KEYWORDS | keywords.TYPE_FUNC_NAME_KEYWORDS

    assert {word for word in reserved if quoted(word) != f'"{word}"'} == set()
    assert {word for word in keywords.UNRESERVED_KEYWORDS if quoted(word) != word} == set()


@pytest.mark.parametrize("name", ["a b", "A", "ä", "a$", "1a", "a-b", "a.b", 'a"b', "", "a\n", "%", "naïve"])
def test_what_is_no_plain_word_is_quoted(name: str) -> None:
    assert quoted(name) == sql.Identifier(name).as_string() if name else '""'
    assert always_quoted(name, "x").endswith('."x"')


def test_a_plain_word_may_be_printed_with_and_without_quotes() -> None:
    assert spellings("runs") == {"runs", '"runs"'}
    assert spellings("json") == {"json", '"json"'}  # a keyword since PostgreSQL 16
    assert spellings("Runs") == {'"Runs"'}


def test_marks_in_names_and_literals_are_doubled_and_placeholders_are_not() -> None:
    inner = compose("{} = %(x)s", sql.Identifier("100%"))
    query = compose("SELECT {}::{} WHERE {}", sql.Literal("%s"), Printed('"a%b"'), inner)
    query += sql.SQL(" AND y = {}").format(sql.Placeholder("y"))

    text = _text(query)

    assert text == 'SELECT \'%%s\'::"a%%b" WHERE "100%%" = %(x)s AND y = %(y)s'


def _text(query: sql.Composed) -> str:
    return with_marks_doubled(query, None).as_string()
