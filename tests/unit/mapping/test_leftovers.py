"""What is left is taken where it is the only one and has the right shape; next to a rival it is asked about.

The decoys are names of columns in public schemas, with the type and shape of what they may be taken for.
"""

from collections.abc import Iterable

import pytest

from agentctl.core.catalog.introspection import Column
from agentctl.core.mapping.columns import Columns, find_columns
from agentctl.core.mapping.settings import RoleSettings
from support.catalogs import check, column, constraint, index, table

_TIME = "timestamp with time zone"


def find(
    role: str, *columns: Column, name: str = "things", checks: Iterable[str] = (), unique: str = ""
) -> Columns:
    constraints = (constraint("primary key", "id"), *(check(text) for text in checks))
    indexes = (index(unique),) if unique else ()
    things = table(name, column("id", "uuid"), *columns, constraints=constraints, indexes=indexes)
    return find_columns(role, things, RoleSettings(), tables={})


def get(found: Columns, part: str) -> str | None:
    return found.choices[part].column if part in found.choices else None


def switch(name: str, *, default: str | None = "true", nullable: bool = False) -> Column:
    return column(name, "boolean", default=default, nullable=nullable)


def given(name: str, type_: str) -> Column:
    return column(name, type_, nullable=False)


# --- what is for sale


@pytest.mark.parametrize("name", ["xyzzy", "is_on", "is_public", "online", "approved", "plugh_flag"])
def test_the_only_boolean_that_is_true_by_default_says_what_is_for_sale(name: str) -> None:
    found = find("agents", switch(name), switch("is_featured"), switch("allow_comments", default="false"))

    assert get(found, "active") == name


@pytest.mark.parametrize("name", ["is_on", "is_public", "online"])
def test_a_boolean_that_says_that_agents_are_offered_may_begin_as_false(name: str) -> None:
    assert get(find("agents", switch(name, default="false")), "active") == name


@pytest.mark.parametrize("name", ["xyzzy", "approved", "reviewed", "is_hidden"])
def test_another_boolean_that_begins_as_false_is_asked_about(name: str) -> None:
    found = find("agents", switch(name, default="false"))

    assert get(found, "active") is None
    assert name in " ".join(finding.message for finding in (*found.findings, *found.obstacles))


_NO_SWITCHES = """
is_featured featured is_premium is_official is_beta is_experimental is_template is_default is_system
is_test is_demo is_nsfw adult_content is_pinned is_sticky recommended trending is_popular sponsored
promoted exclusive is_anonymous is_shared editable searchable indexable downloadable shareable refundable
taxable newsletter marketing_consent opted_in gdpr_agreed subscribed streaming supports_streaming
allow_comments allow_files can_upload must_login auto_retry include_history send_email notify_owner
push_notifications track_usage enforce_limits skip_cache keep_history save_output cache_results
debug_mode sandbox_mode verbose is_async realtime requires_login requires_api_key needs_file has_avatar
has_memory show_price show_badge show_in_menu display_author use_memory uses_tools email_verified
onboarding_done multi_turn has_trial free_trial is_free is_paid private hidden is_draft internal archived
deleted suspended is_verified reviewed
"""


@pytest.mark.parametrize("name", _NO_SWITCHES.split())
def test_a_boolean_of_another_meaning_never_says_what_is_for_sale(name: str) -> None:
    assert get(find("agents", switch(name)), "active") is None
    assert get(find("agents", switch(name), switch("xyzzy", default="false")), "active") is None


@pytest.mark.parametrize("rival", ["plugh", "is_public", "verified", "is_hidden", "approved"])
def test_two_booleans_that_are_left_are_not_chosen_between(rival: str) -> None:
    assert get(find("agents", switch("xyzzy"), switch(rival)), "active") is None


def test_an_unknown_boolean_beside_a_state_or_a_date_is_not_what_is_for_sale() -> None:
    state = column("stage", enum_labels=("draft", "published"))

    assert get(find("agents", switch("xyzzy"), state), "active") is None
    assert get(find("agents", switch("xyzzy"), column("published_at", _TIME)), "active") is None
    assert get(find("agents", switch("online"), state), "active") == "online"


# --- the price, which is never what is left


_NO_PRICES = """
xyzzy rating average_rating score followers likes downloads views stars popularity run_count runs_count
total_runs order_no position sort_order version latitude longitude temperature max_tokens top_k timeout
duration size weight stock slots seats commission commission_rate tax discount monthly_revenue income
setup_fee_eur error_rate success_rate exchange_rate min_credits credit_limit cost_limit used_credits
priority steps
"""


