"""Relationships that a select embeds, by PostgREST's rules."""

import pytest
from msgspec.structs import replace

from agentctl.core.catalog.introspection import Catalog
from agentctl.core.code_check.reading.uses import Embedded
from support.catalogs import argument, catalog, column, constraint, function, key, table
from support.uses import checked, column_of, embed, ids, migrations, named

USERS = table("users", "id", "email", "manager_id", constraints=(key("manager", "manager_id", "users"),))
AGENTS = table("agents", "id", "owner_id", constraints=(key("agents_owner_fkey", "owner_id", "users"),))
RUNS = table(
    "runs",
    "id",
    "agent_id",
    "user_id",
    "payer_id",
    constraints=(
        key("runs_agent_fkey", "agent_id", "agents"),
        key("runs_user_fkey", "user_id", "users"),
        key("runs_payer_fkey", "payer_id", "users"),
        key("runs_auth_fkey", "id", "auth.identities"),
    ),
)
TAGS = table("tags", "id", "label")
TAGGED = table(
    "agent_tags",
    "agent_id",
    "tag_id",
    constraints=(
        key("tagged_agent", "agent_id", "agents"),
        key("tagged_tag", "tag_id", "tags"),
        constraint("primary key", "agent_id tag_id"),
    ),
)
REPORT = table("report", "id", "agent_id", kind="view")
SHOP = catalog(USERS, AGENTS, RUNS, TAGS, TAGGED, REPORT, table("identities", "id", schema="auth"))


@pytest.mark.parametrize(
    ("parent", "target", "hint"),
    [
        ("runs", "agents", None),
        ("agents", "runs", None),
        ("runs", "runs_agent_fkey", None),
        ("runs", "agent_id", None),
        ("runs", "agents", "runs_agent_fkey"),
        ("runs", "agents", "agent_id"),
        ("runs", "agents", "id"),
        ("agents", "runs", "agent_id"),
        ("runs", "users", "runs_user_fkey"),
        ("users", "runs", "payer_id"),
        ("agents", "tags", None),
        ("tags", "agents", "agent_tags"),
        ("agents", "agent_tags", None),
        ("users", "users", None),
        ("users", "manager_id", None),
        ("users", "users", "manager_id"),
        ("users", "users", "manager"),
    ],
)
def test_a_relationship_that_postgrest_finds_is_no_finding(
    parent: str, target: str, hint: str | None
) -> None:
    assert ids(SHOP, embed(parent, target, hint)) == []


@pytest.mark.parametrize(
    ("parent", "target", "hint"),
    [
        ("runs", "tags", None),
        ("runs", "nothing", None),
        ("tags", "users", None),
        ("agents", "runs", "nothing"),
        ("tags", "tags", None),
        ("runs", "identities", None),
    ],
)
def test_a_relationship_that_is_missing_is_found(parent: str, target: str, hint: str | None) -> None:
    assert ids(SHOP, embed(parent, target, hint)) == [f"code-relationship {parent}.{target}"]


def hint_of(catalog: Catalog, *embedded: str) -> str | None:
    (finding,) = checked(catalog, embed(*embedded)).findings
    return finding.hint


def test_the_hint_of_a_missing_relationship_says_what_is_there() -> None:
    assert hint_of(SHOP, "runs", "agent") == "Did you mean agents?"
    assert hint_of(SHOP, "agents", "runs", "nothing") == "Write runs!runs_agent_fkey."
    assert hint_of(SHOP, "tags", "users") == "Add a foreign key between tags and users."
    assert hint_of(SHOP, "runs", "identities") == (
        "runs_auth_fkey refers to auth.identities, but PostgREST only joins tables within one schema."
    )


def test_several_foreign_keys_between_two_tables_are_ambiguous_and_all_spelled_out() -> None:
    (finding,) = checked(SHOP, embed("runs", "users")).findings
    assert (finding.id, finding.object) == ("code-relationship", "runs.users")
    assert (
        finding.message == "runs has 2 relationships with users, and PostgREST does not choose between them."
    )
    assert finding.hint == "Write users!runs_user_fkey or users!runs_payer_fkey."
    assert ids(SHOP, embed("users", "runs")) == ["code-relationship users.runs"]


