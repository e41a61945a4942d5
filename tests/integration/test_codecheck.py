"""What is said to be refused is refused: verdicts on literals, rows, upserts and calls, proved by the server.

PostgREST's statements are made here as it makes them: JSON is taken apart by json_to_record with the columns'
types, a filter compares a column with a text of unknown type.
"""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from agentctl.core.catalog import Catalog, introspect
from agentctl.core.codescan.uses import Given, Use, Verb
from agentctl.core.database import at
from support.marketplace import Connection, Database
from support.uses import (
    IN_SQL,
    LIST,
    OBJECT,
    call,
    checked,
    column_of,
    compared,
    embed,
    ids,
    row,
    upsert_on,
    written,
)

TYPES = """
CREATE TYPE state AS ENUM ('pending', 'running', 'it''s', '12', 'true');
CREATE DOMAIN plan AS text CHECK (VALUE IN ('free', 'pro'));
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN short AS varchar(5);
CREATE DOMAIN rough AS numeric(4,1) CHECK (VALUE <= 1);
CREATE DOMAIN present AS text NOT NULL CHECK (VALUE <> '');
CREATE TYPE pair AS (a integer, b text);
"""
COLUMNS = {
    "smallint": "smallint",
    "integer": "integer",
    "bigint": "bigint",
    "numeric": "numeric",
    "numeric_4_2": "numeric(4,2)",
    "numeric_3_0": "numeric(3)",
    "real": "real",
    "double": "double precision",
    "boolean": "boolean",
    "uuid": "uuid",
    "text": "text",
    "varchar": "varchar",
    "varchar_5": "varchar(5)",
    "char_3": "char(3)",
    "date": "date",
    "timestamp": "timestamp",
    "timestamptz_3": "timestamptz(3)",
    "time": "time",
    "interval": "interval",
    "json": "json",
    "jsonb": "jsonb",
    "text_list": "text[]",
    "integer_list": "integer[]",
    "uuid_list": "uuid[]",
    "bytea": "bytea",
    "inet": "inet",
    "state": "state",
    "state_list": "state[]",
    "plan": "plan",
    "positive": "positive",
    "short": "short",
    "rough": "rough",
    "present": "present",
    "pair": "pair",
    "int_range": "int4range",
    "never_null": "text NOT NULL DEFAULT 'x'",
    "one_of": "text CHECK (one_of IN ('a', 'b c', '5'))",
    "not_one_of": "varchar(9) CHECK (not_one_of NOT IN ('a', 'b'))",
    "in_order": "numeric(5,1) CHECK (in_order BETWEEN 0 AND 10)",
    "over": "integer CHECK (over > 0 AND over <> 7)",
    "long": "text CHECK (length(long) >= 3)",
    "agreed": "boolean CHECK (agreed)",
    "lower_case": "text CHECK (lower_case = lower(lower_case))",
    "known_state": "state CHECK (known_state <> 'running')",
    "given": "text CHECK (given IS NOT NULL)",
    "like": "text CHECK (\"like\" ~ '^[a-z]+$')",
}
TEXTS = [
    *("", " ", "a", "b", "b c", "abc", "abcd", "abcde", "abcdef", "abc   ", "A", "free", "gold", "pending"),
    *(
        "Pending",
        "it's",
        "null",
        "NULL",
        "true",
        "TRUE",
        "t",
        "f",
        "y",
        "n",
        "yes",
        "no",
        "on",
        "off",
        "o",
        "of",
    ),
    *(
        "0",
        "1",
        "2",
        "-1",
        "+1",
        " 12 ",
        "12",
        "007",
        "1.5",
        ".5",
        "5.",
        ".",
        "1e3",
        "1e",
        "1e-3",
        "0x1F",
        "0b11",
    ),
    *("1_000", "32767", "32768", "-32768", "-32769", "2147483647", "2147483648", "9223372036854775807"),
    *(
        "9223372036854775808",
        "-9223372036854775809",
        "99.994",
        "99.995",
        "100",
        "999",
        "999.4",
        "1000",
        "9" * 400,
    ),
    *("NaN", "nan", "inf", "Infinity", "-infinity", "1,5", "1 2", "--1", "a1"),
    *("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"),
    *("{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", "a0eebc999c0b4ef8bb6d6bb9bd380a11"),
    *("a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11", "{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}"),
    *("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a111"),
    *("{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", " a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    *("a-0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    *("now", "today", "tomorrow", "yesterday", "epoch", "infinity", "allballs", "soon", "never", "January"),
    *(
        "2024-01-01",
        "2024-13-45",
        "Jan 5 2024",
        "20240101",
        "2024-01-01T00:00:00Z",
        "12:30",
        "monday",
        "zulu",
    ),
    *("{}", "[]", "{a,b}", " {1,2}", "[1,2]", "{1", "[0:1]={1,2}", "(1,x)", '{"a": 1}', "empty", "[1,3)"),
    *("\\x00ff", "127.0.0.1", "1 day", "\u00e9t\u00e9", "\U0001f600" * 5, "\U0001f600" * 6, "a\tb", "'", '"'),
]
NUMBERS = [
    *(0, 1, -1, 2, 5, 7, 10, 11, 12, 32767, 32768, -32769, 2**31 - 1, 2**31, -(2**31) - 1, 2**53),
    *(0.5, 1.0, 1.04, 1.05, 1.06, 9.94, 10.04, 10.06, 12.0, 99.99, 99.999, 100.5, -0.5, 1e20, 1e21, 1.5e300),
]
_REFUSALS = (
    psycopg.errors.DataError,
    psycopg.errors.IntegrityError,
    psycopg.errors.DatatypeMismatch,
    psycopg.errors.UndefinedFunction,
    psycopg.errors.FeatureNotSupported,
)
LITERALS = [None, True, False, *TEXTS, *NUMBERS, OBJECT, LIST]


VARYING = {"0x1F", "0b11", "1_000"}
"""Not every version takes them."""
JUDGED_WHOLLY = ("smallint", "integer", "bigint", "boolean", "uuid", "state")
"""Of these types nothing is left open, but how numbers are converted in SQL."""
HEX = st.text(alphabet="0123456789abcdefABCDEF-{}", min_size=30, max_size=40)
literals = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(alphabet="0123456789+-.eExXbo_ \t\n", max_size=6),
    st.text(alphabet="truefalsyno01 TRUE", max_size=5),
    st.text(alphabet="abcdefgnowtday{}[] ", max_size=8),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    st.builds("{}-{}".format, st.uuids(), st.just("")).map(lambda text: text.rstrip("-")),
    HEX,
    st.sampled_from([OBJECT, LIST]),
)


