"""Agents whose state is a word: only what is plainly active runs, and an unknown word is asked about."""

from collections.abc import Callable
from typing import LiteralString

import pytest

from support.shop import Shop

RUN = ("run", "seo-blog", "topic=Tea")


def give_state(shop: Shop, column: LiteralString, kind: LiteralString, word: str) -> None:
    """Add a column of states in which all other agents are published, and give the blog's agent a word."""
    shop.marketplace.execute("ALTER TABLE agents ADD COLUMN " + column + " " + kind)
    shop.marketplace.execute("UPDATE agents SET " + column + " = 'published'")
    shop.marketplace.execute("UPDATE agents SET " + column + " = %s WHERE name = 'SEO Blog'", (word,))


TEXT: LiteralString = "text NOT NULL DEFAULT 'draft'"
CHECKED: LiteralString = "text CHECK (status IN ('draft', 'pending_review', 'published', 'archived'))"


@pytest.mark.parametrize("kind", [TEXT, CHECKED], ids=["any text", "a CHECK"])
@pytest.mark.parametrize("word", ["draft", "pending_review", "archived"])
def test_an_agent_that_is_not_for_sale_is_not_run(shop: Shop, kind: LiteralString, word: str) -> None:
    give_state(shop, "status", kind, word)

    refused = shop.program(*RUN, "--json")

    assert refused.exit_code == 4
    assert refused.json["error"]["code"] == "agent_inactive"
    assert refused.json["error"]["message"] == f"The agent seo-blog is {word}."
    assert shop.rows() == []
    agents = {agent["slug"]: agent for agent in shop.program("agents", "--json").json["data"]["agents"]}
    assert (agents["seo-blog"]["active"], agents["seo-blog"]["state"]) == (False, word)
    assert (agents["plain"]["active"], agents["plain"]["state"]) == (True, "published")


@pytest.mark.parametrize("kind", [TEXT, CHECKED], ids=["any text", "a CHECK"])
def test_a_published_agent_is_run_unless_its_flag_says_otherwise(shop: Shop, kind: LiteralString) -> None:
    give_state(shop, "status", kind, "published")

    assert shop.program(*RUN).exit_code == 0

    shop.marketplace.execute("UPDATE agents SET is_active = false WHERE name = 'SEO Blog'")
    assert shop.program(*RUN).exit_code == 4


def test_an_unknown_word_is_asked_about_and_the_hint_settles_it(shop: Shop) -> None:
    give_state(shop, "lifecycle", TEXT, "ga")

    refused = shop.program(*RUN, "--json")
    assert (refused.exit_code, refused.json["error"]["message"]) == (4, "The agent seo-blog is ga.")
    line = refused.json["error"]["hint"].rpartition("run: ")[2]
    config = shop.program.home / "agentctl.toml"
    config.write_text(f"{config.read_text()}\n{line.replace('NAME', 'test').replace('] ', ']' + chr(10))}\n")

    assert shop.program(*RUN).exit_code == 0


@pytest.mark.parametrize("kind", ["smallint NOT NULL DEFAULT 0", "integer CHECK (state < 5)", "bigint"])
def test_of_numbered_states_none_runs_until_one_is_told(shop: Shop, kind: LiteralString) -> None:
    shop.marketplace.execute("ALTER TABLE agents DROP COLUMN is_active")
    shop.marketplace.execute("ALTER TABLE agents ADD COLUMN state " + kind)
    shop.marketplace.execute("UPDATE agents SET state = CASE WHEN name = 'SEO Blog' THEN 2 ELSE 1 END")

    refused = shop.program(*RUN, "--json")
    assert (refused.exit_code, refused.json["error"]["message"]) == (4, "The agent seo-blog is 2.")
    assert shop.rows() == []
    line = refused.json["error"]["hint"].rpartition("run: ")[2]
    config = shop.program.home / "agentctl.toml"
    config.write_text(f"{config.read_text()}\n{line.replace('NAME', 'test').replace('] ', ']' + chr(10))}\n")

    assert shop.program(*RUN).exit_code == 0
    assert shop.program("run", "plain").exit_code == 4


def test_the_configuration_may_name_the_column(shop_with: Callable[..., Shop]) -> None:
    shop = shop_with(more='[profiles.test.schema.agents]\nstate = "phase"\nstates = { active = "three" }')
    give_state(shop, "phase", TEXT, "two")

    assert shop.program(*RUN).exit_code == 4
    shop.marketplace.execute("UPDATE agents SET phase = 'THREE'")
    assert shop.program(*RUN).exit_code == 0


def test_words_that_say_nothing_of_a_sale_change_nothing(shop: Shop) -> None:
    shop.marketplace.execute(
        "ALTER TABLE agents ADD COLUMN status text DEFAULT 'idle'; "
        "UPDATE agents SET status = 'busy' WHERE name = 'Plain'"
    )

    assert shop.program(*RUN).exit_code == 0