def test_a_foreign_key_and_a_junction_are_ambiguous() -> None:
    agents = table("agents", "id", "tag_id", constraints=(key("main_tag", "tag_id", "tags"),))
    assert hint_of(catalog(agents, TAGS, TAGGED), "agents", "tags") == (
        "Write tags!main_tag or tags!agent_tags."
    )


def test_the_partitions_of_a_junction_make_nothing_ambiguous() -> None:
    parts = [replace(TAGGED, name=f"agent_tags_{n}") for n in (1, 2)]
    whole = table(
        "agent_tags", "agent_id", "tag_id", constraints=TAGGED.constraints, kind="partitioned table"
    )
    assert ids(catalog(AGENTS, USERS, TAGS, whole, *parts), embed("agents", "tags")) == []


def test_a_junction_whose_primary_key_lacks_a_foreign_key_is_none() -> None:
    loose = table("loose", "id", "agent_id", "tag_id", constraints=TAGGED.constraints[:2])
    assert ids(catalog(AGENTS, USERS, TAGS, loose), embed("agents", "tags")) == [
        "code-relationship agents.tags"
    ]


def test_two_foreign_keys_to_the_table_itself_are_ambiguous() -> None:
    both = (key("manager", "manager_id", "users"), key("mentor", "mentor_id", "users"))
    users = table("users", "id", "manager_id", "mentor_id", constraints=both)
    assert ids(catalog(users), embed("users", "users")) == ["code-relationship users.users"]
    good = (embed("users", "mentor_id"), embed("users", "users", "mentor"), embed("users", "users", "id"))
    assert ids(catalog(users), *good) == []


def test_a_table_that_has_the_name_of_one_in_another_schema_is_not_related() -> None:
    profiles = table("profiles", "id", constraints=(key("profiles_id_fkey", "id", "auth.users"),))
    shop = catalog(profiles, table("users", "id"), table("users", "id", schema="auth"))
    assert ids(shop, embed("profiles", "users")) == ["code-relationship profiles.users"]


@pytest.mark.parametrize(("parent", "target"), [("report", "agents"), ("agents", "report"), ("report", "x")])
def test_relationships_of_views_are_counted_and_not_judged(parent: str, target: str) -> None:
    found = checked(SHOP, embed(parent, target))
    assert found.findings == ()
    assert [one.what for one in found.unresolved] == [f"relationship of {parent} with {target}"]


def test_columns_of_an_embedded_view_are_judged() -> None:
    source = Embedded(named("agents"), "report")
    assert ids(SHOP, column_of(source, column="agent_id")) == []
    assert ids(SHOP, column_of(source, column="nome")) == ["code-unknown-column report.nome"]


def test_columns_behind_a_missing_relationship_are_not_judged() -> None:
    assert ids(SHOP, column_of(Embedded(named("runs"), "tags"), column="x")) == []


@pytest.mark.parametrize("type_", ["runs", "public.runs"])
def test_a_function_of_a_row_is_a_relationship(type_: str) -> None:
    made = function("tags_of", argument("", type_), returns="SETOF tags")
    shop = catalog(RUNS, TAGS, made)
    assert ids(shop, embed("runs", "tags_of")) == []
    assert ids(shop, column_of(Embedded(named("runs"), "tags_of"), column="label")) == []
    assert ids(shop, column_of(Embedded(named("runs"), "tags_of"), column="nome")) == [
        "code-unknown-column tags.nome"
    ]


def test_in_a_partial_baseline_no_relationship_is_missing() -> None:
    assert ids(SHOP, embed("runs", "tags"), whole=False) == []


def test_a_related_table_that_a_migration_creates_is_a_warning() -> None:
    planned = migrations("CREATE TABLE public.reviews (id uuid);")
    assert ids(SHOP, embed("runs", "reviews"), planned=lambda: planned) == ["code-migration-pending reviews"]


def test_a_table_without_known_columns_has_relationships_that_nobody_knows() -> None:
    assert ids(catalog(table("runs"), TAGS), embed("runs", "tags")) == []
    assert ids(catalog(table("runs", column("id")), TAGS), embed("runs", "tags")) == [
        "code-relationship runs.tags"
    ]
