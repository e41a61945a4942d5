"""Rows that code writes: unknown, generated, denied and forgotten columns, NULL, upserts."""

import pytest

from agentctl.core.catalog.check_constraint import Check
from agentctl.core.code_check.reading.uses import Verb
from support.catalogs import catalog, check, column, constraint, index, table, trigger
from support.uses import checked, ids, row, upsert_on, written

RUNS = table(
    "runs",
    column("id", "uuid", nullable=False, default="gen_random_uuid()"),
    column("number", "integer", nullable=False, sequence="runs_number_seq"),
    column("user_id", "uuid", nullable=False),
    column("status", "text", nullable=False, default="'pending'::text"),
    column("kind", "text"),
    column("amount", "integer"),
    column("total", "integer", generated=True, default="amount * 2", nullable=False),
    column("plan", "plan_name", base_type="text", nullable=False),
    column("note"),
    constraints=(
        check("status = ANY (ARRAY['pending'::text, 'running'::text])", name="known"),
        check("(kind = 'usage'::text) = (amount < 0)", name="signs"),
    ),
)
SHOP = catalog(RUNS)
WHOLE = ("user_id", "plan")


def test_a_row_with_all_that_must_be_there_is_no_finding() -> None:
    assert ids(SHOP, row("runs", *WHOLE)) == []


def test_a_row_with_unknown_columns_has_a_finding_for_each() -> None:
    assert ids(SHOP, row("runs", *WHOLE, "inputs", "result")) == [
        "code-unknown-column runs.inputs",
        "code-unknown-column runs.result",
    ]


@pytest.mark.parametrize("verb", [Verb.INSERT, Verb.UPSERT])
def test_a_column_that_must_be_given_and_is_left_out_is_found(verb: Verb) -> None:
    (finding,) = checked(SHOP, row("runs", "status", verb=verb)).findings
    assert (finding.id, finding.object) == ("code-column-required", "runs.user_id")
    assert finding.message == "runs.user_id must not be NULL, has no default, and is left out."


def test_a_column_is_not_required_where_the_row_may_have_it() -> None:
    assert ids(SHOP, row("runs", verb=Verb.UPDATE)) == []
    assert ids(SHOP, row("runs", complete=False)) == []
    assert ids(SHOP, row("runs", written("user_id", always=False))) == []


def test_a_domain_may_have_a_default_of_its_own() -> None:
    assert ids(SHOP, row("runs", "user_id")) == []


@pytest.mark.parametrize("kind", ["view", "foreign table"])
def test_only_tables_require_columns(kind: str) -> None:
    assert ids(catalog(table("runs", column("id", nullable=False), kind=kind)), row("runs")) == []


def test_what_a_trigger_may_fill_is_counted_and_no_finding() -> None:
    runs = table("runs", column("id", nullable=False), "note", triggers=(trigger("BEFORE INSERT OR UPDATE"),))
    found = checked(catalog(runs), row("runs", "note"), row("runs", written("id", None)))
    assert found.findings == ()
    assert [one.what for one in found.unresolved] == [
        "an insert without runs.id, which trigger filler may fill",
        "NULL in runs.id, which trigger filler may fill",
    ]


@pytest.mark.parametrize(
    "other",
    [
        trigger("AFTER INSERT"),
        trigger("BEFORE UPDATE"),
        trigger("BEFORE INSERT", name="set_updated_at"),
    ],
)
def test_other_triggers_fill_nothing(other: object) -> None:
    runs = table("runs", column("id", nullable=False), triggers=(other,))
    assert ids(catalog(runs), row("runs")) == ["code-column-required runs.id"]


def test_a_trigger_that_keeps_the_time_fills_times() -> None:
    moment = column("updated_at", "timestamp with time zone", nullable=False)
    runs = table("runs", moment, triggers=(trigger("BEFORE INSERT", name="set_updated_at"),))
    assert ids(catalog(runs), row("runs")) == []


