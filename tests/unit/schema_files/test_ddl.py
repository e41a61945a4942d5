"""What SQL files make of a schema; that it is what PostgreSQL makes of it is tested in integration/."""

import pytest

from agentctl.core.catalog.introspection import Catalog, Column, Table
from agentctl.core.location import Location
from agentctl.core.schema_files.ddl import Schema
from agentctl.core.schema_files.sites import UnreadStatement


def read(*texts: str) -> Catalog:
    return schema_of(*texts).catalog()


def schema_of(*texts: str) -> Schema:
    schema = Schema()
    for number, text in enumerate(texts):
        assert schema.apply(text, file=f"{number}.sql") == []
    return schema


def table(catalog: Catalog, name: str) -> Table:
    found = catalog.table(name)
    assert found, f"no table {name}"
    return found


def names(catalog: Catalog, name: str) -> list[str]:
    return [column.name for column in table(catalog, name).columns]


def column(catalog: Catalog, place: str) -> Column:
    owner, name = place.split(".")
    found = table(catalog, owner).column(name)
    assert found, f"no column {place}"
    return found


def test_a_catalog_of_files_lets_its_reader_do_everything() -> None:
    catalog = schema_of("CREATE TABLE t (a int)").catalog(database="dump.sql")
    server = catalog.server
    assert (server.version, server.version_number, server.database, server.role) == ("", 0, "dump.sql", "")
    assert (server.search_path, server.read_only, server.bypasses_row_security) == (("public",), True, True)
    only = column(catalog, "t.a")
    assert (only.readable, only.insertable, only.updatable) == (True, True, True)


def test_tables_stand_in_the_order_of_the_search_path_then_by_schema_and_name() -> None:
    schema = schema_of(
        "CREATE TABLE z.b (a int); CREATE TABLE b (a int); CREATE TABLE a.c (x int); CREATE TABLE a.b (x int)"
    )
    places = [(one.schema, one.name) for one in schema.catalog(search_path=("z", "public")).tables]
    assert places == [("z", "b"), ("public", "b"), ("a", "b"), ("a", "c")]


def test_a_type_needs_its_schema_where_the_search_path_does_not_lead_to_it() -> None:
    schema = schema_of("CREATE TYPE a.mood AS ENUM ('x'); CREATE TABLE t (m a.mood, n a.mood[])")
    assert [one.type for one in schema.catalog().tables[0].columns] == ["a.mood", "a.mood[]"]
    inside = schema.catalog(search_path=("public", "a"))
    assert [one.type for one in inside.tables[0].columns] == ["mood", "mood[]"]


def test_a_type_of_an_extension_is_spelled_as_it_is_written() -> None:
    catalog = read("CREATE TABLE t (a vector(3), b extensions.citext, c geometry(Point, 4326)[])")
    assert [(one.type, one.base_type, one.enum_labels) for one in table(catalog, "t").columns] == [
        ("vector(3)", "vector", None),
        ("extensions.citext", "extensions.citext", None),
        ("geometry(point,4326)[]", "geometry[]", None),
    ]


def test_a_type_may_be_created_behind_its_use() -> None:
    catalog = read("CREATE TABLE t (a mood)", "CREATE TYPE mood AS ENUM ('x', 'y')")
    assert column(catalog, "t.a").enum_labels == ("x", "y")


def test_a_broken_statement_is_reported_and_the_next_is_read() -> None:
    schema = Schema()
    text = (
        "CREATE TABLE a (x int);\n\nCREATE TABLE b (y int,,);\nCREATE TABLE c (\n  z int oops oops);\n"
        "INSERT INTO broken;\nCREATE TABLE d (w int);"
    )
    assert schema.apply(text, file="s.sql") == [
        UnreadStatement(Location("s.sql", 3), 'syntax error at or near ","'),
        UnreadStatement(Location("s.sql", 5), 'syntax error at or near "oops"'),
    ]
    assert [one.name for one in schema.catalog().tables] == ["a", "d"]


