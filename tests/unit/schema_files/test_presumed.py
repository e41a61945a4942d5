"""Schemas that are not whole: tables that nobody creates, statements that nobody can read beforehand."""

from pathlib import Path

import pytest

from agentctl.core.schema_files.opening import SchemaSource, open_schema_source

AGENTS = "CREATE TABLE agents (id uuid PRIMARY KEY);\n"


def opened(folder: Path, *texts: str) -> SchemaSource:
    for number, text in enumerate(texts):
        (folder / f"{number}.sql").write_text(text)
    return open_schema_source(folder)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE runs ADD COLUMN note text",
        "ALTER TABLE ONLY public.runs ENABLE ROW LEVEL SECURITY",
        "CREATE INDEX ON runs (agent_id)",
        "CREATE POLICY own ON runs USING (true)",
        "CREATE TRIGGER touch BEFORE UPDATE ON runs FOR EACH ROW EXECUTE FUNCTION touch()",
        "CREATE TABLE notes (run_id uuid REFERENCES runs (id))",
        "CREATE TABLE notes (run_id uuid, FOREIGN KEY (run_id) REFERENCES runs)",
        "ALTER TABLE agents ADD COLUMN run_id uuid REFERENCES runs",
        "CREATE TABLE late_runs () INHERITS (runs)",
    ],
)
def test_a_table_that_nothing_creates_is_reported(tmp_path: Path, statement: str) -> None:
    source = opened(tmp_path, f"{AGENTS}{statement};\nALTER TABLE runs OWNER TO somebody;")

    assert not source.whole
    assert [(one.location.file, one.location.line, one.message) for one in source.problems] == [
        ("0.sql", 2, "it is about table runs, which nothing here creates")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "ALTER TABLE IF EXISTS runs ADD COLUMN note text",
        "ALTER TABLE storage.objects ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY a ON storage.objects USING (true)",
        "CREATE TABLE runs (user_id uuid REFERENCES auth.users (id), before uuid REFERENCES runs)",
        "CREATE TABLE runs (); DROP TABLE runs; ALTER TABLE runs ADD COLUMN note text",
        "CREATE TABLE runs (); ALTER TABLE runs RENAME TO calls; CREATE INDEX ON runs (id)",
        "ALTER INDEX nowhere RENAME TO elsewhere",
    ],
)
def test_what_needs_no_table_of_before_leaves_a_schema_whole(tmp_path: Path, text: str) -> None:
    assert opened(tmp_path, AGENTS + text).whole


def test_what_is_done_to_a_table_before_its_turn_waits_for_it(tmp_path: Path) -> None:
    early = "ALTER TABLE agents ADD COLUMN note text NOT NULL; CREATE INDEX ON agents (note);"
    source = opened(tmp_path, early, AGENTS)

    assert source.whole
    assert [(one.name, one.nullable) for one in source.catalog.tables[0].columns] == [
        ("id", False),
        ("note", False),
    ]


def test_a_table_that_is_changed_only_if_it_is_there_may_be_there(tmp_path: Path) -> None:
    asked = "EXISTS (SELECT FROM pg_tables WHERE tablename = 'rooms')"
    block = f"IF {asked} THEN ALTER TABLE rooms DISABLE RULE a; END IF;"
    source = opened(tmp_path, f"{AGENTS} DO $$ BEGIN {block} END $$;")

    assert source.whole
    assert source.catalog.unlisted == {"rooms"}


@pytest.mark.parametrize(
    "statement",
    [
        "format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t)",
        "format('alter table public.%I owner to admin', t)",
        "format('ALTER TABLE %I.%I DISABLE TRIGGER touch', s, t)",
        "'DROP POLICY IF EXISTS ' || quote_ident(t) || ' ON agents'",
        "format($f$ CREATE POLICY %I ON agents USING (true) $f$, t)",
        "format('DROP FUNCTION IF EXISTS public.%I(%s) CASCADE', t, s)",
        "'CREATE INDEX IF NOT EXISTS ' || t || ' ON agents (id)'",
    ],
)
def test_a_composed_statement_that_changes_nothing_is_skipped(tmp_path: Path, statement: str) -> None:
    assert opened(tmp_path, f"{AGENTS} DO $$ BEGIN EXECUTE {statement}; END $$;").whole


@pytest.mark.parametrize(
    "statement",
    [
        "format('ALTER TABLE %I ADD COLUMN note text', t)",
        "format('CREATE TABLE %I (id int)', t)",
        "format('CREATE UNIQUE INDEX ON %I (id)', t)",
        "format('CREATE TRIGGER touch BEFORE INSERT ON %I EXECUTE FUNCTION touch()', t)",
        "format('DROP TABLE %I', t)",
        "'create function ' || t || '() returns int language sql as ''select 1'''",
        "changed || 'create'",
    ],
)
def test_a_composed_statement_that_may_change_much_is_reported(tmp_path: Path, statement: str) -> None:
    assert not opened(tmp_path, f"{AGENTS} DO $$ BEGIN EXECUTE {statement}; END $$;").whole


