"""Calls of functions with arguments by name, and who may call them."""

import pytest

from support.catalogs import argument, catalog, column, function, table
from support.uses import LIST, OBJECT, call, checked, ids, written

DEDUCT = function(
    "deduct",
    argument("user_id", "uuid"),
    argument("amount", "integer"),
    argument("note", optional=True),
    argument("balance", "integer", "o"),
)
SHOP = catalog(DEDUCT)


def test_a_call_that_names_what_it_must_is_no_finding() -> None:
    assert ids(SHOP, call("deduct", "user_id", "amount"), call("deduct", "user_id", "amount", "note")) == []


def test_an_unknown_function_is_found_with_the_nearest_name() -> None:
    (finding,) = checked(SHOP, call("deduckt")).findings
    assert (finding.id, finding.object, finding.hint) == (
        "code-unknown-function",
        "deduckt",
        "Did you mean deduct?",
    )


def test_an_unknown_argument_is_found_with_the_nearest_name() -> None:
    (finding,) = checked(SHOP, call("deduct", "userid", "user_id", "amount")).findings
    assert (finding.id, finding.object) == ("code-unknown-argument", "deduct.userid")
    assert finding.hint == "Did you mean user_id?"


def test_an_output_is_no_argument() -> None:
    assert ids(SHOP, call("deduct", "balance", complete=False)) == ["code-unknown-argument deduct.balance"]


def test_an_argument_that_is_left_out_is_found_where_the_call_is_complete() -> None:
    (finding,) = checked(SHOP, call("deduct", "user_id")).findings
    assert (finding.id, finding.object) == ("code-unknown-argument", "deduct.amount")
    assert finding.message == "deduct is called without amount (integer), which has no default."
    assert finding.hint == "The signature is deduct(user_id uuid, amount integer, note text)."
    assert ids(SHOP, call("deduct", "user_id", complete=False)) == []


def test_some_overload_must_fit_and_the_best_is_told() -> None:
    shop = catalog(function("f", argument("a")), function("f", argument("b"), argument("c")))
    assert ids(shop, call("f", "a"), call("f", "b", "c")) == []
    assert ids(shop, call("f", "b")) == ["code-unknown-argument f.c"]


@pytest.mark.parametrize("type_", ["json", "jsonb", "text", "bytea"])
def test_a_single_argument_without_a_name_takes_anything(type_: str) -> None:
    assert ids(catalog(function("f", argument("", type_))), call("f", "whatever", "else")) == []


def test_the_last_argument_of_any_number_may_be_left_out() -> None:
    shop = catalog(function("f", argument("a", "text[]", "v")))
    assert ids(shop, call("f"), call("f", written("a", 1))) == []


def test_a_trigger_function_is_none_that_can_be_called() -> None:
    (finding,) = checked(catalog(function("f", returns="trigger")), call("f")).findings
    assert (finding.id, finding.message) == (
        "code-unknown-function",
        "f is a trigger's function and cannot be called.",
    )


def test_a_function_that_this_role_may_not_execute_is_denied() -> None:
    shop = catalog(function("f", argument("a", "integer"), executable=False), function("g"))
    (finding,) = checked(shop, call("f", "a"), call("g")).findings
    assert (finding.id, finding.message) == ("code-denied", "Role operator may not execute f.")
    assert finding.hint == 'GRANT EXECUTE ON FUNCTION "public"."f"(a integer) TO "operator";'


def test_a_call_is_not_denied_where_one_overload_may_be_executed() -> None:
    shop = catalog(function("f", argument("a", "integer"), executable=False), function("f", argument("a")))
    assert ids(shop, call("f", "a")) == []


def test_an_argument_is_judged_by_its_type() -> None:
    (finding,) = checked(SHOP, call("deduct", written("user_id", "me"), written("amount", 1))).findings
    assert (finding.id, finding.object) == ("code-value-refused", "deduct.user_id")
    assert finding.message == "user_id (uuid) of deduct cannot be 'me': that is not a UUID."
    assert ids(SHOP, call("deduct", written("user_id", None), written("amount", "12"))) == []


def test_an_argument_of_an_enum_is_judged_where_a_column_tells_its_labels() -> None:
    state = function("f", argument("a", "state"))
    runs = table("runs", column("state", "state", enum_labels=("on", "off")))
    assert ids(catalog(state), call("f", written("a", "nope"))) == []
    assert ids(catalog(state, runs), call("f", written("a", "on"))) == []
    assert ids(catalog(state, runs), call("f", written("a", "nope"))) == ["code-value-refused f.a"]


@pytest.mark.parametrize("type_", ["jsonb", "text[]", "runs", "text"])
def test_containers_go_into_arguments_that_take_them(type_: str) -> None:
    shop = catalog(function("f", argument("a", type_)))
    assert ids(shop, call("f", written("a", OBJECT if type_ == "runs" else LIST))) == []


def test_a_literal_that_one_of_two_overloads_takes_is_no_finding() -> None:
    shop = catalog(function("f", argument("a", "integer")), function("f", argument("a", "text")))
    assert ids(shop, call("f", written("a", "x"))) == []


def test_a_function_of_another_schema_is_named_with_it() -> None:
    shop = catalog(function("f", argument("a"), schema="billing"), DEDUCT)
    assert ids(shop, call("billing.f", "b", "a")) == ["code-unknown-argument billing.f.b"]
    (finding,) = checked(shop, call("f", "a")).findings
    assert finding.hint == "billing.f exists: .schema('billing')"
