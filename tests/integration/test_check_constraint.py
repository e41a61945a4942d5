"""Random CHECKs and rows: agentctl judges them as PostgreSQL does."""

from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from agentctl.core.catalog.check_constraint import Check
from support.marketplace import Database

WORDS = ["usage", "refund", "it's", "", "a\\b", 'say "x"']
words = st.sampled_from(WORDS)
numbers = st.integers(-3, 3)
literals = words.map(lambda text: "'" + text.replace("'", "''") + "'")
text_conditions = st.one_of(
    st.builds("kind {} {}".format, st.sampled_from(["=", "<>", "IS DISTINCT FROM"]), literals),
    st.lists(literals, min_size=1, max_size=3).map(lambda items: f"kind IN ({', '.join(items)})"),
    st.lists(literals, min_size=1, max_size=3).map(lambda items: f"kind NOT IN ({', '.join(items)})"),
    st.builds("length(kind) {} {}".format, st.sampled_from(["<", ">=", "="]), st.integers(0, 6)),
    st.just("kind IS NULL"),
)
number_conditions = st.one_of(
    st.builds(
        "amount {} {}".format, st.sampled_from(["<", "<=", "=", "<>", ">", ">=", "IS DISTINCT FROM"]), numbers
    ),
    st.builds("amount BETWEEN {} AND {}".format, numbers, numbers),
    st.builds("amount + {} > price * {}".format, numbers, numbers),
    st.builds("coalesce(amount, {}) = abs({})".format, numbers, numbers),
    st.just("amount IS NOT NULL"),
    st.just("open"),
    st.just("(kind = 'usage') = (amount < 0)"),
)
conditions = st.recursive(
    st.one_of(text_conditions, number_conditions),
    lambda inner: st.one_of(
        st.builds("({} AND {})".format, inner, inner),
        st.builds("({} OR {})".format, inner, inner),
        st.builds("NOT ({})".format, inner),
    ),
    max_leaves=5,
)
rows = st.fixed_dictionaries(
    {
        "kind": st.none() | words,
        "amount": st.none() | numbers,
        "price": st.none() | numbers,
        "open": st.none() | st.booleans(),
    }
)


@pytest.mark.parametrize("kind_type", ["text", "varchar(20)"])
def test_judges_a_row_as_postgresql_does(database: Database, kind_type: str) -> None:
    with database.connect() as connection:

        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(
            condition=conditions, row=rows, left_out=st.none() | st.sampled_from(["kind", "amount", "open"])
        )
        def judged_alike(condition: str, row: dict[str, Any], left_out: str | None) -> None:
            connection.execute("DROP TABLE IF EXISTS judged")
            connection.execute(
                f"CREATE TABLE judged (kind {kind_type}, amount integer, price integer, open boolean, "
                f"CHECK ({condition}))".encode()
            )
            ((definition,),) = connection.execute(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'judged'::regclass "
                "AND contype = 'c'"
            ).fetchall()
            taken = _is_taken(connection, row)
            check = Check(definition)
            assert check.is_understood, definition
            assert check.holds(row) is taken, (definition, row)
            partly = check.holds({name: value for name, value in row.items() if name != left_out})
            assert partly in {None, taken}, (definition, row, left_out)

        judged_alike()


def _is_taken(connection: psycopg.Connection[Any], row: dict[str, Any]) -> bool:
    statement = sql.SQL("INSERT INTO judged VALUES (%(kind)s, %(amount)s, %(price)s, %(open)s)")
    try:
        connection.execute(statement, row)
    except psycopg.errors.CheckViolation:
        return False
    return True
