"""Tables, columns and functions that code names: which of them are missing, and what is said of it."""

from typing import Any

import pytest
from msgspec.structs import replace

from agentctl.core.catalog.introspection import Catalog, Table
from agentctl.core.code_check.checks import unknown_table
from agentctl.core.code_check.code_check import check_code
from agentctl.core.code_check.context import CheckContext
from agentctl.core.code_check.reading.uses import (
    CodeReading,
    Embedded,
    Named,
    Purpose,
    Returned,
    Unparsed,
    Use,
)
from agentctl.core.findings.finding import Finding, Severity
from agentctl.core.location import Location
from agentctl.core.schema_files.migrations import Migrations
from support.catalogs import argument, catalog, column, function, key, table
from support.uses import HERE, IN_SQL, call, checked, column_of, ids, migrations, named, row, using

AGENTS = table("agents", "id", "name", "status")
BILLING = table("invoices", "id", "total", schema="billing")
EXECUTIONS = table("agent_executions", "id", "agent_id", "status")
SHOP = catalog(AGENTS, EXECUTIONS, BILLING, function("deduct_credits", argument("amount", "integer")))
MIGRATIONS = migrations(
    "CREATE TABLE reviews (id uuid);",
    "ALTER TABLE public.agent_executions ADD COLUMN inputs jsonb;",
    "CREATE FUNCTION refund() RETURNS void LANGUAGE sql AS 'SELECT';",
)


def only(catalog: Catalog, *uses: Any, **context: Any) -> Finding:
    (finding,) = checked(catalog, *uses, **context).findings
    return finding


def test_a_table_that_exists_is_no_finding() -> None:
    assert ids(SHOP, using("agents"), using("public.agents"), using("billing.invoices")) == []


def test_a_missing_table_is_found_with_its_place_and_the_nearest_name() -> None:
    assert only(SHOP, using("agent")) == unknown_table.CHECK.finding(
        "agent", "There is no table agent.", "Did you mean agents?", location=Location("src/app.ts", 3, 7)
    )


def test_names_are_compared_letter_by_letter() -> None:
    assert ids(SHOP, using("Agents")) == ["code-unknown-table Agents"]


def test_a_table_of_a_schema_that_is_not_searched_is_named_in_the_hint() -> None:
    assert only(SHOP, using("invoices")).hint == "billing.invoices exists: .schema('billing')"
    in_sql = only(SHOP, using("invoices", IN_SQL))
    assert in_sql.hint == "billing.invoices exists: write it with its schema."


def test_the_schemas_of_the_context_are_searched_instead_of_the_path() -> None:
    assert ids(SHOP, using("invoices"), schemas=("billing", "public")) == []
    assert ids(SHOP, column_of("agents", column="nam"), schemas=("billing", "public")) == [
        "code-unknown-column public.agents.nam"
    ]


def test_a_name_with_a_schema_is_looked_up_there_only() -> None:
    assert ids(SHOP, using("billing.agents")) == ["code-unknown-table billing.agents"]


def test_a_schema_that_nobody_has_looked_at_is_counted_and_no_finding() -> None:
    found = checked(SHOP, using("auth.users"), call("auth.uid"))
    assert found.findings == ()
    assert [one.what for one in found.unresolved] == [
        "table auth.users, which the schema at hand does not cover",
        "function auth.uid, which the schema at hand does not cover",
    ]


@pytest.mark.parametrize("name", ["pg_stat_activity", "pg_catalog.pg_class", "information_schema.columns"])
def test_what_postgresql_brings_along_is_neither_found_nor_counted(name: str) -> None:
    found = checked(SHOP, using(name), call(name))
    assert (found.findings, found.unresolved) == ((), ())


def test_a_function_of_an_extension_is_neither_found_nor_counted() -> None:
    with_extension = replace(SHOP, unlisted=frozenset({"uuid_generate_v4"}))
    found = checked(with_extension, call("uuid_generate_v4"))
    assert (found.findings, found.unresolved) == ((), ())


def test_what_a_partial_baseline_does_not_hold_is_counted_and_no_finding() -> None:
    found = checked(SHOP, using("agent"), call("refund"), whole=False)
    assert found.findings == ()
    assert len(found.unresolved) == 2


def test_columns_of_a_partial_baselines_tables_are_judged_all_the_same() -> None:
    assert ids(SHOP, column_of("agents", column="slug"), whole=False) == ["code-unknown-column agents.slug"]


def test_a_missing_column_is_found_with_the_nearest_name() -> None:
    finding = only(SHOP, column_of("agents", column="nmae"))
    assert (finding.id, finding.object) == ("code-unknown-column", "agents.nmae")
    assert (finding.message, finding.hint) == ("agents.nmae does not exist.", "Did you mean name?")