def as_json(value: Any) -> str:
    """Write a literal as JSON.stringify does."""
    if isinstance(value, Given):
        return "{}" if value == OBJECT else "[]"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    return json.dumps(value)


def takes(connection: Connection, statement: sql.Composed) -> bool:
    """Whether the server takes a statement; that it fails for lack of something is no answer."""
    try:
        connection.execute(statement)
    except _REFUSALS:
        return False
    return True


def of_column(name: str) -> sql.Composed:
    declared = COLUMNS[name].partition(" CHECK")[0].partition(" NOT NULL")[0]
    return sql.Composed([sql.SQL(declared)])  # type: ignore[arg-type]


def through_postgrest(name: str, value: Any) -> sql.Composed:
    """Insert a value as PostgREST does."""
    body = f'{{"{name}": {as_json(value)}}}'
    return sql.SQL("INSERT INTO {0} ({1}) SELECT {1} FROM json_to_record({2}) AS _ ({1} {3})").format(
        sql.Identifier("t_" + name), sql.Identifier(name), sql.Literal(body), of_column(name)
    )


def filtered(name: str, value: Any) -> sql.Composed:
    """Compare a column as PostgREST does."""
    text = value if isinstance(value, str) else as_json(value)
    return sql.SQL("SELECT FROM {} WHERE {} = {}").format(
        sql.Identifier("t_" + name), sql.Identifier(name), sql.SQL("'{}'").format(quoted(text))
    )


def quoted(text: str) -> sql.SQL:
    """Put a text into a literal whose type is unknown, as a query's text has it."""
    return sql.SQL(text.replace("'", "''"))  # type: ignore[arg-type]


