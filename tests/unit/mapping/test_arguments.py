"""Arguments without a usual name are found by the source, by words, and by what is left."""

import pytest
from msgspec.structs import replace

from agentctl.core.catalog.introspection import Argument
from agentctl.core.mapping.functions import find_deduct
from agentctl.core.mapping.money import Money
from support.catalogs import argument, catalog, function, table

_MONEY = Money(
    table("purses", "holder", "units"),
    "units",
    "holder",
    table("postings", "holder", "units", "nature", "run"),
    {"user": "holder", "amount": "units", "kind": "nature", "execution": "run"},
)
_BODY = "UPDATE purses SET units = units - {amount} WHERE holder = {user};"
_UNTRACED = "v_rest := {amount}; v_id := {user}; v_rest := v_rest + 0; v_id := v_id;" + _BODY.format(
    amount="v_rest", user="v_id"
)
"""Variables that get their values twice: what they are when the balance is lowered is not known."""


def bind(*arguments: Argument, name: str = "settle", body: str | None = None) -> dict[str, str] | None:
    deducting = find_deduct(catalog(function(name, *arguments, body=body)), money=_MONEY)
    return None if deducting.function is None else dict(deducting.function.meanings)


def test_the_only_key_and_the_only_number_are_what_is_left() -> None:
    body = _UNTRACED.format(amount="b", user="a")

    assert bind(argument("a", "uuid"), argument("b", "integer"), body=body) == {"a": "user", "b": "amount"}


def test_a_limit_is_no_amount() -> None:
    body = _UNTRACED.format(amount="x", user="who")
    arguments = [argument("who", "uuid"), argument("p_max_amount", "integer"), argument("x", "integer")]

    assert bind(*arguments, body=body) is None
    assert bind(arguments[0], argument("p_max", "integer", optional=True), arguments[2], body=body) == {
        "who": "user",
        "x": "amount",
    }


def test_the_source_tells_keys_apart() -> None:
    body = _BODY.format(amount="c", user="b") + "INSERT INTO postings (holder, units, run) VALUES (b, -c, a)"

    assert bind(argument("a", "uuid"), argument("b", "uuid"), argument("c", "integer"), body=body) == {
        "a": "execution",
        "b": "user",
        "c": "amount",
    }


def test_either_of_two_texts_that_become_a_row_s_note_is_a_text() -> None:
    money = replace(_MONEY, entries={**_MONEY.entries, "description": "why"})
    body = _BODY.format(amount="c", user="b") + (
        "INSERT INTO postings (holder, units, why) VALUES (b, -c, COALESCE(xyzzy, plugh))"
    )
    arguments = [argument("b", "uuid"), argument("c", "integer"), argument("xyzzy"), argument("plugh")]

    found = find_deduct(catalog(function("settle", *arguments, body=body)), money=money).function

    assert found is not None
    assert {found.meanings[name] for name in ("xyzzy", "plugh")} == {"text"}


def test_words_tell_texts_apart() -> None:
    texts = [argument("p_why"), argument("p_invocation_ref"), argument("p_bot"), argument("p_dedupe_key")]
    body = _BODY.format(amount="c", user="b")

    assert bind(argument("b", "uuid"), argument("c", "integer"), *texts, body=body) == {
        "b": "user",
        "c": "amount",
        "p_why": "text",
        "p_invocation_ref": "execution",
        "p_bot": "agent",
        "p_dedupe_key": "key",
    }


def test_an_argument_that_must_be_given_and_means_nothing_known_is_asked_about() -> None:
    body = _BODY.format(amount="c", user="b")
    found = find_deduct(
        catalog(function("f", argument("b", "uuid"), argument("c", "integer"), argument("xyzzy"), body=body)),
        money=_MONEY,
    )

    assert [finding.id for finding in found.findings] == ["function-unusable"]


@pytest.mark.parametrize("name", ["expire_monthly_credits", "reserve_credits", "revoke_bonus"])
def test_a_name_that_says_something_else_is_no_charge(name: str) -> None:
    body = _BODY.format(amount="c", user="b")

    assert bind(argument("b", "uuid"), argument("c", "integer"), name=name, body=body) is None


def test_a_transfer_is_no_charge() -> None:
    body = _BODY.format(amount="c", user="b") + "UPDATE purses SET units = units + c WHERE holder = d"

    assert bind(argument("b", "uuid"), argument("d", "uuid"), argument("c", "integer"), body=body) is None
