"""Agents that have versions: one is listed and run, the execution names it, and nothing is there twice."""

from typing import Any, LiteralString

import pytest

from agentctl.core.config.profiles import load_profile
from agentctl.core.database.connection import read_database_url
from agentctl.core.errors import Refused
from agentctl.core.running import preparation
from support.executions import SEO_BLOG, balance, plant
from support.shop import ARTICLE, Shop
from support.webhook_server import Reply

RUN = ("run", "seo-blog", "topic=Tea")
VERSIONED: LiteralString = """
ALTER TABLE agent_executions DROP CONSTRAINT agent_executions_agent_id_fkey;
ALTER TABLE agents DROP CONSTRAINT agents_pkey CASCADE;
ALTER TABLE agents ADD COLUMN version {kind} NOT NULL DEFAULT {first}, ADD PRIMARY KEY (id, version);
"""
NAMED: LiteralString = """
ALTER TABLE agent_executions ADD COLUMN agent_version {kind} NOT NULL DEFAULT {first};
ALTER TABLE agent_executions ADD FOREIGN KEY (agent_id, agent_version) REFERENCES agents (id, version);
"""


@pytest.fixture
def versioned(shop: Shop) -> Shop:
    """Give the agents versions, to which executions refer with them."""
    give_versions(shop)
    return shop


def give_versions(shop: Shop, *, kind: str = "integer", first: str = "1", named: bool = True) -> None:
    text = (VERSIONED + (NAMED if named else "")).format(kind=kind, first=first)
    shop.marketplace.execute(text.encode())


def add_version(
    shop: Shop, version: object, *, price: int, active: bool = True, name: str = "SEO Blog"
) -> None:
    """Add a version of the blog's agent, with a webhook of its own that answers."""
    path = shop.webhook.script(f"/webhook/{version}", Reply.json(ARTICLE))
    shop.marketplace.execute(
        "INSERT INTO agents (id, version, name, credit_cost, is_active, webhook_url) "
        "VALUES (%s, %s, %s, %s, %s, %s)",
        (SEO_BLOG, version, name, price, active, path),
    )


def list_blog(shop: Shop) -> list[tuple[Any, ...]]:
    """Return price and state of each agent with the blog's id, as `agents` lists them."""
    listed = shop.program("agents", "--json").json["data"]["agents"]
    return [(agent["price"], agent["active"]) for agent in listed if agent["id"] == str(SEO_BLOG)]


def retire(shop: Shop, *versions: object) -> None:
    for version in versions:
        shop.marketplace.execute(
            "UPDATE agents SET is_active = false WHERE id = %s AND version = %s", (SEO_BLOG, version)
        )


def run_version(shop: Shop, *, cost: int) -> Any:
    """Run the blog's agent, require its cost, and return the version that the execution names."""
    done = shop.run_json("seo-blog", "topic=Tea")
    assert done["data"]["credits"]["charged"] == cost
    assert balance(shop.marketplace) == 100 - cost
    (row,) = shop.rows()
    return row.get("agent_version")


def test_the_only_active_version_is_listed_run_and_named(versioned: Shop) -> None:
    add_version(versioned, 2, price=12)
    add_version(versioned, 3, price=13)
    retire(versioned, 1, 3)

    assert list_blog(versioned) == [(12, True)]
    assert run_version(versioned, cost=12) == 2
    assert [request.path for request in versioned.webhook.requests] == ["/webhook/2"]


@pytest.mark.parametrize("versions", [(2, 10), (10, 2)])
def test_of_several_active_versions_the_newest_runs(versioned: Shop, versions: tuple[int, int]) -> None:
    for version in versions:
        add_version(versioned, version, price=version)

    assert list_blog(versioned) == [(10, True)]
    assert run_version(versioned, cost=10) == 10


def test_an_agent_without_an_active_version_is_listed_once_and_refused(versioned: Shop) -> None:
    add_version(versioned, 2, price=12, active=False)
    retire(versioned, 1)

    assert list_blog(versioned) == [(12, False)]
    refused = versioned.program(*RUN, "--json")
    assert (refused.exit_code, refused.json["error"]["code"]) == (4, "agent_inactive")
    assert versioned.rows() == []


