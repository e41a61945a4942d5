"""Agents whose price has a name that nobody knows: the columns that may be it are offered, none is taken."""

from typing import LiteralString

import pytest

from support.shop import Shop

PRICES: dict[str, tuple[LiteralString, str]] = {
    "a plain word": ("pinch", "pinch"),
    "quoted": ('"runPinch"', "runPinch"),
    "foreign": ("hinta", "hinta"),
    "a word that needs quotes in TOML": ('"per ""run"""', 'per "run"'),
}
SECTION = "[profiles.test.schema.agents]"


def rename_price(shop: Shop, name: LiteralString) -> None:
    shop.marketplace.execute("ALTER TABLE agents RENAME credit_cost TO " + name)


def find_hint(shop: Shop) -> str:
    """Return the hint of schema-check about the price; empty where it finds nothing wrong with it."""
    findings = shop.program("schema-check", "--json").json["data"]["findings"]
    said = ("column for the price", "be its price")
    return "".join(item["hint"] for item in findings if any(text in item["message"] for text in said))


@pytest.mark.parametrize("name", PRICES)
def test_the_columns_that_may_be_the_price_are_offered_and_the_line_is_followed(
    shop: Shop, name: str
) -> None:
    column, plain = PRICES[name]
    rename_price(shop, column)
    shop.marketplace.execute("ALTER TABLE agents ADD COLUMN sort_order integer, ADD COLUMN max_tokens bigint")

    for options in ((), ("--dry-run",)):
        refused = shop.run_json("seo-blog", "topic=Tea", *options, exit_code=4)["error"]
        assert refused["code"] == "agent_without_price"
    first, line, rest = refused["hint"].splitlines()
    assert first == f"If it is the price, put the line into {SECTION}:"
    assert "[profiles.test.agents." in rest
    assert SECTION.replace("test", "NAME") in find_hint(shop).splitlines()[0]
    assert line in find_hint(shop).splitlines()
    assert shop.rows() == []

    config = shop.program.home / "agentctl.toml"
    config.write_text(f"{config.read_text()}\n{SECTION}\n{line.strip()}\n")

    assert find_hint(shop) == ""
    assert shop.run_json("seo-blog", "topic=Tea")["data"]["credits"]["charged"] == 10
    assert plain in line.replace('\\"', '"')
    assert shop.balances_agree()


def test_each_of_several_is_offered(shop: Shop) -> None:
    rename_price(shop, "pinch")
    shop.marketplace.execute("ALTER TABLE agents ADD COLUMN margin numeric DEFAULT 0.5, ADD rating numeric")

    hint = shop.run_json("seo-blog", "topic=Tea", exit_code=4)["error"]["hint"]

    assert hint.splitlines()[:3] == [
        f"If one of them is the price, put one of these lines into {SECTION}:",
        '  price = "pinch"',
        '  price = "margin"',
    ]
    assert "rating" not in hint


def test_where_no_number_is_left_the_price_of_each_agent_is_asked_for(shop: Shop) -> None:
    shop.marketplace.execute("ALTER TABLE agents DROP COLUMN credit_cost")

    hint = shop.run_json("seo-blog", "topic=Tea", exit_code=4)["error"]["hint"]

    assert hint.startswith(
        f'Name the column, {SECTION} price = "COLUMN", or set price = 10 in [profiles.test'
    )
    assert "name each agent's price" in find_hint(shop)


def test_an_agent_without_a_price_in_a_column_of_prices_is_asked_for_its_own(shop: Shop) -> None:
    shop.marketplace.execute("ALTER TABLE agents ALTER credit_cost DROP NOT NULL")
    shop.marketplace.execute("UPDATE agents SET credit_cost = NULL")

    hint = shop.run_json("seo-blog", "topic=Tea", exit_code=4)["error"]["hint"]

    assert hint.startswith("Set price = 10 in [profiles.test.agents.")
