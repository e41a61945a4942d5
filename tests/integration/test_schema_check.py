"""schema-check's core: it distinguishes missing, denied, hidden and broken, and writes nothing."""

from collections.abc import Callable
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from agentctl.core.catalog.introspection import Catalog, introspect
from agentctl.core.database.connection import read_database_url
from agentctl.core.errors import UsageError
from agentctl.core.findings.finding import Finding, Severity, errors_among
from agentctl.core.mapping import SchemaSettings, catalog_for
from agentctl.core.mapping import read as made_of
from agentctl.core.mapping.optional_columns import Tracking
from agentctl.core.mapping.settings import NO_SETTINGS, RoleSettings
from agentctl.core.schema_check.schema_check import check_schema, parse_required
from agentctl.core.schema_check.schema_report import SchemaReport
from agentctl.resources import sql_bytes
from support.marketplace import OPTIONAL_COLUMNS, Database, Marketplace

Make = Callable[..., Marketplace]
STARTED_AT = "idx_agent_executions_started_at"
TABLES = ("profiles", "agents", "agent_executions", "credit_transactions")
EXECUTE_FOR_ALL: LiteralString = (
    "GRANT EXECUTE ON FUNCTION deduct_credits_atomic(uuid, integer, uuid, uuid) TO PUBLIC"
)


def read(database: Database) -> Catalog:
    with read_database_url(database.url, source="a test").connect() as connection:
        return introspect(connection)


def check(url: str, *required: str, settings: SchemaSettings = NO_SETTINGS) -> SchemaReport:
    with read_database_url(url, source="a test").connect() as connection:
        catalog = catalog_for(connection, settings, visibility=True)
        return check_schema(made_of(catalog, settings), required=required)


def after(database: Database, *statements: LiteralString, required: tuple[str, ...] = ()) -> SchemaReport:
    for statement in statements:
        database.execute(statement)
    return check(database.url, *required)


def told(report: SchemaReport) -> set[tuple[str, str, str]]:
    """Return id, severity and object of every finding above info.

    test_schema_security.py tests who may execute functions; some tests here open them to everybody.
    """
    return {
        (one.id, one.severity, one.object)
        for one in report.findings
        if one.severity != Severity.INFO and one.id != "function-exposed"
    }


def finding(report: SchemaReport, kind: str) -> Finding:
    (only,) = (one for one in report.findings if one.id == kind)
    return only


def guest(database: Database, *grants: LiteralString) -> str:
    """Make a role that row level security does not bind, with these privileges only; return its URL."""
    url = database.add_role("guest")
    run_as_superuser(database, "ALTER ROLE {guest} BYPASSRLS", *grants)
    return url


def visible_columns(report: SchemaReport) -> dict[str, bool | None]:
    """Return whether information_schema shows each of the optional columns that exist."""
    return {state.expected.name: state.column.visible for state in report.columns if state.column}


