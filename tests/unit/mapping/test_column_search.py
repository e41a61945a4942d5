"""Columns without a usual name are found by words, shape and what is left; money is never guessed."""

from collections.abc import Iterable

import pytest

from agentctl.core.catalog.introspection import Column, Grant, Table
from agentctl.core.mapping.column_search import Choices, Search, search_columns
from support.catalogs import check, column, constraint, index, table


def search(role: str, *parts: str, columns: Iterable[Column], checks: Iterable[str] = ()) -> Choices:
    constraints = (constraint("primary key", "id"), *(check(text) for text in checks))
    return search_columns(Search(role, table("things", *columns, constraints=constraints), parts))


def number(name: str, **others: object) -> Column:
    return column(name, "integer", **others)


def test_words_tell_which_number_is_the_balance() -> None:
    columns = [number("login_count"), number("ai_credits_balance"), number("max_seats"), number("version")]

    assert search("balances", "balance", columns=columns).fits["balance"].column == "ai_credits_balance"


@pytest.mark.parametrize(
    "name",
    [
        "reserved_credits",
        "credit_limit",
        "lifetime_credits",
        "total_spent",
        "current_streak",
        "frozen_balance",
        "bonus_points",
        "retry_count",
        "xyzzy",
        "credits_xyzzy",
    ],
)
def test_a_number_that_may_be_something_else_is_no_balance(name: str) -> None:
    columns = [number(name, nullable=False, default="0")]

    assert not search("balances", "balance", columns=columns, checks=[f"{name} >= 0"]).fits


@pytest.mark.parametrize(
    "name", ["price_usd", "cost_per_token", "success_rate", "max_tokens", "list_price_eur", "position"]
)
def test_a_number_that_is_no_price_in_credits_is_no_price(name: str) -> None:
    assert not search("agents", "price", columns=[number(name, nullable=False)]).fits


def test_a_price_in_a_currency_is_asked_about() -> None:
    choices = search("agents", "price", columns=[number("price_usd")])

    assert choices.ties == {"price": ("price_usd",)}


@pytest.mark.parametrize("name", ["xyzzy_url", "target", "icon_url"])
def test_rows_with_the_addresses_of_webhooks_show_the_webhook(name: str) -> None:
    (fit,) = search(
        "agents", "webhook", columns=[column(name, sample=("webhook address",)), column("plugh_url")]
    ).fits.values()

    assert fit.column == name
    assert "its rows are addresses of webhooks" in fit.why


@pytest.mark.parametrize("sample", [("other", "webhook address"), ("other",), ()])
def test_other_rows_show_no_webhook(sample: tuple[str, ...]) -> None:
    assert not search("agents", "webhook", columns=[column("xyzzy_url", sample=sample)]).fits


def test_rows_that_customers_write_show_no_webhook() -> None:
    rows = Grant("authenticated", None, ("INSERT",), ("authenticated",))
    things = table("things", column("xyzzy_url", sample=("webhook address",)), grants=(rows,))

    assert not search_columns(Search("agents", things, ["webhook"])).fits


def test_two_columns_of_webhooks_are_not_chosen_between() -> None:
    columns = [column(name, sample=("webhook address",)) for name in ("xyzzy_url", "plugh_url")]

    assert search("agents", "webhook", columns=columns).ties == {"webhook": ("xyzzy_url", "plugh_url")}


@pytest.mark.parametrize("name", ["icon_url", "docs_url", "model_url", "avatar_link", "xyzzy_url", "link"])
def test_an_address_that_may_be_something_else_is_no_webhook(name: str) -> None:
    assert not search("agents", "webhook", columns=[column(name, nullable=False)]).fits


def test_two_that_fit_equally_well_tie() -> None:
    choices = search("ledger", "amount", columns=[number("units"), number("quantity")])

    assert choices.ties == {"amount": ("units", "quantity")}


def test_what_another_part_needs_more_is_not_left() -> None:
    columns = [number("movement"), number("closing_balance")]

    choices = search("ledger", "amount", "balance_after", columns=columns)

    assert {part: fit.column for part, fit in choices.fits.items()} == {
        "amount": "movement",
        "balance_after": "closing_balance",
    }


def test_the_words_that_a_column_may_hold_say_more_than_its_name() -> None:
    columns = [
        column("xyzzy"),
        column("phase", enum_labels=("draft", "final")),
        column("plugh", enum_labels=("queued", "running", "succeeded", "error")),
    ]

    (fit,) = search("executions", "status", columns=columns).fits.values()

    assert (fit.column, fit.why) == ("plugh", "its words are those of a status")


@pytest.mark.parametrize("name", ["xyzzy", "estado", "st"])
def test_a_text_that_begins_as_queued_is_the_status(name: str) -> None:
    columns = [column(name, nullable=False, default="'queued'::text"), column("plugh", nullable=False)]

    assert search("executions", "status", columns=columns).fits["status"].column == name