@pytest.mark.parametrize(
    ("table", "left"), [("agents", []), ("public.%I", []), ("other", ["agents_cost_check"])]
)
def test_all_checks_are_forgotten_where_the_dropped_one_is_unknown(
    tmp_path: Path, table: str, left: list[str]
) -> None:
    agents = "CREATE TABLE agents (id int PRIMARY KEY, cost int CHECK (cost > 0));"
    drop = f"EXECUTE format('ALTER TABLE {table} DROP CONSTRAINT %I', name)"
    source = opened(tmp_path, f"{agents} DO $$ BEGIN {drop}; END $$;")

    assert source.whole
    assert [one.name for one in source.catalog.tables[0].constraints if one.kind == "check"] == left
    assert any(one.kind == "primary key" for one in source.catalog.tables[0].constraints)


def test_a_policy_that_cannot_be_parsed_leaves_the_schema_whole(tmp_path: Path) -> None:
    assert opened(tmp_path, f"{AGENTS} CREATE POLICY a ON agents FOR INSERT, UPDATE USING (true);").whole


def test_a_letter_of_another_encoding_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_bytes(b"-- caf\xe9\n" + AGENTS.encode())

    assert [table.name for table in open_schema_source(tmp_path).catalog.tables] == ["agents"]


@pytest.mark.parametrize(
    ("early", "create", "columns"),
    [
        ("ALTER TABLE agents ADD note text", "CREATE TABLE IF NOT EXISTS agents (id uuid)", []),
        ("CREATE POLICY own ON agents USING (true)", "CREATE TABLE IF NOT EXISTS agents (id uuid)", []),
        ("ALTER TABLE agents ADD note text", "CREATE TABLE agents (id uuid)", ["id", "note"]),
        ("SELECT 1", "CREATE TABLE IF NOT EXISTS agents (id uuid)", ["id"]),
        (
            "CREATE INDEX ON agents (id)",
            "CREATE TABLE IF NOT EXISTS agents (); DROP TABLE agents; CREATE TABLE agents (x int)",
            ["x"],
        ),
    ],
)
def test_a_table_that_is_used_before_it_is_created_if_need_be_was_another_one(
    tmp_path: Path, early: str, create: str, columns: list[str]
) -> None:
    source = opened(tmp_path, early, create)

    assert source.whole
    assert [one.name for one in source.catalog.tables[0].columns] == columns


def test_files_without_numbers_are_in_no_order(tmp_path: Path) -> None:
    (tmp_path / "indexes.sql").write_text("ALTER TABLE runs ADD note text")
    (tmp_path / "tables.sql").write_text("CREATE TABLE IF NOT EXISTS runs (id uuid)")

    runs = open_schema_source(tmp_path).catalog.tables[0]
    assert [one.name for one in runs.columns] == ["id", "note"]


def test_a_column_that_may_be_renamed_has_both_names(tmp_path: Path) -> None:
    table = "CREATE TABLE runs (id uuid, owner uuid NOT NULL);"
    block = "IF has_owner THEN ALTER TABLE runs RENAME COLUMN owner TO user_id; END IF;"
    source = opened(tmp_path, f"{table} DO $$ BEGIN {block} END $$;")

    assert [(one.name, one.nullable) for one in source.catalog.tables[0].columns] == [
        ("id", True),
        ("owner", True),
        ("user_id", True),
    ]


def test_a_table_that_is_described_twice_may_be_either(tmp_path: Path) -> None:
    first = "CREATE TABLE IF NOT EXISTS runs (id uuid NOT NULL, shop uuid NOT NULL, note text);"
    second = "CREATE TABLE IF NOT EXISTS runs (id uuid NOT NULL, owner uuid NOT NULL);"
    columns = opened(tmp_path, first, second).catalog.tables[0].columns

    assert [(one.name, one.type, one.nullable) for one in columns] == [
        ("id", "uuid", False),
        ("shop", "uuid", True),
        ("note", "text", True),
        ("owner", "uuid", True),
    ]


def test_a_table_that_is_described_again_with_less_stays(tmp_path: Path) -> None:
    first = "CREATE TABLE runs (id uuid NOT NULL, shop uuid NOT NULL);"
    columns = opened(tmp_path, first, "CREATE TABLE IF NOT EXISTS runs (id uuid);").catalog.tables[0].columns

    assert [(one.name, one.nullable) for one in columns] == [("id", False), ("shop", False)]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE INDEX ON agents (owner, lower(name))",
        "ALTER TABLE agents ADD FOREIGN KEY (owner) REFERENCES agents (id)",
        "ALTER TABLE agents ADD UNIQUE (id, owner)",
        "ALTER TABLE agents ALTER COLUMN owner SET NOT NULL",
        "ALTER TABLE agents ALTER owner TYPE text",
    ],
)
def test_a_column_that_a_statement_needs_exists(tmp_path: Path, statement: str) -> None:
    source = opened(tmp_path, f"{AGENTS}{statement}")

    assert [(one.name, one.type) for one in source.catalog.tables[0].columns] == [
        ("id", "uuid"),
        ("owner", "unknown"),
    ]


def test_a_column_that_is_asked_for_only_if_it_is_there_need_not_be(tmp_path: Path) -> None:
    block = "IF has_owner THEN ALTER TABLE agents ALTER owner SET NOT NULL; END IF;"
    source = opened(tmp_path, f"{AGENTS} DO $$ BEGIN {block} END $$;")

    assert [one.name for one in source.catalog.tables[0].columns] == ["id"]