def test_history_names_each_execution_once_and_by_its_own_version(versioned: Shop) -> None:
    add_version(versioned, 2, price=12, name="SEO Blog Two")
    old = str(plant(versioned.marketplace, agent_version=1))
    new = str(plant(versioned.marketplace, agent_version=2))

    for args in (("history",), ("history", "--all"), ("history", "--agent", str(SEO_BLOG))):
        listed = versioned.program(*args, "--json").json["data"]["executions"]
        names = {execution["id"]: execution["agent"]["name"] for execution in listed}
        assert (len(listed), names) == (2, {old: "SEO Blog", new: "SEO Blog Two"})
    whole = versioned.program("history", old, "--json").json["data"]
    assert whole["execution"]["agent"]["name"] == "SEO Blog"
    assert versioned.program("history", "--json", "--stats").json["data"]["executions"] == 2


def test_a_version_that_is_gone_leaves_the_agents_name(versioned: Shop) -> None:
    versioned.marketplace.execute(
        "ALTER TABLE agent_executions DROP CONSTRAINT agent_executions_agent_id_agent_version_fkey"
    )
    plant(versioned.marketplace, agent_version=7)

    (listed,) = versioned.program("history", "--json").json["data"]["executions"]

    assert listed["agent"]["name"] == "SEO Blog"


def test_executions_that_name_no_version_are_listed_once(shop: Shop) -> None:
    give_versions(shop, named=False)
    add_version(shop, 2, price=12, name="SEO Blog")

    assert run_version(shop, cost=12) is None
    (listed,) = shop.program("history", "--json").json["data"]["executions"]
    assert listed["agent"]["name"] == "SEO Blog"


@pytest.mark.parametrize(
    ("kind", "first", "versions"),
    [
        ("text", "'1.9'", ("1.10", "1.8")),
        ("uuid", "'ffffffff-0000-4000-8000-000000000000'", ("00000000-0000-4000-8000-000000000002", None)),
    ],
)
def test_of_versions_without_an_order_the_one_made_last_runs(
    shop: Shop, kind: str, first: str, versions: tuple[str, str | None]
) -> None:
    give_versions(shop, kind=kind, first=first)
    newest, other = versions
    if other is not None:
        add_version(shop, other, price=8)
    shop.marketplace.execute("UPDATE agents SET created_at = now() - interval '1 day'")
    add_version(shop, newest, price=12)

    assert list_blog(shop) == [(12, True)]
    assert run_version(shop, cost=12) == newest


def test_a_flag_tells_the_latest_version(shop: Shop) -> None:
    give_versions(shop, kind="text", first="'1.9'")
    shop.marketplace.execute("ALTER TABLE agents ADD COLUMN is_latest boolean NOT NULL DEFAULT true")
    shop.marketplace.execute("UPDATE agents SET is_latest = false WHERE id = %s", (SEO_BLOG,))
    add_version(shop, "1.10", price=12)

    assert run_version(shop, cost=12) == "1.10"


def test_without_any_order_nothing_runs_and_each_line_of_the_hint_settles_it(shop: Shop) -> None:
    give_versions(shop, kind="text", first="'1.9'")
    shop.marketplace.execute("ALTER TABLE agents RENAME created_at TO born")
    shop.marketplace.execute("ALTER TABLE agents ADD COLUMN newest boolean NOT NULL DEFAULT true")
    shop.marketplace.execute("UPDATE agents SET newest = false, born = now() - interval '1 day'")
    add_version(shop, "1.10", price=12)

    refused = shop.program(*RUN, "--json")
    assert (refused.exit_code, refused.json["error"]["code"]) == (3, "version_unordered")
    assert shop.program("agents").exit_code == shop.program("history").exit_code == 0
    found = {
        item["id"]: item["hint"] for item in shop.program("schema-check", "--json").json["data"]["findings"]
    }
    lines = [line.strip() for line in found["version-unordered"].splitlines()[1:]]

    config = shop.program.home / "agentctl.toml"
    plain = config.read_text()
    for line, column in zip(lines, ("born", "newest"), strict=True):
        config.write_text(f"{plain}\n[profiles.test.schema.agents]\n{line.replace('COLUMN', column)}\n")
        assert list_blog(shop) == [(12, True)]
    assert run_version(shop, cost=12) == "1.10"