def shown_columns(url: str, schema: str, table: str) -> set[str]:
    """Return what information_schema.columns shows that role of a table."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s",
            (schema, table),
        )
        return {name for (name,) in rows}


def run_as_superuser(database: Database, *statements: LiteralString) -> None:
    role = sql.Identifier(f"{database.name}_guest")
    with database.connect() as connection:
        for statement in statements:
            connection.execute(sql.SQL(statement).format(guest=role))


def test_the_reference_database_has_no_findings(marketplace: Marketplace) -> None:
    report = check(marketplace.url)

    assert report.findings == ()
    assert report.tracking is Tracking.MINIMAL
    assert report.missing == OPTIONAL_COLUMNS
    assert [(index.name, index.present, index.valid) for index in report.indexes] == [
        (f"idx_agent_executions_{name}", True, True) for name in ("user_id", "agent_id", "status")
    ]
    assert [(one.function.name, one.usable) for one in report.functions] == [
        ("deduct_credits_atomic", True),
        ("add_credits_atomic", True),
    ]


def test_full_tracking_has_no_findings(marketplace: Marketplace) -> None:
    marketplace.execute(sql_bytes("full"))
    report = check(marketplace.url, *OPTIONAL_COLUMNS)
    assert (report.findings, report.tracking, report.missing) == ((), Tracking.FULL, ())


def test_each_required_and_missing_column_is_an_error(marketplace_factory: Make) -> None:
    made = marketplace_factory(columns=("inputs",))
    report = check(made.url, "inputs", "result", "nonsense", "status")
    assert told(report) == {
        ("required-column-missing", "error", "agent_executions.result"),
        ("required-column-missing", "error", "agent_executions.nonsense"),
    }
    assert report.tracking is Tracking.PARTIAL


def test_an_id_that_nothing_makes_unique_is_found_and_its_hint_settles_it(marketplace: Marketplace) -> None:
    report = after(marketplace, "ALTER TABLE agent_executions DROP CONSTRAINT agent_executions_pkey CASCADE")

    assert told(report) == {("executions-no-primary-key", "warning", "agent_executions.id")}
    hint = finding(report, "executions-no-primary-key").hint
    assert hint == 'ALTER TABLE "public"."agent_executions" ADD UNIQUE ("id");'
    marketplace.execute(hint.encode())
    assert told(check(marketplace.url)) == set()


def test_a_key_of_a_partitioned_table_may_include_the_time(database: Database) -> None:
    database.execute(b"""
        CREATE TABLE profiles (id uuid PRIMARY KEY, credits integer NOT NULL);
        CREATE TABLE agents (
            id uuid PRIMARY KEY, name text, slug text, credit_cost integer, webhook_url text
        );
        CREATE TABLE agent_executions (
            id uuid, user_id uuid REFERENCES profiles, agent_id uuid REFERENCES agents, status text,
            created_at timestamptz, PRIMARY KEY (id, created_at)
        ) PARTITION BY RANGE (created_at)""")
    assert "executions-no-primary-key" not in {kind for kind, _, _ in told(check(database.url))}
    report = after(database, "ALTER TABLE agent_executions DROP CONSTRAINT agent_executions_pkey")
    assert finding(report, "executions-no-primary-key").hint is None


@pytest.mark.parametrize("table", [table for table in TABLES if table != "agent_executions"])
def test_names_a_missing_table_and_the_search_path(marketplace: Marketplace, table: str) -> None:
    marketplace.execute(f"DROP TABLE {table} CASCADE".encode())
    report = check(marketplace.url)
    severity = "warning" if table == "credit_transactions" else "error"
    assert ("table-missing", severity, table) in told(report)
    assert "schemas that were searched: public" in finding(report, "table-missing").message


@pytest.mark.parametrize(
    ("role", "table"), [("executions", "agent_executions"), ("users", "profiles"), ("agents", "agents")]
)
def test_finds_a_table_by_its_shape(marketplace: Marketplace, role: str, table: str) -> None:
    report = after(marketplace, f"ALTER TABLE {table} RENAME TO things")
    assert told(report) == set()
    assert next(state.name for state in report.tables if state.role == role) == "things"


def test_an_empty_database_lacks_every_table(database: Database) -> None:
    assert {(kind, name) for kind, _, name in told(check(database.url, "result"))} == {
        ("table-missing", table) for table in TABLES
    }


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("profiles", "credits"),
        ("agents", "name"),
        ("agent_executions", "created_at"),
        ("credit_transactions", "amount"),
    ],
)
def test_a_missing_column_that_agentctl_needs_is_an_error(
    marketplace: Marketplace, table: str, column: str
) -> None:
    marketplace.execute(f"ALTER TABLE {table} DROP COLUMN {column} CASCADE".encode())
    assert told(check(marketplace.url)) == {("column-missing", "error", f"{table}.{column}")}


def test_reports_agents_without_webhooks_and_a_ledger_without_executions(marketplace: Marketplace) -> None:
    report = after(
        marketplace,
        "ALTER TABLE agents DROP COLUMN webhook_url",
        "ALTER TABLE credit_transactions DROP COLUMN execution_id",
    )
    assert told(report) == {
        ("column-missing", "warning", "agents.webhook_url"),
        ("ledger-unlinked", "error", "credit_transactions"),
    }


@pytest.mark.parametrize(
    ("column", "type_"),
    [
        ("result", "text"),
        ("inputs", "jsonb[]"),
        ("credits_used", "text"),
        ("credits_used", "double precision"),
        ("started_at", "date"),
        ("completed_at", "time with time zone"),
        ("error", "json"),
        ("workflow_id", "bytea"),
    ],
)
def test_a_column_of_another_type_is_an_error_even_if_not_required(
    marketplace: Marketplace, column: str, type_: str
) -> None:
    marketplace.execute(f"ALTER TABLE agent_executions ADD {column} {type_}".encode())
    report = check(marketplace.url)
    assert told(report) == {("column-type", "error", f"agent_executions.{column}")}
    assert [state.compatible for state in report.columns if state.column] == [False]
    assert column not in report.missing


@pytest.mark.parametrize(
    ("column", "type_"),
    [
        ("result", "json"),
        ("workflow_id", "varchar(500)"),
        ("credits_used", "numeric(12,2)"),
        ("credits_used", "bigint"),
        ("started_at", "timestamptz(3)"),
        ("error", "words"),
    ],
)
def test_a_compatible_column_type_is_no_finding(marketplace: Marketplace, column: str, type_: str) -> None:
    marketplace.execute("CREATE DOMAIN words AS text")
    marketplace.execute(f"ALTER TABLE agent_executions ADD {column} {type_}".encode())
    report = check(marketplace.url, column)
    assert told(report) == set()
    assert [state.compatible for state in report.columns if state.column] == [True]


@pytest.mark.parametrize(("required", "severity"), [((), "warning"), (("credits_used",), "error")])
def test_reports_a_generated_column(
    marketplace: Marketplace, required: tuple[str, ...], severity: str
) -> None:
    report = after(
        marketplace,
        "ALTER TABLE agent_executions ADD credits_used integer GENERATED ALWAYS AS (1) STORED",
        required=required,
    )
    assert told(report) == {("column-generated", severity, "agent_executions.credits_used")}
    assert report.tracking is Tracking.PARTIAL


def test_reports_an_unreadable_table_as_denied_not_missing(marketplace_factory: Make) -> None:
    made = marketplace_factory(columns=OPTIONAL_COLUMNS)
    url = guest(made)

    report = check(url, "result")

    assert report.missing == ()
    assert all(state.table for state in report.tables)
    assert {kind for kind, _, _ in told(report)} == {"table-denied", "column-denied", "function-denied"}
    assert {name for kind, _, name in told(report) if kind == "table-denied"} == set(TABLES)
    assert {
        name for kind, severity, name in told(report) if (kind, severity) == ("column-denied", "error")
    } == {"agent_executions.result"}


def test_reports_each_column_without_privileges_as_denied(marketplace_factory: Make) -> None:
    made = marketplace_factory(columns=("inputs", "result", "error"))
    url = guest(
        made,
        EXECUTE_FOR_ALL,
        "GRANT SELECT ON profiles, agents, credit_transactions TO {guest}",
        "GRANT SELECT (id, user_id, agent_id, status, inputs, result) ON agent_executions TO {guest}",
        "GRANT INSERT (inputs, error), UPDATE (inputs, error) ON agent_executions TO {guest}",
    )

    report = check(url, "inputs", "result")

    assert told(report) == {
        ("table-denied", "error", "agent_executions"),
        ("column-denied", "error", "agent_executions.result"),
        ("column-denied", "warning", "agent_executions.error"),
    }
    denied = [one.message for one in report.findings if one.id == "table-denied"]
    assert any("(created_at)" in message for message in denied)
    assert any("no INSERT privilege on credit_transactions" in message for message in denied)
    messages = {one.object: one.message for one in report.findings}
    assert "no UPDATE privilege" in messages["agent_executions.result"]
    assert "no SELECT privilege" in messages["agent_executions.error"]
    assert not any("may not see it" in message for message in messages.values())


def test_columns_that_information_schema_hides_exist_and_may_not_be_seen(marketplace_factory: Make) -> None:
    made = marketplace_factory(columns=("inputs", "result", "error", "credits_used"))
    made.execute("ALTER TABLE agent_executions ADD deployed text")
    url = guest(
        made,
        "GRANT SELECT (id, user_id, agent_id, status, created_at, inputs) ON agent_executions TO {guest}",
        "GRANT UPDATE (result), REFERENCES (error) ON agent_executions TO {guest}",
    )

    report = check(url, "deployed")

    assert visible_columns(report) == {"inputs": True, "result": True, "error": True, "credits_used": False}
    assert visible_columns(report) == {
        state.expected.name: state.expected.name in shown_columns(url, "public", "agent_executions")
        for state in report.columns
        if state.column
    }
    hidden = {one.object: one for one in report.findings if "may not see it" in one.message}
    assert set(hidden) == {"agent_executions.credits_used", "agent_executions.deployed"}
    assert {one.id for one in hidden.values()} == {"column-denied"}
    assert hidden["agent_executions.credits_used"].severity is Severity.WARNING
    assert hidden["agent_executions.deployed"].severity is Severity.ERROR
    assert hidden["agent_executions.credits_used"].message == (
        f"agent_executions.credits_used exists, but role {made.name}_guest may not see it: "
        "it has no SELECT, INSERT, UPDATE privilege on it."
    )
    assert set(report.missing) == {"workflow_id", "started_at", "completed_at"}


def test_columns_are_hidden_in_the_schema_and_table_that_the_executions_are_in(
    marketplace_factory: Make,
) -> None:
    made = marketplace_factory(columns=("inputs", "result"))
    url = guest(
        made,
        'ALTER SCHEMA public RENAME TO "My Shop"',
        'ALTER TABLE "My Shop".agent_executions RENAME COLUMN result TO "Out"',
        "CREATE SCHEMA public",  # what has the table's name elsewhere says nothing of it
        'CREATE TABLE public.agent_executions (inputs jsonb, "Out" jsonb)',
        "GRANT SELECT ON public.agent_executions TO {guest}",
        'GRANT USAGE ON SCHEMA "My Shop" TO {guest}',
        'GRANT SELECT (id, user_id, agent_id, status, created_at, inputs) ON "My Shop".agent_executions'
        " TO {guest}",
    )
    executions = RoleSettings(table="My Shop.agent_executions", columns={"result": "Out"})
    settings = SchemaSettings(schemas=("My Shop",), roles={"executions": executions})

    report = check(url, settings=settings)

    assert visible_columns(report) == {"inputs": True, "result": False}
    (hidden,) = (one for one in report.findings if "may not see it" in one.message)
    assert hidden.object == "agent_executions.Out"


def test_nobody_but_schema_check_asks_what_information_schema_shows(marketplace: Marketplace) -> None:
    (table, *_) = read(marketplace).tables
    assert {column.visible for column in table.columns} == {None}


def test_the_hints_for_denied_columns_are_statements_that_grant_them(marketplace_factory: Make) -> None:
    made = marketplace_factory(columns=OPTIONAL_COLUMNS)
    url = guest(made)

    denials = [one for one in check(url, *OPTIONAL_COLUMNS).findings if one.id.endswith("-denied")]
    for denied in denials:
        made.execute(str(denied.hint).encode())

    assert len(denials) == 4 + 7 + 1 + 4  # read, the seven, the function, write
    assert told(check(url, *OPTIONAL_COLUMNS)) == set()


def test_distinguishes_hidden_rows_from_an_empty_table(marketplace: Marketplace) -> None:
    url = guest(
        marketplace,
        EXECUTE_FOR_ALL,
        "ALTER ROLE {guest} NOBYPASSRLS",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {guest}",
    )
    hidden = {"profiles", "agent_executions", "credit_transactions"}
    assert told(check(url)) == {("rows-hidden", "error", table) for table in hidden}

    run_as_superuser(marketplace, "CREATE POLICY staff ON profiles FOR SELECT TO {guest} USING (true)")
    assert {name for _, _, name in told(check(url))} == hidden - {"profiles"}


def test_an_invalid_index_is_a_warning_and_a_missing_index_is_info(marketplace: Marketplace) -> None:
    marketplace.execute(sql_bytes("full"))
    report = after(
        marketplace,
        f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{STARTED_AT}'::regclass",
        "DROP INDEX idx_agent_executions_workflow_id",
    )
    assert [(one.id, one.severity, one.object) for one in report.findings] == [
        ("index-missing", "info", "idx_agent_executions_workflow_id"),
        ("index-invalid", "warning", STARTED_AT),
    ]
    assert not errors_among(report.findings)


def test_accepts_an_equivalent_index(marketplace: Marketplace) -> None:
    report = after(
        marketplace,
        "DROP INDEX idx_agent_executions_status",
        "CREATE INDEX another ON agent_executions (status, created_at)",
    )
    assert report.findings == ()
    assert [(one.present, one.valid) for one in report.indexes] == [(True, True)] * 3


def test_does_not_accept_an_invalid_equivalent_index(marketplace: Marketplace) -> None:
    report = after(
        marketplace,
        "ALTER INDEX idx_agent_executions_status RENAME TO another",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'another'::regclass",
    )
    assert [one.id for one in report.findings] == ["index-missing"]


@pytest.mark.parametrize(
    "definition",
    ["(created_at)", "(started_at) WHERE started_at IS NULL", "USING hash (started_at)"],
)
def test_an_index_with_the_right_name_on_other_columns_is_a_warning(
    marketplace_factory: Make, definition: LiteralString
) -> None:
    made = marketplace_factory(columns=("started_at",))
    report = after(made, f"CREATE INDEX {STARTED_AT} ON agent_executions {definition}")
    assert told(report) == {("index-definition", "warning", STARTED_AT)}
    assert [one.present for one in report.indexes if one.name == STARTED_AT] == [False]


def test_a_function_with_an_unknown_required_argument_is_an_error(marketplace: Marketplace) -> None:
    report = after(
        marketplace,
        "DROP FUNCTION deduct_credits_atomic",
        "CREATE FUNCTION deduct_credits_atomic(p_user_id uuid, p_amount integer, p_cost_centre text) "
        "RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb'",
    )
    assert told(report) == {("function-unusable", "error", "deduct_credits_atomic")}
    assert 'p_cost_centre = "TEXT"' in str(finding(report, "function-unusable").hint)
    assert [one.usable for one in report.functions] == [False, True]


def test_a_missing_function_is_info(marketplace: Marketplace) -> None:
    report = after(marketplace, "DROP FUNCTION deduct_credits_atomic")
    assert told(report) == set()
    assert finding(report, "function-missing").severity == "info"


def test_one_usable_overload_is_enough_and_all_are_listed(marketplace: Marketplace) -> None:
    report = after(
        marketplace,
        "CREATE FUNCTION deduct_credits_atomic(p_user_id uuid, p_reason text) RETURNS jsonb "
        "LANGUAGE sql AS 'SELECT null::jsonb'",
    )
    assert told(report) == set()
    assert sorted(one.usable for one in report.functions if one.function.name == "deduct_credits_atomic") == [
        False,
        True,
    ]


def test_reports_a_function_without_execute_as_denied_not_missing(marketplace: Marketplace) -> None:
    url = guest(marketplace, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {guest}")
    assert told(check(url)) == {("function-denied", "error", "deduct_credits_atomic")}


def test_a_read_only_role_gets_the_complete_report(
    marketplace_factory: Make,
) -> None:
    made = marketplace_factory(columns=("inputs",))
    url = guest(
        made,
        EXECUTE_FOR_ALL,
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {guest}",
        "ALTER ROLE {guest} SET default_transaction_read_only = on",
    )
    report = check(url)
    assert told(report) == {("column-denied", "warning", "agent_executions.inputs")}
    assert report.server.read_only


def test_writes_nothing_and_reports_the_same_in_a_read_only_session(marketplace_factory: Make) -> None:
    made = marketplace_factory(columns=("inputs",))
    report, catalog = check(made.url, "result"), read(made)

    in_read_only_session = check(f"{made.url}?options=-cdefault_transaction_read_only%3Don", "result")

    assert in_read_only_session.server.read_only
    assert in_read_only_session.findings == report.findings
    assert read(made) == catalog


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        (None, ()),
        ("minimal", ()),
        ("full", OPTIONAL_COLUMNS),
        ("result", ("result",)),
        (" result , inputs,", ("result", "inputs")),
        ("result,result", ("result",)),
        ("full,extra", (*OPTIONAL_COLUMNS, "extra")),
        ("minimal,extra", ("extra",)),
        ("nonsense", ("nonsense",)),
    ],
)
def test_parses_the_require_option(text: str | None, columns: tuple[str, ...]) -> None:
    assert parse_required(text) == columns


@pytest.mark.parametrize("text", ["", " ", ",", " , "])
def test_refuses_an_empty_require_option(text: str) -> None:
    with pytest.raises(UsageError, match="names no column"):
        parse_required(text)


def test_does_not_choose_between_two_tables_with_balances(marketplace: Marketplace) -> None:
    report = after(
        marketplace,
        "CREATE TABLE user_credits (user_id uuid PRIMARY KEY REFERENCES profiles, credits integer NOT NULL)",
    )
    assert told(report) == {("role-ambiguous", "error", "profiles / user_credits")}


def test_does_not_choose_between_two_equally_good_columns(marketplace: Marketplace) -> None:
    report = after(
        marketplace,
        "ALTER TABLE profiles RENAME credits TO available_credits",
        "ALTER TABLE profiles ADD credits_available integer NOT NULL DEFAULT 0",
    )
    assert told(report) == {("role-ambiguous", "error", "profiles.available_credits / credits_available")}
    assert 'balance = "credits_available"' in str(finding(report, "role-ambiguous").hint)