@pytest.mark.parametrize("value", [1, None])
def test_a_generated_column_takes_no_value_at_all(value: object) -> None:
    assert ids(SHOP, row("runs", *WHOLE, written("total", value))) == ["code-column-generated runs.total"]


def test_a_privilege_counts_for_what_is_done() -> None:
    shop = catalog(table("runs", column("a", insertable=False), column("b", updatable=False)))
    assert ids(shop, row("runs", "a", "b")) == ["code-denied runs.a"]
    assert ids(shop, row("runs", "a", "b", verb=Verb.UPSERT)) == ["code-denied runs.a"]
    (finding,) = checked(shop, row("runs", "a", "b", verb=Verb.UPDATE)).findings
    assert finding.message == "Role operator has no UPDATE privilege on runs.b."
    assert finding.hint == 'GRANT UPDATE ("b") ON "public"."runs" TO "operator";'


def test_a_view_that_takes_no_rows_is_denied() -> None:
    shop = catalog(table("runs", "a", kind="view", insertable=False))
    (finding,) = checked(shop, row("runs", "a")).findings
    assert (finding.id, finding.message) == ("code-denied", "runs is a view that cannot be written to.")
    assert ids(shop, row("runs", "a", verb=Verb.UPDATE)) == []


def test_null_goes_into_no_column_that_must_not_be_null_even_with_a_default() -> None:
    (finding,) = checked(SHOP, row("runs", *WHOLE, written("status", None))).findings
    assert (finding.id, finding.object) == ("code-value-refused", "runs.status")
    assert finding.hint == "Leave it out to get its default."
    assert ids(SHOP, row("runs", *WHOLE, written("note", None))) == []


def test_rows_of_a_bulk_insert_get_null_where_they_leave_a_column_out() -> None:
    (finding,) = checked(SHOP, row("runs", *WHOLE, nulled=("status", "note", "total"))).findings
    assert (finding.id, finding.object) == ("code-value-refused", "runs.status")
    assert "defaultToNull: false" in str(finding.hint)
    assert ids(SHOP, row("runs", "plan", nulled=("user_id",))) == ["code-value-refused runs.user_id"]


def test_a_literal_that_a_check_refuses_is_found_with_the_nearest_word() -> None:
    (finding,) = checked(SHOP, row("runs", *WHOLE, written("status", "runing"))).findings
    assert (finding.id, finding.object) == ("code-value-refused", "runs.status")
    assert finding.message == "runs.status cannot be 'runing': CHECK known refuses it."
    assert finding.hint == "Did you mean running?"


def test_each_literal_that_a_column_may_get_is_judged() -> None:
    values = written("status", "pending", "success", "failed")
    assert ids(SHOP, row("runs", *WHOLE, values)) == ["code-value-refused runs.status"] * 2


def test_two_values_that_a_check_refuses_together_are_found() -> None:
    together = row("runs", *WHOLE, written("kind", "usage"), written("amount", 5))
    (finding,) = checked(SHOP, together).findings
    assert (finding.id, finding.object) == ("code-value-refused", "runs")
    assert finding.message == "CHECK signs of runs refuses kind 'usage' with amount 5."
    assert ids(SHOP, row("runs", *WHOLE, written("kind", "usage"), written("amount", -5))) == []


@pytest.mark.parametrize(
    "kind",
    [
        written("kind", "usage", always=False),
        written("kind", "usage", "grant"),
        written("kind"),
    ],
)
def test_values_that_need_not_come_together_are_not_judged_together(kind: object) -> None:
    assert ids(SHOP, row("runs", *WHOLE, kind, written("amount", 5))) == []  # type: ignore[arg-type]


def test_a_column_that_is_written_in_two_ways_is_not_judged_together_with_others() -> None:
    usage, grant = written("kind", "usage"), written("kind", "grant")
    for two in ((usage, grant), (grant, usage)):
        assert ids(SHOP, row("runs", *WHOLE, *two, written("amount", 5))) == []