def in_sql(name: str, value: Any) -> sql.Composed:
    """Insert a literal as SQL has it."""
    literal = sql.SQL("'{}'").format(quoted(value)) if isinstance(value, str) else sql.SQL(as_json(value))  # type: ignore[arg-type]
    return sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier("t_" + name), sql.Identifier(name), literal
    )


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """Connect to a database that has a table for each type."""
    with database.connect() as made:
        made.execute(TYPES.encode())
        for name, declared in COLUMNS.items():
            table, column = sql.Identifier("t_" + name), sql.Identifier(name)
            made.execute(sql.SQL("CREATE TABLE {} ({} {})").format(table, column, sql.SQL(declared)))  # type: ignore[arg-type]
        made.execute("SET standard_conforming_strings TO on")
        yield made


def introspected(database: Database) -> Catalog:
    with at(database.url, place="a test").connect() as connection:
        return introspect(connection)


def is_found(catalog: Catalog, use: Use) -> bool:
    return "code-value-refused" in {one.id for one in checked(catalog, use).findings}


def verdicts(
    connection: Connection, catalog: Catalog, name: str, value: Any
) -> Iterator[tuple[str, bool, bool]]:
    """Yield for each way of using a literal whether it is found, and whether the server takes it."""
    table = "t_" + name
    inserted = row(table, written(name, value), complete=False)
    yield "insert", is_found(catalog, inserted), takes(connection, through_postgrest(name, value))
    if not isinstance(value, Given):
        sql_row = row(table, written(name, value, place=IN_SQL), complete=False, place=IN_SQL)
        yield "sql", is_found(catalog, sql_row), takes(connection, in_sql(name, value))
    if not isinstance(value, Given) and value is not None and name != "json":
        filter_ = compared(table, name, value)
        yield "filter", is_found(catalog, filter_), takes(connection, filtered(name, value))


def test_every_literal_that_is_said_to_be_refused_is_refused(
    connection: Connection, database: Database
) -> None:
    catalog = introspected(database)
    found_right, found_wrong, missed = 0, [], set()
    for name, value in itertools.product(COLUMNS, LITERALS):
        for way, found, taken in verdicts(connection, catalog, name, value):
            found_right += found and not taken
            found_wrong += [(name, value, way)] if found and taken else []
            missed |= {(name, way)} if not found and not taken and value not in VARYING else set()
    assert found_wrong == []
    assert found_right > 8000
    assert not {(name, way) for name in JUDGED_WHOLLY for way in ("insert", "filter")} & missed


@pytest.mark.parametrize("name", [*JUDGED_WHOLLY, "numeric_4_2", "timestamptz_3", "varchar_5", "text_list"])
def test_random_literals_that_are_said_to_be_refused_are_refused(
    connection: Connection, database: Database, name: str
) -> None:
    catalog = introspected(database)

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(value=literals)
    def judged_alike(value: Any) -> None:
        for way, found, taken in verdicts(connection, catalog, name, value):
            assert not (found and taken), way

    judged_alike()


ORDERS = """
CREATE DOMAIN stamped AS timestamptz NOT NULL DEFAULT now();
CREATE DOMAIN needed AS text NOT NULL;
CREATE TABLE orders (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    number integer GENERATED ALWAYS AS IDENTITY,
    place integer GENERATED BY DEFAULT AS IDENTITY,
    turn serial NOT NULL,
    buyer text NOT NULL,
    seller text NOT NULL,
    at stamped,
    reason needed,
    note text,
    price integer NOT NULL DEFAULT 1,
    total integer GENERATED ALWAYS AS (price * 2) STORED,
    kind text,
    amount integer,
    "order" text,
    email text,
    team text,
    CHECK ((kind = 'usage') = (amount < 0)),
    UNIQUE (team, email)
);
CREATE UNIQUE INDEX ON orders ("order");
CREATE UNIQUE INDEX ON orders (email) WHERE note IS NULL;
CREATE UNIQUE INDEX ON orders (lower(email));
CREATE INDEX ON orders (note);
CREATE VIEW names AS SELECT DISTINCT buyer FROM orders;
CREATE TABLE filled (id integer NOT NULL, slug text NOT NULL, state text CHECK (state = 'a'));
CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW.slug := coalesce(NEW.slug, 'x'); NEW.state := 'a'; RETURN NEW; END $$;
CREATE TRIGGER fill BEFORE INSERT ON filled FOR EACH ROW EXECUTE FUNCTION fill();
CREATE FUNCTION charge(who text, amount integer, note text DEFAULT '', OUT rest integer)
    LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION charge(who text, amount integer, twice boolean) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION whole(integer[], x integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
"""
GOOD: dict[str, Any] = {"buyer": "a", "seller": "b", "reason": "c"}