def test_a_file_that_is_cut_off_has_what_came_before() -> None:
    schema = Schema()
    (problem,) = schema.apply("CREATE TABLE a (x int);\nCREATE TABLE b (y text DEFAULT 'half", file="s.sql")
    assert problem.location.line == 2
    assert [one.name for one in schema.catalog().tables] == ["a"]


def test_the_search_path_of_a_file_ends_with_it() -> None:
    catalog = read("SET search_path TO app, public; CREATE TABLE a (x int)", "CREATE TABLE b (x int)")
    assert [(one.schema, one.name) for one in catalog.tables] == [("public", "b"), ("app", "a")]


@pytest.mark.parametrize(
    "setting",
    [
        "SELECT pg_catalog.set_config('search_path', 'app', false)",
        "SET search_path = '$user', pg_catalog, app",
        "SET LOCAL search_path = app",
        "SELECT set_config('search_path', ' \"app\" ,public', true)",
    ],
)
def test_each_way_to_set_the_search_path_says_where_things_go(setting: str) -> None:
    assert read(f"{setting}; CREATE TABLE a (x int)").tables[0].schema == "app"


def test_temporary_tables_are_no_part_of_a_schema() -> None:
    catalog = read(
        "CREATE TEMP TABLE a (x int); CREATE TEMP TABLE b AS SELECT 1 AS x; SELECT 1 AS x INTO TEMP c"
    )
    assert catalog.tables == ()


def test_an_existing_table_stays_as_it_is() -> None:
    texts = ("CREATE TABLE a (x int)", "CREATE TABLE IF NOT EXISTS a (x text); CREATE TABLE a (z int)")
    assert names(read(*texts), "a") == ["x"]


def test_altering_or_dropping_a_missing_object_has_no_effect() -> None:
    catalog = read(
        "ALTER TABLE no ADD COLUMN x int; ALTER TABLE IF EXISTS no RENAME TO yes; DROP TABLE IF EXISTS no;"
        "DROP VIEW no; DROP FUNCTION no(int); DROP TYPE no; DROP INDEX no; DROP TRIGGER no ON no;"
        " DROP SCHEMA no;"
        "ALTER TYPE no RENAME TO yes; ALTER TYPE no ADD VALUE 'x'; ALTER FUNCTION no() RENAME TO yes;"
        "ALTER DOMAIN no DROP CONSTRAINT x; CREATE INDEX ON no (x);"
        " CREATE TRIGGER a AFTER INSERT ON no EXECUTE FUNCTION b();"
        "CREATE TABLE a (x int); ALTER TABLE a DROP COLUMN y, ALTER y DROP NOT NULL, DROP CONSTRAINT z;"
        "ALTER TABLE a RENAME y TO x; ALTER INDEX no RENAME TO yes; ALTER TABLE a ATTACH PARTITION no DEFAULT"
    )
    assert [one.name for one in catalog.tables] == ["a"]
    assert names(catalog, "a") == ["x"]


def test_a_renamed_column_keeps_what_it_is_and_takes_its_constraints_with_it() -> None:
    catalog = read(
        "CREATE TABLE a (x int PRIMARY KEY, y text NOT NULL CHECK (y IN ('p', 'q')), UNIQUE (x, y));"
        "CREATE TABLE b (x int REFERENCES a (x));"
        "ALTER TABLE a RENAME x TO id; ALTER TABLE a RENAME COLUMN y TO kind;"
    )
    found = {one.name: (one.columns, one.definition) for one in table(catalog, "a").constraints}
    assert found == {
        "a_pkey": (("id",), "PRIMARY KEY (id)"),
        "a_x_y_key": (("id", "kind"), "UNIQUE (id, kind)"),
        "a_y_check": (("kind",), "CHECK ((kind = ANY (ARRAY['p'::text, 'q'::text])))"),
    }
    assert table(catalog, "b").constraints[0].foreign_columns == ("id",)
    assert column(catalog, "a.kind").nullable is False


