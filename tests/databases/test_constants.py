"""Constants of the configuration: fixed values, and templates that are filled in for each row."""

from collections.abc import Callable

import pytest

from support.shop import Shop

SESSION = 'executions.constant.session_id = "agentctl-{execution}"'


def require_session(shop: Shop) -> None:
    shop.marketplace.execute("ALTER TABLE agent_executions ADD COLUMN session_id text NOT NULL UNIQUE")


def test_a_template_fills_a_column_that_must_be_unique(shop_with: Callable[..., Shop]) -> None:
    shop = shop_with(more=f"[profiles.test.schema]\n{SESSION}")
    require_session(shop)

    assert [shop.run("seo-blog", "topic=Tea").exit_code for _ in range(2)] == [0, 0]

    assert all(row["session_id"] == f"agentctl-{row['id']}" for row in shop.rows())


def test_a_template_names_user_agent_and_time(shop_with: Callable[..., Shop]) -> None:
    shop = shop_with(
        more="[profiles.test.schema.executions.constant]\ntrace = '{user}/{agent}/{now} {\"a\":1}'"
    )
    shop.marketplace.execute("ALTER TABLE agent_executions ADD COLUMN trace text NOT NULL")

    assert shop.run("seo-blog", "topic=Tea").exit_code == 0

    (row,) = shop.rows()
    user, agent, rest = row["trace"].split("/")
    assert (user, agent) == (row["user_id"], row["agent_id"])
    assert rest.startswith("2")
    assert rest.endswith('Z {"a":1}')


def test_the_hint_for_a_unique_column_is_a_template_that_works(shop: Shop) -> None:
    require_session(shop)
    assert shop.run("seo-blog", "topic=Tea").exit_code == 3
    findings = shop.program("schema-check", "--json").json["data"]["findings"]

    (hint,) = [finding["hint"] for finding in findings if finding["id"] == "column-unfilled"]
    section, _, line = hint.removeprefix("Set its value: ").replace("NAME", "test").partition("] ")
    config = shop.program.home / "agentctl.toml"
    config.write_text(f"{config.read_text()}\n{section}]\n{line}\n")

    assert [shop.run("seo-blog", "topic=Tea").exit_code for _ in range(2)] == [0, 0]


@pytest.mark.parametrize("name", ["exection", "id"])
def test_a_name_that_nothing_fills_in_is_a_mistake_in_the_configuration(
    shop_with: Callable[..., Shop], name: str
) -> None:
    shop = shop_with(more=f'[profiles.test.schema.executions.constant]\nx = "{{{name}}}"')

    refused = shop.program("history")

    assert refused.exit_code == 3
    assert f"{{{name}}}" in refused.stderr
    assert "{execution}" in refused.stderr