def test_a_missing_column_that_is_written_and_named_once_more_at_one_place_is_found_once() -> None:
    assert len(ids(SHOP, column_of("agents", column="nmae"), row("agents", "nmae"))) == 1


def test_a_missing_optional_column_of_the_executions_is_what_migrate_full_adds() -> None:
    use = column_of("agent_executions", column="credits_used")
    assert only(SHOP, use, executions=EXECUTIONS).hint == "agentctl migrate-full adds it."
    assert only(SHOP, use).hint != "agentctl migrate-full adds it."
    elsewhere = only(SHOP, column_of("agents", column="inputs"), executions=EXECUTIONS)
    assert elsewhere.hint == "Add the column before the deploy, or leave it out of the code."


def test_an_optional_column_of_another_name_is_called_by_it() -> None:
    executions = table("agent_executions", "id", "payload")
    use = column_of("agent_executions", column="inputs")
    found = checked(catalog(executions), use, executions=executions, parts={"inputs": "payload"})
    assert found.findings[0].hint == "In this database it is called payload."
    assert found.columns[0].note is None


def test_what_a_migration_creates_is_a_warning_that_names_it() -> None:
    uses = (column_of("agent_executions", column="inputs"), using("reviews"), call("refund"))
    found = checked(SHOP, *uses, planned=lambda: MIGRATIONS, executions=EXECUTIONS)
    assert [(one.id, one.severity, one.object) for one in found.findings] == [
        ("code-migration-pending", Severity.WARNING, "agent_executions.inputs"),
        ("code-migration-pending", Severity.WARNING, "reviews"),
        ("code-migration-pending", Severity.WARNING, "refund"),
    ]
    assert found.findings[0].message == (
        "agent_executions.inputs is not in the database yet: supabase/migrations/2024_x.sql:12 adds it."
    )


def test_migrations_are_asked_only_when_something_is_missing() -> None:
    asked: list[Migrations] = []

    def planned() -> Migrations:
        asked.append(MIGRATIONS)
        return MIGRATIONS

    uses: list[Use] = [using("agents"), column_of("agents", column="id"), call("deduct_credits", "amount")]
    assert ids(SHOP, *uses, planned=planned) == []
    assert asked == []
    assert len(ids(SHOP, using("x"), using("y"), planned=planned)) == 2
    assert len(asked) == 1


def test_a_table_whose_columns_nobody_knows_is_open() -> None:
    shop = catalog(table("agents"))
    assert ids(shop, column_of("agents", column="x"), row("agents", "x")) == []


def test_columns_of_a_missing_table_are_not_told_too() -> None:
    assert ids(SHOP, using("agent"), column_of("agent", column="x"), row("agent", "x")) == [
        "code-unknown-table agent"
    ]


def test_a_missing_table_that_only_a_row_names_is_found() -> None:
    assert ids(SHOP, row("agent", "x")) == ["code-unknown-table agent"]


def test_a_column_of_one_of_several_tables_is_found_where_none_has_it() -> None:
    assert ids(SHOP, column_of("agents", "agent_executions", column="agent_id")) == []
    finding = only(SHOP, column_of("agents", "agent_executions", column="slug"))
    assert finding.object == "agents.slug"
    assert finding.message == "Neither agents nor agent_executions has a column slug."


def test_a_column_of_several_sources_of_which_one_is_unknown_is_no_finding() -> None:
    assert ids(SHOP, column_of("agents", "auth.users", column="slug")) == []
    assert ids(SHOP, column_of(Returned("whatever"), "agents", column="slug")) == []


@pytest.mark.parametrize("name", ["ctid", "xmin", "tableoid", "agents"])
def test_system_columns_and_the_row_itself_are_there(name: str) -> None:
    assert ids(SHOP, column_of("agents", column=name)) == []


def test_a_function_of_any_row_is_a_column_of_each_table() -> None:
    shop = catalog(AGENTS, function("label", argument("", "anyelement"), returns="text"))
    assert ids(shop, column_of("agents", column="label")) == []


@pytest.mark.parametrize("type_", ["agents", "public.agents"])
def test_a_function_of_a_row_is_a_column(type_: str) -> None:
    shop = catalog(AGENTS, EXECUTIONS, function("label", argument("", type_), returns="text"))
    assert ids(shop, column_of("agents", column="label")) == []
    assert ids(shop, column_of("agent_executions", column="label")) == [
        "code-unknown-column agent_executions.label"
    ]


@pytest.mark.parametrize("returns", ["SETOF agents", "agents", "SETOF public.agents"])
def test_a_function_that_returns_rows_of_a_table_has_its_columns(returns: str) -> None:
    shop = catalog(AGENTS, function("best", returns=returns))
    assert ids(shop, column_of(Returned("best"), column="name")) == []
    assert ids(shop, column_of(Returned("best"), column="nome")) == ["code-unknown-column agents.nome"]


