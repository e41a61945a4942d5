"""Every name of PostgreSQL's gets its schema, and nothing else is changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.core.database.qualified_sql import qualify_names

CASES = {
    "SELECT count(*) FROM pg_class": "SELECT pg_catalog.count(*) FROM pg_catalog.pg_class",
    "SELECT lower (email)": "SELECT lower (email)",
    "SELECT a.b, a.*, * FROM t AS a (x, y)": "SELECT a.b, a.*, * FROM t AS a (x, y)",
    "SELECT x * 2": "SELECT x OPERATOR(pg_catalog.*) 2",
    "WHERE id = ANY (%(ids)s)": "WHERE id OPERATOR(pg_catalog.=) ANY (%(ids)s)",
    "SELECT coalesce(a, b)": "SELECT coalesce(a, b)",
    "SELECT pg_catalog.now()": "SELECT pg_catalog.now()",
    "SELECT x::text, y::integer, z::text[]": "SELECT x::pg_catalog.text, y::integer, z::pg_catalog.text[]",
    "SELECT x::numeric(10, 2)": "SELECT x::numeric(10, 2)",
    "SELECT f(secs => 5)": "SELECT pg_catalog.f(secs => 5)",
    "SELECT -sum(a)": "SELECT OPERATOR(pg_catalog.-)pg_catalog.sum(a)",
    "UPDATE t SET a = 1, b = (c = 2), d = e WHERE f = 3": (
        "UPDATE t SET a = 1, b = (c OPERATOR(pg_catalog.=) 2), d = e WHERE f OPERATOR(pg_catalog.=) 3"
    ),
    "SET LOCAL lock_timeout = '1s'; SELECT a = b": (
        "SET LOCAL lock_timeout = '1s'; SELECT a OPERATOR(pg_catalog.=) b"
    ),
    "WITH c AS (UPDATE t SET a = 1 RETURNING b) SELECT a = 1 FROM c": (
        "WITH c AS (UPDATE t SET a = 1 RETURNING b) SELECT a OPERATOR(pg_catalog.=) 1 FROM c"
    ),
    "ALTER TABLE t ADD COLUMN IF NOT EXISTS x jsonb": (
        "ALTER TABLE t ADD COLUMN IF NOT EXISTS x pg_catalog.jsonb"
    ),
    "SELECT a %% 2, '100%%', \"50%%\"": "SELECT a OPERATOR(pg_catalog.%%) 2, '100%%', \"50%%\"",
}
UNTOUCHED = (
    "'a = b'", "E'it\\'s = lower(x)'", "$$ a = lower(b) $$", "$tag$ $$ = $tag$", '"lower(" ', '"a ""= b"',
    "-- a = lower(b)\n", "/* a = lower(b) */", "%(name)s", "1.5e-7", "x'ff'",
)  # fmt: skip


@pytest.mark.parametrize(("statement", "qualified"), CASES.items())
def test_names_of_postgresql_get_their_schema(statement: str, qualified: str) -> None:
    assert qualify_names(statement) == qualified


@pytest.mark.parametrize("text", UNTOUCHED)
def test_what_is_no_name_stays_as_it_is(text: str) -> None:
    assert qualify_names(f"SELECT {text}") == f"SELECT {text}"


@given(st.text())
def test_a_quoted_text_or_name_of_anything_stays_as_it_is(text: str) -> None:
    literal = "'" + text.replace("'", "''") + "'"
    name = '"' + text.replace('"', '""') + '"'

    assert qualify_names(f"SELECT {literal}, {name} ") == f"SELECT {literal}, {name} "


@given(st.text())
def test_nothing_is_lost_of_any_text(text: str) -> None:
    bare = qualify_names(text).replace("OPERATOR(pg_catalog.", "").replace("pg_catalog.", "").replace(")", "")

    assert bare == text.replace("OPERATOR(pg_catalog.", "").replace("pg_catalog.", "").replace(")", "")
