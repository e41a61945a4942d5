"""Splitting SQL files as psql does: what is a statement, and where it stands."""

import pytest

from agentctl.core.sql.lines import Lines
from agentctl.core.sql.statements import split_statements


def split(text: str) -> list[str]:
    return [one.text for one in split_statements(text, whole=True)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"]),
        (";;  ;SELECT 1;;", ["SELECT 1"]),
        ("SELECT ';', E'\\';'; SELECT 2", ["SELECT ';', E'\\';'", "SELECT 2"]),
        ("SELECT U&'x;', \"a;b\"; SELECT 2", ["SELECT U&'x;', \"a;b\"", "SELECT 2"]),
        ("SELECT 'it''s;'; SELECT 2", ["SELECT 'it''s;'", "SELECT 2"]),
        ("SELECT 'back\\'; SELECT 2", ["SELECT 'back\\'", "SELECT 2"]),
        ("-- no; statement\nSELECT 1; -- one; more\nSELECT 2", ["SELECT 1", "SELECT 2"]),
        ("/* ; /* ; */ ; */ SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"]),
        ("SELECT $$;$$, $a$ ; $$ ; $a$; SELECT 2", ["SELECT $$;$$, $a$ ; $$ ; $a$", "SELECT 2"]),
        ("SELECT a$b$c; SELECT d$b$c", ["SELECT a$b$c", "SELECT d$b$c"]),
        ("SELECT $1; SELECT $1;", ["SELECT $1", "SELECT $1"]),
        ("CREATE TABLE a (b int; DROP TABLE c;", ["CREATE TABLE a (b int", "DROP TABLE c"]),
        ("SELECT 1; SELECT 'unclosed; SELECT 2", ["SELECT 1", "SELECT 'unclosed; SELECT 2"]),
        (
            "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3",
            ["CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)", "SELECT 3"],
        ),
        (
            "CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3",
            ["CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END", "SELECT 3"],
        ),
        ("BEGIN; SELECT 1; END; SELECT 2", ["BEGIN", "SELECT 1", "END", "SELECT 2"]),
        ("\\restrict abc'def\nSELECT 1;\n\\connect x\nSELECT 2;\n\\unrestrict", ["SELECT 1", "SELECT 2"]),
        ("SELECT 1 \\gexec\nSELECT 2", ["SELECT 1", "SELECT 2"]),
        ("SELECT 1 \\d\n, 2; SELECT 3", ["SELECT 1   \n, 2", "SELECT 3"]),
        ("COPY t FROM stdin;\n1;'\n\\.\nSELECT 1", ["COPY t FROM stdin", "SELECT 1"]),
        ("COPY t (a) FROM STDIN CSV;\n\\.\nSELECT 1;", ["COPY t (a) FROM STDIN CSV", "SELECT 1"]),
        ("COPY t FROM stdin;\nit's cut off", ["COPY t FROM stdin"]),
        ("COPY t FROM 'file'; SELECT 1", ["COPY t FROM 'file'", "SELECT 1"]),
        ("", []),
        (" -- nothing", []),
    ],
)  # fmt: skip
def test_a_statement_ends_where_psql_ends_it(text: str, expected: list[str]) -> None:
    assert split(text) == expected


def test_statements_about_rows_are_skipped_and_the_next_is_read() -> None:
    data = "('x;', E'\\';', $$;$$, $1, 1-1, 2/3, a$b$c) -- ; /* '\n, ('/*')"
    text = f"INSERT INTO a VALUES {data}; SELECT 1; grant x; SELECT 2"
    assert [one.text for one in split_statements(text)] == ["INSERT", "SELECT 1", "grant", "SELECT 2"]


def test_an_offset_has_a_line_from_1() -> None:
    text = "a\nbc\n\nd"
    lines = Lines(text)
    assert [lines[place] for place in range(len(text))] == [1, 1, 2, 2, 2, 3, 4]


def test_a_statement_knows_where_it_begins_and_how() -> None:
    text = "\n-- x\n  create TABLE a (b int);"
    (only,) = split_statements(text)
    assert (Lines(text)[only.start], only.words[:3]) == (3, ("CREATE", "TABLE", "A"))