def test_a_dropped_column_takes_constraints_indexes_and_references_with_it() -> None:
    catalog = read(
        "CREATE TABLE a (x int, y int UNIQUE, z int, CHECK (y > z)); CREATE INDEX ON a (x) WHERE y > 0;"
        "CREATE INDEX kept ON a (z); CREATE TABLE b (y int REFERENCES a (y));"
        " ALTER TABLE a DROP COLUMN y CASCADE"
    )
    assert table(catalog, "a").constraints == table(catalog, "b").constraints == ()
    assert [one.name for one in table(catalog, "a").indexes] == ["kept"]


def test_a_reference_stays_where_another_column_of_its_target_is_dropped() -> None:
    catalog = read(
        "CREATE TABLE a (x int UNIQUE, y int); CREATE TABLE b (x int REFERENCES a (x));"
        "ALTER TABLE a DROP COLUMN y"
    )
    assert [one.foreign_columns for one in table(catalog, "b").constraints] == [("x",)]


def test_dropping_with_cascade_takes_views_and_partitions_along() -> None:
    catalog = read(
        "CREATE TABLE a (x int) PARTITION BY LIST (x); CREATE TABLE a1 PARTITION OF a DEFAULT;"
        "CREATE VIEW v AS SELECT * FROM a; CREATE VIEW w AS SELECT * FROM v; CREATE TABLE b (x int);"
        "DROP TABLE a CASCADE"
    )
    assert [one.name for one in catalog.tables] == ["b"]


def test_dropping_a_schema_or_a_type_takes_what_is_of_it() -> None:
    catalog = read(
        "CREATE SCHEMA app; CREATE TABLE app.a (x int);"
        " CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS '';"
        "CREATE TYPE mood AS ENUM ('x'); CREATE TABLE b (m mood, n int); DROP SCHEMA app CASCADE;"
        " DROP TYPE mood CASCADE"
    )
    assert [one.name for one in catalog.tables] == ["b"]
    assert names(catalog, "b") == ["n"]
    assert catalog.functions == ()


def test_renaming_a_schema_takes_everything_along() -> None:
    catalog = read(
        "CREATE TABLE app.a (x int PRIMARY KEY, m app.mood); CREATE TABLE b (x int REFERENCES app.a);"
        "CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS ''; ALTER SCHEMA app RENAME TO shop"
    )
    assert [(one.schema, one.name) for one in catalog.tables] == [("public", "b"), ("shop", "a")]
    assert column(catalog, "a.m").type == "shop.mood"
    assert table(catalog, "b").constraints[0].foreign_schema == "shop"
    assert catalog.functions[0].schema == "shop"


def test_a_function_of_a_tables_rows_follows_the_table() -> None:
    catalog = read(
        "CREATE TABLE a (x int); CREATE FUNCTION f(one a) RETURNS SETOF a LANGUAGE sql AS '';"
        "ALTER TABLE a RENAME TO b; ALTER TABLE b SET SCHEMA app"
    )
    (function,) = catalog.functions
    assert (function.signature, function.returns) == ("one app.b", "SETOF app.b")


def test_a_view_has_columns_only_where_all_are_known() -> None:
    catalog = read(
        "CREATE TABLE t (a int, b text);"
        "CREATE VIEW known AS SELECT t.*, upper(b) AS c FROM t;"
        "CREATE VIEW elsewhere AS SELECT * FROM not_here;"
        "CREATE VIEW partly AS SELECT t.*, x.* FROM t JOIN not_here x ON true;"
        "CREATE VIEW nameless AS SELECT a + 1 FROM t;"
        "CREATE VIEW given (x, y) AS SELECT a + 1, b FROM t;"
        "CREATE VIEW called AS SELECT * FROM some_function();"
        "CREATE VIEW over AS SELECT * FROM elsewhere;"
        "CREATE VIEW said AS SELECT e.x, e.y AS z FROM elsewhere e;"
        "CREATE VIEW merged AS SELECT * FROM t JOIN (SELECT a, 1 AS d FROM t) AS u USING (a)"
    )
    assert {one.name: tuple(names(catalog, one.name)) for one in catalog.tables if one.kind == "view"} == {
        "known": ("a", "b", "c"),
        "elsewhere": (),
        "partly": (),
        "nameless": (),
        "given": ("x", "y"),
        "called": (),
        "over": (),
        "said": ("x", "z"),
        "merged": ("a", "b", "d"),
    }
    assert [column(catalog, f"known.{name}").type for name in "abc"] == ["integer", "text", "unknown"]
    assert column(catalog, "said.x").base_type == "unknown"