def test_other_names_are_recognised_by_their_keys(shop: Shop) -> None:
    give_versions(shop)
    for statement in (
        "ALTER TABLE agent_executions RENAME agent_id TO graph_ref",
        "ALTER TABLE agent_executions RENAME agent_version TO graph_rev",
        "ALTER TABLE agents RENAME version TO revision",
    ):
        shop.marketplace.execute(statement.encode())
    shop.marketplace.execute(
        "INSERT INTO agents (id, revision, name, credit_cost, webhook_url) "
        "SELECT id, 2, name, 12, webhook_url FROM agents WHERE id = %s",
        (SEO_BLOG,),
    )

    done = shop.run_json("seo-blog", "topic=Tea")

    assert done["data"]["credits"]["charged"] == 12
    assert [(row["graph_ref"], row["graph_rev"]) for row in shop.rows()] == [(str(SEO_BLOG), 2)]


def test_a_tenant_beside_the_id_is_no_version(shop: Shop) -> None:
    for statement in (
        "ALTER TABLE agent_executions DROP CONSTRAINT agent_executions_agent_id_fkey",
        "ALTER TABLE agents DROP CONSTRAINT agents_pkey CASCADE",
        "ALTER TABLE agents ADD COLUMN tenant_id integer NOT NULL DEFAULT 1, ADD PRIMARY KEY (tenant_id, id)",
    ):
        shop.marketplace.execute(statement.encode())

    assert run_version(shop, cost=10) is None


def test_a_version_that_is_activated_meanwhile_is_not_charged(versioned: Shop) -> None:
    config = versioned.program.home / "agentctl.toml"
    profile = load_profile(config=config, profile="test", environment={}, needs_database=True)
    with read_database_url(versioned.marketplace.url, source="test").connect() as connection:
        request = preparation.RunRequest("seo-blog", items=("topic=Tea",))
        prepared = preparation.prepare(connection, profile, request, ask=None)
        add_version(versioned, 2, price=10)
        with pytest.raises(Refused) as refused:
            preparation.require_unchanged(connection, prepared)

    assert refused.value.code == "agent_version_changed"


def test_a_table_of_versions_beside_the_agents_changes_nothing(shop: Shop) -> None:
    shop.marketplace.execute(
        "CREATE TABLE agent_versions (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), "
        "agent_id uuid NOT NULL REFERENCES agents, version integer NOT NULL, UNIQUE (agent_id, version))"
    )
    shop.marketplace.execute("INSERT INTO agent_versions (agent_id, version) SELECT id, 1 FROM agents")
    shop.marketplace.execute("INSERT INTO agent_versions (agent_id, version) SELECT id, 2 FROM agents")

    assert list_blog(shop) == [(10, True)]
    assert run_version(shop, cost=10) is None


def test_where_executions_refer_to_versions_with_ids_of_their_own_the_id_names_one(shop: Shop) -> None:
    for statement in (
        "ALTER TABLE agents RENAME TO agent_versions",
        "ALTER TABLE agent_versions ADD COLUMN version integer NOT NULL DEFAULT 1",
        "CREATE TABLE agents (id uuid PRIMARY KEY, name text)",
    ):
        shop.marketplace.execute(statement.encode())
    shop.marketplace.execute(
        "INSERT INTO agent_versions (name, version, credit_cost, webhook_url) "
        "SELECT name, 2, 12, webhook_url FROM agent_versions WHERE name = 'SEO Blog'"
    )
    config = shop.program.home / "agentctl.toml"
    config.write_text(f'{config.read_text()}\n[profiles.test.schema.agents]\ntable = "agent_versions"\n')

    refused = shop.program(*RUN, "--json")
    done = shop.run_json(str(SEO_BLOG), "topic=Tea")

    assert (refused.exit_code, refused.json["error"]["code"]) == (4, "agent_ambiguous")
    assert done["data"]["credits"]["charged"] == 10


def test_a_configuration_that_init_writes_keeps_the_versions(versioned: Shop) -> None:
    add_version(versioned, 2, price=12)
    config = versioned.program.home / "agentctl.toml"
    suggested = versioned.program("schema-check", "--suggest").stdout
    assert 'version = "version"' in suggested
    config.write_text(config.read_text() + suggested.replace("[profiles.test]", ""))

    assert run_version(versioned, cost=12) == 2


def test_the_configuration_may_say_that_there_are_no_versions(versioned: Shop) -> None:
    config = versioned.program.home / "agentctl.toml"
    config.write_text(f'{config.read_text()}\n[profiles.test.schema.agents]\nversion = ""\n')

    assert run_version(versioned, cost=10) == 1  # the column's default
