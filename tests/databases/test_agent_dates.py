"""Agents whose state is told by dates: only what is plainly active runs, and each hint settles it."""

from collections.abc import Callable

import pytest

from support.shop import Shop

RUN = ("run", "seo-blog", "topic=Tea")


def add_date(
    shop: Shop, column: str, kind: str = "timestamptz", others: str = "now() - interval '1 day'"
) -> None:
    """Add a column of dates, which is NULL for the blog's agent and has a value for all others."""
    shop.marketplace.execute(f"ALTER TABLE agents ADD COLUMN {column} {kind}".encode())
    shop.marketplace.execute(f"UPDATE agents SET {column} = {others} WHERE name <> 'SEO Blog'".encode())


def set_date(shop: Shop, column: str, value: str) -> None:
    shop.marketplace.execute(f"UPDATE agents SET {column} = {value} WHERE name = 'SEO Blog'".encode())


def require_refused(shop: Shop, why: str) -> str:
    """Require that the blog's agent is listed as inactive and not run, and return the hint."""
    refused = shop.program(*RUN, "--json")
    error = refused.json["error"]
    assert (refused.exit_code, error["code"]) == (4, "agent_inactive")
    assert error["message"] == f"The agent seo-blog is inactive: its {why}."
    agents = {
        agent["slug"]: agent["active"] for agent in shop.program("agents", "--json").json["data"]["agents"]
    }
    assert agents["seo-blog"] is False
    assert shop.rows() == []
    return str(error["hint"])


def apply_line(shop: Shop, hint: str) -> None:
    section, _, line = hint.rpartition(": ")[2].partition("] ")
    config = shop.program.home / "agentctl.toml"
    config.write_text(f"{config.read_text()}\n{section.replace('NAME', 'test')}]\n{line}\n")


@pytest.mark.parametrize(
    "column", ["archived_at", "disabled_at", '"suspendedAt"', "unpublished_on", "agent_retired_at"]
)
@pytest.mark.parametrize("kind", ["timestamptz", "timestamp", "date"])
def test_an_agent_with_a_date_of_an_end_is_not_run(shop: Shop, column: str, kind: str) -> None:
    shop.marketplace.execute(f"ALTER TABLE agents ADD COLUMN {column} {kind}".encode())
    assert shop.program(*RUN).exit_code == 0
    shop.marketplace.execute("DELETE FROM credit_transactions WHERE execution_id IS NOT NULL")
    shop.marketplace.execute("DELETE FROM agent_executions")

    set_date(shop, column, "now()")

    name = column.strip('"')
    apply_line(shop, require_refused(shop, f"{name} is set"))
    assert shop.program(*RUN).exit_code == 0


@pytest.mark.parametrize("column", ["published_at", '"publishedAt"', "released_on", "live_since", "launched"])
def test_an_agent_that_is_not_published_yet_is_not_run(shop: Shop, column: str) -> None:
    add_date(shop, column)
    name = column.strip('"')

    require_refused(shop, f"{name} is empty or still to come")
    set_date(shop, column, "now() + interval '1 hour'")
    hint = require_refused(shop, f"{name} is empty or still to come")
    set_date(shop, column, "'infinity'")
    require_refused(shop, f"{name} is empty or still to come")
    set_date(shop, column, "now() - interval '1 minute'")
    assert shop.program(*RUN).exit_code == 0

    set_date(shop, column, "NULL")
    apply_line(shop, hint)
    assert shop.program(*RUN).exit_code == 0


@pytest.mark.parametrize(("zone", "exit_code"), [(None, 4), ("America/Los_Angeles", 0), ("Asia/Tokyo", 0)])
def test_a_date_without_a_zone_counts_when_it_is_past_there(
    shop_with: Callable[..., Shop], zone: str | None, exit_code: int
) -> None:
    shop = shop_with(more=f'[profiles.test.schema]\ntimezone = "{zone}"' if zone else "")
    add_date(shop, "published_at", "timestamp")
    local = f"now() AT TIME ZONE '{zone or 'UTC'}'"

    set_date(shop, "published_at", f"{local} - interval '1 minute'")
    assert shop.program(*RUN).exit_code == exit_code
    set_date(shop, "published_at", f"{local} + interval '1 hour'")
    assert shop.program(*RUN).exit_code == 4
    set_date(shop, "published_at", f"{local} - interval '1 day'")
    assert shop.program(*RUN).exit_code == 0


def test_all_dates_and_the_flag_have_to_agree(shop: Shop) -> None:
    add_date(shop, "published_at")
    add_date(shop, "archived_at", others="NULL")
    add_date(shop, "disabled_at", others="NULL")
    set_date(shop, "published_at", "now() - interval '1 day'")
    set_date(shop, "disabled_at", "now()")

    hint = require_refused(shop, "disabled_at is set")
    assert hint.endswith('inactive_from = ["archived_at"]')
    apply_line(shop, hint)
    assert shop.program(*RUN).exit_code == 0
    set_date(shop, "archived_at", "now()")
    assert shop.program(*RUN).exit_code == 4
    set_date(shop, "archived_at", "NULL")
    shop.marketplace.execute("UPDATE agents SET is_active = false")
    assert shop.program(*RUN).exit_code == 4


@pytest.mark.parametrize(
    "column", ["last_published_at", "updated_at_2", "published_by_at", "price_archived_at", "reviewed_at"]
)
def test_a_date_of_something_else_changes_nothing(shop: Shop, column: str) -> None:
    add_date(shop, column)
    assert shop.program(*RUN).exit_code == 0
    set_date(shop, column, "now()")
    assert shop.program(*RUN).exit_code == 0


def test_the_configuration_names_dates_that_nobody_would_guess(shop_with: Callable[..., Shop]) -> None:
    shop = shop_with(
        more='[profiles.test.schema.agents]\nactive_from = ["born"]\ninactive_from = ["gone_fishing"]'
    )
    add_date(shop, "born")
    add_date(shop, "gone_fishing", others="NULL")

    require_refused(shop, "born is empty or still to come")
    set_date(shop, "born", "now() - interval '1 day'")
    assert shop.program(*RUN).exit_code == 0
    set_date(shop, "gone_fishing", "now()")
    assert shop.program(*RUN).exit_code == 4


def test_a_date_that_does_not_exist_is_refused(shop_with: Callable[..., Shop]) -> None:
    shop = shop_with(more='[profiles.test.schema.agents]\nactive_from = ["born"]')

    refused = shop.program(*RUN, "--json")

    assert (refused.exit_code, refused.json["error"]["code"]) == (3, "column_missing")
    assert "born" in refused.json["error"]["message"]


def test_init_writes_the_dates_into_the_configuration(shop: Shop) -> None:
    add_date(shop, "published_at")
    add_date(shop, "archived_at")

    suggested = shop.program("schema-check", "--suggest").stdout

    assert 'active_from = ["published_at"]' in suggested
    assert 'inactive_from = ["archived_at"]' in suggested