def test_a_function_with_outputs_has_these_columns() -> None:
    totals = function(
        "totals",
        argument("since"),
        argument("day", mode="t"),
        argument("total", mode="t"),
        returns="TABLE(...)",
    )
    shop = catalog(totals)
    assert ids(shop, column_of(Returned("totals"), column="total")) == []
    assert ids(shop, column_of(Returned("totals"), column="since")) == ["code-unknown-column totals.since"]


@pytest.mark.parametrize("returns", ["integer", "record", "SETOF record", "json", "jsonb", "void", "thing"])
def test_what_other_functions_return_is_open(returns: str) -> None:
    assert ids(catalog(function("best", returns=returns)), column_of(Returned("best"), column="x")) == []


def test_overloads_that_return_different_rows_are_open() -> None:
    one, other = function("best", returns="agents"), function("best", argument("x"), returns="integer")
    assert ids(catalog(AGENTS, one, other), column_of(Returned("best"), column="x")) == []


def test_a_column_that_this_role_may_not_read_is_denied_with_the_grant() -> None:
    shop = catalog(table("agents", column("secret", readable=False)), function("best", returns="agents"))
    finding = only(shop, column_of("agents", column="secret"))
    assert (finding.id, finding.object) == ("code-denied", "agents.secret")
    assert finding.message == "Role operator may not read agents.secret."
    assert finding.hint == 'GRANT SELECT ("secret") ON "public"."agents" TO "operator";'
    assert ids(shop, column_of(Returned("best"), column="secret")) == []
    assert ids(shop, column_of("agents", column="secret", purpose=Purpose.WRITTEN)) == []


def test_findings_come_in_the_order_of_their_places_and_each_once() -> None:
    places = [Location("b.ts", 1, 1), Location("a.ts", 9, 2), Location("a.ts", 9, 1), Location("a.ts", 10, 1)]
    found = checked(SHOP, *(using("x", place) for place in (*places, *places))).findings
    assert [finding.location for finding in found] == [
        ("a.ts", 9, 1),
        ("a.ts", 9, 2),
        ("a.ts", 10, 1),
        ("b.ts", 1, 1),
    ]


def test_what_was_not_understood_is_a_warning() -> None:
    reading = CodeReading(unparsed=(Unparsed(HERE, "a brace is missing"),))
    (finding,) = check_code(reading, CheckContext(SHOP)).findings
    assert finding.location is not None
    assert (finding.id, finding.severity, finding.location.line) == ("code-unparsed", Severity.WARNING, 3)


def test_columns_are_counted_with_the_missing_ones_first() -> None:
    first, second = Location("a.ts", 1, 1), Location("a.ts", 2, 1)
    found = checked(
        SHOP,
        column_of("agent_executions", column="agent_id", place=first),
        column_of("agent_executions", column="status", place=first),
        column_of("agent_executions", column="status", place=second),
        row("agent_executions", "status", "credits_used", place=first),
        row("agent_executions", "credits_used", place=second),
        row("agent_executions", "inputs", place=second),
        executions=EXECUTIONS,
        planned=lambda: MIGRATIONS,
    ).columns
    assert [(one.column, one.written, one.read, one.present, one.note) for one in found] == [
        ("credits_used", 2, 0, False, "agentctl migrate-full adds it."),
        ("inputs", 1, 0, False, "supabase/migrations/2024_x.sql:12 adds it."),
        ("agent_id", 0, 1, True, None),
        ("status", 1, 2, True, None),
    ]
    assert {one.table for one in found} == {"agent_executions"}


def test_a_source_that_is_nested_without_end_is_open() -> None:
    source: Any = Named("agents")
    for _ in range(200):
        source = Embedded(source, "agents")
    assert ids(SHOP, column_of(source, column="x")) == []


def test_a_column_of_a_related_table_is_judged() -> None:
    executions = table(
        "agent_executions", "id", "agent_id", constraints=(key("to_agent", "agent_id", "agents"),)
    )
    shop = catalog(AGENTS, executions)
    source = Embedded(named("agent_executions"), "agents")
    assert ids(shop, column_of(source, column="name")) == []
    assert ids(shop, column_of(source, column="nome")) == ["code-unknown-column agents.nome"]


def test_a_table_is_the_one_that_the_search_path_finds_first() -> None:
    other: Table = table("agents", "id", "colour", schema="shop")
    both = catalog(AGENTS, other, search_path=("shop", "public"))
    assert ids(both, column_of("agents", column="colour"), column_of("agents", column="name")) == [
        "code-unknown-column agents.name"
    ]