def test_a_view_takes_rows_where_postgresql_may_let_them_through() -> None:
    catalog = read(
        "CREATE TABLE t (a int); CREATE VIEW simple AS SELECT a FROM t;"
        " CREATE VIEW grouped AS SELECT a FROM t GROUP BY a;"
        "CREATE VIEW over AS SELECT * FROM grouped; CREATE VIEW handled AS SELECT DISTINCT a FROM t;"
        "CREATE TRIGGER i INSTEAD OF INSERT ON handled FOR EACH ROW EXECUTE FUNCTION f();"
        "CREATE MATERIALIZED VIEW kept AS SELECT a FROM t; CREATE VIEW counted AS SELECT count(*) AS n FROM t"
    )
    assert [one.name for one in catalog.tables if one.insertable] == ["handled", "simple", "t"]


def test_each_object_knows_what_creates_it() -> None:
    schema = schema_of(
        "CREATE TABLE a (\n  x int,\n  y int\n);\nCREATE FUNCTION f() RETURNS int LANGUAGE sql AS '';",
        "\nALTER TABLE a\n  ADD COLUMN z int,\n  ADD COLUMN IF NOT EXISTS x text;\nALTER TABLE a"
        " RENAME y TO w;",
        "DO $$\nBEGIN\n  IF NOT EXISTS (SELECT 1) THEN\n    ALTER TABLE a ADD COLUMN late int;\n "
        " END IF;\nEND $$;",
    )
    assert schema.locate("a") == Location("0.sql", 1)
    assert schema.locate("a", "x") == Location("0.sql", 2)
    assert schema.locate("a", "z") == Location("1.sql", 3)
    assert schema.locate("a", "w") == Location("1.sql", 5)
    assert schema.locate("a", "late") == Location("2.sql", 4)
    assert schema.locate_function("f") == Location("0.sql", 5)
    assert (schema.locate("a", "y"), schema.locate("b"), schema.locate_function("g")) == (None, None, None)


def test_a_table_of_another_schema_is_found_where_none_is_named() -> None:
    schema = schema_of("CREATE TABLE app.a (x int)")
    assert schema.locate("a") == schema.locate("a", schema="app") == Location("0.sql", 1)
    assert schema.locate("a", schema="public") is None