@pytest.mark.parametrize(
    ("default", "nullable"), [("'queued'", True), ("'active'", False), ("'new'", False), ("'low'", False)]
)
def test_another_text_of_unknown_words_is_no_status(default: str, *, nullable: bool) -> None:
    columns = [column("xyzzy", nullable=nullable, default=default)]

    assert not search("executions", "status", columns=columns).fits


@pytest.mark.parametrize(
    ("lowered", "other", "found"),
    [
        ("minutes_left", "version", "minutes_left"),
        ("closing_balance", "level", "closing_balance"),
        ("pages", "credits_available", "pages"),
        ("seats", "credits_available", "credits_available"),
        ("credit_limit", "version", None),
        ("used_credits", "version", None),
        ("frozen_balance", "version", None),
    ],
)
def test_what_a_function_lowers_is_the_balance_unless_words_say_otherwise(
    lowered: str, other: str, found: str | None
) -> None:
    things = table("things", number(lowered), number(other))

    fits = search_columns(Search("balances", things, ["balance"], proved={"balance": lowered})).fits

    assert (fits["balance"].column if fits else None) == found


def test_a_model_s_tokens_are_no_credits() -> None:
    things = table("runs", number("tokens_used"))

    def count(words: frozenset[str]) -> int:
        return len(search_columns(Search("executions", things, ["credits_used"], no_money=words)).fits)

    assert (count(frozenset({"token"})), count(frozenset())) == (0, 1)


@pytest.mark.parametrize("name", ["approved", "is_hidden", "suspended", "is_public", "online", "verified"])
def test_a_boolean_that_may_say_not_for_sale_is_asked_about(name: str) -> None:
    choices = search("agents", "active", columns=[column(name, "boolean"), column("is_featured", "boolean")])

    assert choices.ties == {"active": (name,)}


@pytest.mark.parametrize("name", ["item_name", "listing_title", "product_title", "nm"])
def test_the_last_word_of_a_name_decides(name: str) -> None:
    columns = [column(name, nullable=False), column("name_xyzzy", nullable=False)]

    assert search("agents", "name", columns=columns).fits["name"].column == name


def test_a_narrowed_name_that_is_unique_may_be_a_slug() -> None:
    columns = [column("machine_name", nullable=False)]
    things = table("things", *columns, indexes=(index("machine_name"),))

    assert not search_columns(Search("agents", things, ["name"])).fits


@pytest.mark.parametrize("name", ["conversion_rate", "error_rate", "exchange_rate", "rate_limit"])
def test_a_rate_of_something_else_is_no_cost(name: str) -> None:
    for things in ("things", name.removesuffix("_rate") + "s"):
        executions = table(things, number(name))
        assert not search_columns(Search("executions", executions, ["credits_used"])).fits


@pytest.mark.parametrize("name", ["rate", "credit_rate", "rate_per_call", "cost_per_use", "debit_per_run"])
def test_a_rate_of_what_is_paid_for_is_a_price(name: str) -> None:
    assert search("agents", "price", columns=[number(name)]).fits["price"].column == name


def test_a_boolean_of_unknown_words_is_mentioned() -> None:
    choices = search("agents", "active", columns=[column("xyzzy", "boolean")])

    assert (choices.ties, choices.doubts) == ({}, {"active": ("xyzzy",)})


def test_words_that_say_what_is_for_sale_show_the_state() -> None:
    columns = [column("visibility", enum_labels=("draft", "published"))]

    assert search("agents", "state", columns=columns).fits["state"].column == "visibility"
    assert search("agents", "active", columns=columns).ties == {}


@pytest.mark.parametrize("labels", [("idle", "busy"), ("draft", "idle", "busy", "gone"), ()])
def test_other_words_show_no_state(labels: tuple[str, ...]) -> None:
    columns = [column("status", enum_labels=labels or None)]

    assert search("agents", "state", columns=columns).fits == {}


def test_a_column_is_found_by_the_table_that_it_is_named_after() -> None:
    launches = table("tbl_launches", column("id", "uuid"), constraints=(constraint("primary key", "id"),))
    postings: Table = table(
        "postings", column("launch_ref", "uuid"), column("trace", "uuid"), column("launch_no")
    )

    choices = search_columns(Search("ledger", postings, ["execution"], targets={"execution": launches}))

    assert choices.fits["execution"].column == "launch_ref"


def test_names_without_words_name_nothing() -> None:
    nameless = table("🍵", column("id", "uuid"), constraints=(constraint("primary key", "id"),))

    choices = search_columns(
        Search("ledger", table("🍵🍵", column("ﬁ🍵", "uuid")), ["execution"], targets={"execution": nameless})
    )

    assert not choices.fits