def test_what_a_trigger_may_change_before_a_check_is_counted_and_no_finding() -> None:
    runs = table("runs", *RUNS.columns, constraints=RUNS.constraints, triggers=(trigger("BEFORE UPDATE"),))
    writes = (
        row("runs", written("status", "done"), verb=Verb.UPDATE),
        row("runs", written("kind", "usage"), written("amount", 5), verb=Verb.UPDATE),
    )
    found = checked(catalog(runs), *writes)
    assert found.findings == ()
    assert [one.what for one in found.unresolved] == [
        "'done' in runs.status, which trigger filler may change",
        "kind 'usage' with amount 5 in runs, which trigger filler may change",
    ]
    assert ids(catalog(runs), row("runs", written("amount", "x"), verb=Verb.UPDATE)) == [
        "code-value-refused runs.amount"
    ]


def test_the_hint_of_a_check_that_forbids_words_names_none_of_them() -> None:
    runs = table("runs", "status", constraints=(check("status <> 'done'::text"),))
    (finding,) = checked(catalog(runs), row("runs", written("status", "done"))).findings
    assert finding.hint == "The rule is CHECK (status <> 'done'::text)."


def test_a_check_that_is_not_enforced_refuses_nothing() -> None:
    lax = constraint("check", "status", "CHECK ((status = 'a'::text)) NOT ENFORCED")
    shop = catalog(table("runs", "status", constraints=(lax,)))
    assert ids(shop, row("runs", written("status", "b"))) == []


def test_a_domains_check_judges_whatever_a_trigger_does() -> None:
    plan = column(
        "plan",
        "plan_name",
        base_type="text",
        domain_checks=(Check("CHECK ((VALUE = ANY (ARRAY['free'::text, 'pro'::text])))"),),
    )
    runs = table("runs", plan, triggers=(trigger("BEFORE INSERT"),))
    (finding,) = checked(catalog(runs), row("runs", written("plan", "gold"))).findings
    assert finding.message == "runs.plan cannot be 'gold': the CHECK of plan_name refuses it."
    assert finding.hint == "Allowed values: free, pro."


KEYED = table(
    "users",
    "id",
    "email",
    "team",
    "order",
    constraints=(constraint("primary key", "id"),),
    indexes=(
        index("id"),
        index("email team"),
        index("team", unique=False),
        index('"order"'),
        index("lower(email)"),
        index("email", partial=True),
        index("team", valid=False),
    ),
)


@pytest.mark.parametrize("columns", [("id",), ("team", "email"), ("email", "team"), ("order",), ()])
def test_an_upsert_on_the_columns_of_a_unique_index_is_no_finding(columns: tuple[str, ...]) -> None:
    found = checked(catalog(KEYED), upsert_on("users", *columns))
    assert (found.findings, found.unresolved) == ((), ())


@pytest.mark.parametrize("columns", [("email",), ("team",), ("id", "email")])
def test_an_upsert_on_other_columns_is_found(columns: tuple[str, ...]) -> None:
    (finding,) = checked(catalog(KEYED), upsert_on("users", *columns)).findings
    assert (finding.id, finding.object) == ("code-conflict-target", "users")
    assert finding.hint == "It has unique indexes on (email, team), (id), (lower(email)), (order)."


def test_an_upsert_on_an_unknown_column_is_about_the_column() -> None:
    assert ids(catalog(KEYED), upsert_on("users", "slug")) == ["code-unknown-column users.slug"]


def test_upserts_that_nobody_can_judge_are_no_finding() -> None:
    view = table("users", "id", kind="view")
    assert ids(catalog(view), upsert_on("users", "id")) == []
    found = checked(catalog(table("users", "id")), upsert_on("users"))
    assert (len(found.findings), len(found.unresolved)) == (0, 1)