@pytest.fixture
def orders(database: Database) -> Connection:
    """Make a table whose columns are filled in every way there is."""
    with database.connect() as connection:
        connection.execute(ORDERS.encode())
    return database.connect()


def test_the_columns_that_are_said_to_be_required_are(orders: Connection, database: Database) -> None:
    catalog = introspected(database)
    with orders:
        for left_out in catalog.tables[-1].columns:
            values = {name: value for name, value in GOOD.items() if name != left_out.name}
            found = ids(catalog, row("orders", *(written(*item) for item in values.items())))
            assert is_inserted(orders, "orders", values) is (left_out.name not in GOOD)
            # What a domain fills is in no catalog, so that the column of one is left open.
            required = left_out.name in {"buyer", "seller"}
            assert found == ([f"code-column-required orders.{left_out.name}"] if required else [])


@pytest.mark.parametrize("verb", [Verb.INSERT, Verb.UPDATE])
@pytest.mark.parametrize("name", ["number", "total", "place", "turn", "price", "note"])
@pytest.mark.parametrize("value", [1, None])
def test_the_columns_that_are_said_to_take_no_value_take_none(
    orders: Connection, database: Database, verb: Verb, name: str, value: Any
) -> None:
    parts = [written(*item) for item in {**GOOD, name: value}.items()]
    found = ids(introspected(database), row("orders", *parts, verb=verb))
    with orders:
        if verb is Verb.INSERT:
            assert is_inserted(orders, "orders", {**GOOD, name: value}) is not bool(found)
        else:
            set_it = sql.SQL("UPDATE orders SET {} = {}").format(sql.Identifier(name), sql.Literal(value))
            is_inserted(orders, "orders", GOOD)
            assert is_taken(orders, set_it) is not bool(found)


@pytest.mark.parametrize("kind", ["usage", "gift", None])
@pytest.mark.parametrize("amount", [-1, 0, 1, None])
def test_values_that_a_check_is_said_to_refuse_together_are_refused(
    orders: Connection, database: Database, kind: str | None, amount: int | None
) -> None:
    values = {**GOOD, "kind": kind, "amount": amount}
    found = ids(introspected(database), row("orders", *(written(*item) for item in values.items())))
    with orders:
        assert is_inserted(orders, "orders", values) is not bool(found)


def test_what_a_trigger_fills_or_changes_is_taken_and_no_finding(
    orders: Connection, database: Database
) -> None:
    found = checked(introspected(database), row("filled", written("id", 1), written("state", "b")))
    with orders:
        assert is_inserted(orders, "filled", {"id": 1, "state": "b"})
    assert found.findings == ()
    assert len(found.unresolved) == 2


@pytest.mark.parametrize(
    "columns",
    [
        ("id",),
        ("team", "email"),
        ("email", "team"),
        ("email",),
        ("team",),
        ("order",),
        ("note",),
    ],
)
def test_a_conflict_target_is_said_to_be_none_where_the_server_says_so(
    orders: Connection, database: Database, columns: tuple[str, ...]
) -> None:
    found = ids(introspected(database), upsert_on("orders", *columns))
    upsert = sql.SQL(
        "INSERT INTO orders (buyer, seller, reason) VALUES ('', '', '') ON CONFLICT ({}) DO NOTHING"
    )
    with orders:
        taken = is_taken(orders, upsert.format(sql.SQL(", ").join(map(sql.Identifier, columns))))
    assert taken is not bool(found)


@pytest.mark.parametrize(
    "arguments",
    [
        ("who", "amount"),
        ("who", "amount", "note"),
        ("who", "amount", "twice"),
        ("who",),
        ("amount",),
        ("who", "amount", "note", "twice"),
        ("who", "amount", "rest"),
        (),
    ],
)
def test_a_call_is_said_to_fit_no_function_where_the_server_says_so(
    orders: Connection, database: Database, arguments: tuple[str, ...]
) -> None:
    found = ids(introspected(database), call("charge", *arguments))
    named = sql.SQL(", ").join(sql.SQL("{} => NULL").format(sql.Identifier(name)) for name in arguments)
    with orders:
        assert is_taken(orders, sql.SQL("SELECT charge({})").format(named)) is not bool(found)