@pytest.mark.parametrize("name", _NO_PRICES.split())
@pytest.mark.parametrize("type_", ["integer", "numeric(10,2)"])
def test_the_only_number_of_another_or_no_meaning_is_no_price(name: str, type_: str) -> None:
    found = find("agents", given(name, type_), checks=[f"{name} > 0"])

    assert get(found, "price") is None


@pytest.mark.parametrize(
    "name",
    ["toll", "costo", "tarifa", "prezzo", "preis", "fare", "tariff", "list_price", "amount_per_run", "msrp"],
)
def test_words_for_prices_are_prices(name: str) -> None:
    found = find("agents", given(name, "integer"), given("rating", "integer"), given("runs_count", "integer"))

    assert get(found, "price") == name


@pytest.mark.parametrize("pair", [("toll", "fare"), ("costo", "preis"), ("price_xyzzy", "price_plugh")])
def test_two_prices_are_not_chosen_between(pair: tuple[str, str]) -> None:
    assert get(find("agents", *(given(name, "integer") for name in pair)), "price") is None


# --- the name


@pytest.mark.parametrize("name", ["xyzzy", "tile_text", "what_it_is_called"])
def test_the_only_text_that_every_agent_has_is_its_name(name: str) -> None:
    found = find("agents", given(name, "text"), column("plugh"), column("hint", nullable=False, default="''"))

    assert get(found, "name") == name


@pytest.mark.parametrize("name", ["frob", "prompt_text", "body_text"])
def test_two_texts_or_one_of_another_meaning_are_no_name(name: str) -> None:
    assert get(find("agents", given("xyzzy", "text"), given("frob", "text")), "name") is None
    assert name == "frob" or get(find("agents", given(name, "text")), "name") is None


def test_a_text_with_a_word_for_a_name_is_a_rival() -> None:
    assert get(find("agents", given("xyzzy", "text"), column("name_xyzzy")), "name") is None


def test_a_text_that_is_unique_is_the_slug_where_another_is_left_and_the_webhook_is_known() -> None:
    slug, text, webhook = given("xyzzy", "text"), given("plugh", "text"), given("webhook_url", "text")

    assert get(find("agents", slug, unique="xyzzy"), "name") == "xyzzy"
    assert get(find("agents", slug, text, webhook, unique="xyzzy"), "name") == "plugh"
    assert get(find("agents", slug, text, unique="xyzzy"), "name") is None
    assert get(find("agents", slug, text, given("frob", "text"), webhook, unique="xyzzy"), "name") is None
    named = given("marketing_name", "text")
    assert get(find("agents", named, text, webhook, unique="marketing_name"), "name") is None
    named = given("machine_name", "text")
    assert get(find("agents", named, text, webhook, unique="machine_name"), "name") == "plugh"


# --- when a row was made, and its amount


def test_the_only_time_of_every_row_is_when_it_was_made() -> None:
    times = [given("xyzzy", _TIME), given("last_changed", _TIME), column("verified_at", _TIME)]

    assert get(find("executions", *times), "created_at") == "xyzzy"
    assert get(find("executions", *times, given("plugh", _TIME)), "created_at") is None
    clock = column("plugh", _TIME, nullable=False, default="now()")
    assert get(find("executions", given("made_at", _TIME), clock), "created_at") is None


def test_what_is_left_settles_no_tie_of_names() -> None:
    found = find("executions", given("booked_at", _TIME), column("made_at", _TIME))

    assert get(found, "created_at") is None


def test_the_time_in_a_partitioned_key_is_looked_at() -> None:
    keys = (constraint("primary key", "id recorded_on"),)
    columns = (column("id", "uuid"), given("recorded_on", _TIME), given("plonked", _TIME))
    found = find_columns("executions", table("things", *columns, constraints=keys), RoleSettings(), tables={})

    assert get(found, "created_at") == "recorded_on"


@pytest.mark.parametrize(
    "name", ["ended", "expires_at", "archived_at", "reviewed_on", "last_seen", "refreshed"]
)
def test_a_time_of_something_later_is_not_when_a_row_was_made(name: str) -> None:
    assert get(find("executions", given(name, _TIME)), "created_at") is None
    assert get(find("executions", column(name, _TIME, default="now()")), "created_at") is None