@pytest.mark.parametrize(
    ("block", "columns"),
    [
        ("IF NOT EXISTS (SELECT FROM pg_class) THEN ALTER TABLE a ADD y int; END IF;", "x y"),
        ("IF b THEN ALTER TABLE a ADD y int; ELSIF c THEN ALTER TABLE a ADD z int; END IF;", "x y z"),
        ("IF b THEN ALTER TABLE a ADD y int; ELSE ALTER TABLE a ADD z int; END IF;", "x y z"),
        ("IF EXISTS (SELECT FROM pg_attribute) THEN ALTER TABLE a DROP COLUMN x; END IF;", ""),
        ("IF b > 'x' THEN ALTER TABLE a DROP COLUMN x; END IF; ALTER TABLE a ADD y int;", "x y"),
        ("IF b > 'x' THEN NULL; END IF; ALTER TABLE a DROP COLUMN x;", ""),
        ("FOR i IN 1..2 LOOP ALTER TABLE a ADD IF NOT EXISTS y int; END LOOP;", "x y"),
        ("BEGIN ALTER TABLE a ADD y int; EXCEPTION WHEN others THEN NULL; END;", "x y"),
        ("BEGIN NULL; EXCEPTION WHEN others THEN NULL; END; ALTER TABLE a DROP x;", ""),
        (
            "CASE b WHEN 1 THEN ALTER TABLE a ADD y int; WHEN 2 THEN ALTER TABLE a ADD z int; END CASE;",
            "x y z",
        ),
        ("EXECUTE 'ALTER TABLE a ADD y int'; EXECUTE $q$ALTER TABLE a ADD z int$q$;", "x y z"),
        ("<<here>> BEGIN ALTER TABLE a ADD y int; END;", "x y"),
        ("ALTER TABLE a ALTER x TYPE text USING CASE WHEN x > 1 THEN 'a' END, ADD y int;", "x y"),
        ("SELECT count(*) INTO n FROM a; RAISE NOTICE 'CREATE TABLE b (x int)'; PERFORM 1;", "x"),
        ("EXECUTE format('GRANT %s', 'x');", "x"),
    ],
)
def test_a_block_does_what_it_would_on_a_database_that_needs_it(block: str, columns: str) -> None:
    catalog = read(f"CREATE TABLE a (x int); DO $$ DECLARE n int; BEGIN {block} END $$ LANGUAGE plpgsql;")
    assert " ".join(names(catalog, "a")) == columns
    assert [one.name for one in catalog.tables] == ["a"]


def test_a_composed_statement_in_a_block_is_reported_with_its_line() -> None:
    schema = Schema()
    text = "DO $$\nBEGIN\n  EXECUTE format('ALTER TABLE %I ADD COLUMN y int', name);\nEND $$"
    assert schema.apply(text, file="s.sql") == [
        UnreadStatement(Location("s.sql", 3), "a statement is built at run time: its effect is not known")
    ]


def test_a_domain_that_would_be_below_itself_does_no_harm() -> None:
    catalog = read("CREATE DOMAIN a AS b; CREATE DOMAIN b AS a CHECK (VALUE > 1); CREATE TABLE t (x a, y b)")
    assert [one.base_type for one in table(catalog, "t").columns] == ["b", "b"]


def test_a_table_that_would_be_below_itself_does_no_harm() -> None:
    read(
        "CREATE TABLE a (x int); CREATE TABLE b () INHERITS (a); ALTER TABLE a INHERIT b;"
        " ALTER TABLE a INHERIT a;"
        "CREATE TABLE c PARTITION OF c DEFAULT; CREATE TABLE d (x int) PARTITION BY LIST (x);"
        "ALTER TABLE d ATTACH PARTITION d DEFAULT; ALTER TABLE a ADD y int; DROP TABLE a"
    )


def test_names_that_are_too_long_are_cut_as_postgresql_does() -> None:
    long = "a" * 40
    found = table(read(f"CREATE TABLE {long} ({'b' * 40} int UNIQUE, c int UNIQUE)"), long)
    assert [one.name for one in found.constraints] == [f"{'a' * 29}_{'b' * 29}_key", f"{long}_c_key"]


def test_a_name_that_is_taken_gets_a_number() -> None:
    catalog = read(
        "CREATE TABLE a_b (c int UNIQUE); CREATE TABLE a (b_c int UNIQUE, x int CHECK (x > 1) CHECK (x < 9))"
    )
    assert [one.name for one in table(catalog, "a").constraints] == ["a_b_c_key1", "a_x_check", "a_x_check1"]


def test_a_function_that_asks_who_is_signed_in_says_so() -> None:
    catalog = read(
        "CREATE FUNCTION f() RETURNS uuid LANGUAGE sql AS 'SELECT auth.uid()';"
        "CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1';"
        " ALTER FUNCTION g() SECURITY DEFINER SET search_path = ''"
    )
    assert [(one.name, one.asks_who, one.security_definer) for one in catalog.functions] == [
        ("f", True, False),
        ("g", False, True),
    ]