def test_a_view_that_is_said_to_take_no_rows_takes_none(orders: Connection, database: Database) -> None:
    assert ids(introspected(database), row("names", "buyer")) == ["code-denied names"]
    with orders:
        assert not is_inserted(orders, "names", {"buyer": "a"})


def test_a_role_is_told_what_it_may_not_do(database: Database) -> None:
    url = database.add_role("clerk")
    database.execute(
        b"CREATE TABLE orders (id integer, secret text, note text);"
        b"CREATE FUNCTION refund() RETURNS integer LANGUAGE sql AS 'SELECT 1';"
        b"REVOKE EXECUTE ON FUNCTION refund FROM PUBLIC;"
        b"GRANT USAGE ON SCHEMA public TO PUBLIC;"
        b"GRANT SELECT (id, note), INSERT (id), UPDATE (note) ON orders TO PUBLIC"
    )
    with at(url, place="a test").connect() as connection:
        catalog = introspect(connection)
    uses = (
        column_of("orders", column="id"),
        column_of("orders", column="secret"),
        row("orders", "id", "note"),
        row("orders", "note", verb=Verb.UPDATE),
        call("refund"),
    )
    assert ids(catalog, *uses) == [
        "code-denied orders.secret",
        "code-denied orders.note",
        "code-denied refund",
    ]
    for finding in checked(catalog, *uses).findings:
        database.execute(str(finding.hint).encode())
    with at(url, place="a test").connect() as connection:
        assert ids(introspect(connection), *uses) == []


def test_relationships_are_those_of_the_live_foreign_keys(database: Database) -> None:
    database.execute(
        b"CREATE TABLE users (id integer PRIMARY KEY, boss integer REFERENCES users);"
        b"CREATE TABLE tags (id integer PRIMARY KEY);"
        b"CREATE TABLE runs (id integer PRIMARY KEY, buyer integer REFERENCES users,"
        b" payer integer REFERENCES users, main integer REFERENCES tags);"
        b"CREATE TABLE runs_tags (run integer REFERENCES runs, tag integer REFERENCES tags,"
        b" PRIMARY KEY (run, tag)) PARTITION BY HASH (run);"
        b"CREATE TABLE runs_tags_0 PARTITION OF runs_tags FOR VALUES WITH (MODULUS 2, REMAINDER 0);"
        b"CREATE TABLE runs_tags_1 PARTITION OF runs_tags FOR VALUES WITH (MODULUS 2, REMAINDER 1);"
        b"CREATE TABLE users_tags (who integer REFERENCES users, tag integer REFERENCES tags,"
        b" PRIMARY KEY (who, tag)) PARTITION BY HASH (who);"
        b"CREATE TABLE users_tags_0 PARTITION OF users_tags FOR VALUES WITH (MODULUS 1, REMAINDER 0);"
        b"CREATE FUNCTION latest(users) RETURNS SETOF runs LANGUAGE sql AS 'SELECT * FROM runs'"
    )
    catalog = introspected(database)
    good = [
        ("users", "users"),
        ("users", "latest"),
        ("users", "tags"),
        ("tags", "users"),
        ("runs", "runs_tags"),
    ]
    assert ids(catalog, *(embed(*one) for one in good), embed("runs", "users", "runs_buyer_fkey")) == []
    for bad in (("runs", "users"), ("runs", "tags"), ("users", "latestt"), ("tags", "tags_users")):
        assert ids(catalog, embed(*bad)) == [f"code-relationship {'.'.join(bad)}"]


def is_taken(connection: Connection, statement: sql.Composed) -> bool:
    """Whether the server takes a statement, with all its names."""
    try:
        connection.execute(statement)
    except psycopg.Error:
        return False
    return True


def is_inserted(connection: Connection, table: str, values: dict[str, Any]) -> bool:
    """Insert a row with these columns and no others, of JSON as PostgREST does."""
    typed = connection.execute(
        "SELECT string_agg(format('%%I %%s', attname, format_type(atttypid, atttypmod)), ', ') "
        "FROM pg_attribute WHERE attrelid = %s::regclass AND attname = ANY (%s)",
        (table, list(values)),
    ).fetchone()
    assert typed is not None
    insert = sql.SQL("INSERT INTO {0} ({1}) SELECT {1} FROM json_to_record({2}) AS _ ({3})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.Literal(json.dumps(values)),
        sql.SQL(typed[0]),
    )
    return is_taken(connection, insert)