@pytest.mark.parametrize("name", ["xyzzy", "fee", "spent", "costo"])
def test_the_only_number_of_every_entry_is_its_amount(name: str) -> None:
    numbers = [given(name, "integer"), column("rating", "integer"), column("balance_after", "integer")]

    assert get(find("ledger", *numbers), "amount") == name


_NO_AMOUNTS = """
rating position line_index sequence tax commission duration_ms version latitude amount_eur balance
balance_before limit held income retry_count page_size year month
"""


def test_a_rate_is_no_rival_of_an_amount() -> None:
    found = find("ledger", given("xyzzy", "integer"), column("exchange_rate", "numeric"))

    assert get(found, "amount") == "xyzzy"


def test_no_amount_is_sought_beside_debit_and_credit() -> None:
    sides = [column(name, "integer") for name in ("debit", "credit")]

    assert get(find("ledger", *sides, given("xyzzy", "integer")), "amount") is None


@pytest.mark.parametrize("name", _NO_AMOUNTS.split())
def test_a_number_of_another_meaning_is_no_amount(name: str) -> None:
    assert get(find("ledger", given(name, "integer")), "amount") is None


@pytest.mark.parametrize(
    "pair", [("xyzzy", "plugh"), ("fee", "xyzzy"), ("amount", "quantity"), ("gross", "net")]
)
def test_two_amounts_are_not_chosen_between_by_what_is_left(pair: tuple[str, str]) -> None:
    found = find("ledger", *(given(name, "integer") for name in pair))

    assert get(found, "amount") in {None, "amount"}


def test_a_number_that_no_two_entries_share_or_that_begins_at_zero_is_no_amount() -> None:
    assert get(find("ledger", given("xyzzy", "integer"), unique="xyzzy"), "amount") is None
    assert get(find("ledger", column("xyzzy", "integer", nullable=False, default="0")), "amount") is None


# --- the kind


def test_a_text_that_entries_may_do_without_is_no_kind_beside_one_of_every_entry() -> None:
    found = find("ledger", given("xyzzy", "text"), column("reason"), given("amount", "integer"))

    assert (get(found, "kind"), get(found, "description")) == (None, "reason")
    assert get(find("ledger", column("reason"), given("amount", "integer")), "kind") == "reason"


def test_the_words_that_columns_hold_settle_a_tie_of_names() -> None:
    kinds = column("event_type", enum_labels=("usage", "purchase", "refund"))

    assert get(find("ledger", kinds, column("action")), "kind") == "event_type"


# --- the balance


def test_the_only_number_of_a_purse_is_its_balance() -> None:
    number = column("xyzzy", "integer", nullable=False, default="0")

    def look(name: str, *more: Column, checks: tuple[str, ...] = ("xyzzy >= 0",)) -> str | None:
        return get(find("balances", number, *more, name=name, checks=checks), "balance")

    assert look("wallets") == "xyzzy"
    assert look("user_wallets", column("rating", "integer")) == "xyzzy"
    assert look("accounts") is None
    assert look("token_statistics") is None
    assert look("things") is None
    assert look("user_stats") is None
    assert look("wallets", checks=()) is None
    assert look("wallets", column("plugh", "integer")) is None


@pytest.mark.parametrize(
    "name", ["reserved", "credit_limit", "lifetime_points", "used", "login_count", "version"]
)
def test_a_number_of_another_meaning_is_no_balance_of_a_purse(name: str) -> None:
    number = column(name, "integer", nullable=False, default="0")

    assert get(find("balances", number, name="wallets", checks=(f"{name} >= 0",)), "balance") is None


# --- deletion


@pytest.mark.parametrize(
    "name", ["tombstone", "hidden_since", "taken_down_at", "terminated_on", "del_at", "purged"]
)
def test_words_for_an_end_are_a_deletion(name: str) -> None:
    found = find("agents", column(name, _TIME), column("last_run_at", _TIME), column("verified_at", _TIME))

    assert get(found, "deleted") == name


@pytest.mark.parametrize(
    "name",
    [
        "xyzzy",
        "last_run_at",
        "synced_at",
        "verified_at",
        "featured_until",
        "scheduled_for",
        "expires_at",
        "taken_at",
    ],
)
def test_another_time_that_may_be_null_is_no_deletion(name: str) -> None:
    assert get(find("agents", column(name, _TIME)), "deleted") is None
