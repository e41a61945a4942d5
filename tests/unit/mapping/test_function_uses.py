"""The source of a function tells what its arguments are, whatever they are called: right, or asked."""

from collections.abc import Mapping
from random import Random
from typing import NamedTuple

import pytest

from agentctl.core.catalog.introspection import Argument, Function
from agentctl.core.mapping.functions import Deducting, find_deduct
from agentctl.core.mapping.money import Money
from agentctl.core.mapping.settings import DeductSettings
from support.catalogs import argument, catalog, column, function, index, table

_PURSES = table(
    "purses",
    column("id", "uuid"),
    column("holder", "uuid"),
    column("units", "integer"),
    column("reserved", "integer"),
    column("touched", "timestamptz"),
    indexes=(index("id"), index("holder")),
)
_POSTINGS = table("postings", "holder", "units", "nature", "run", "why", "bot_id", "remark")
_PEOPLE = table("people", column("id", "uuid"), "mail")
_OTHERS = (table("audit_log", "quantity"), table("tariffs", column("rate", "integer"), "agent"))
_ENTRIES = {"user": "holder", "amount": "units", "kind": "nature", "execution": "run", "description": "why"}
_MONEY = Money(_PURSES, "units", "holder", _POSTINGS, _ENTRIES, _PEOPLE, "id")
_WHO, _QTY = argument("x", "uuid"), argument("y", "integer")
_RIGHT = {"x": "user", "y": "amount"}


def find(
    body: str | None,
    *arguments: Argument,
    name: str = "settle",
    others: tuple[Function, ...] = (),
    settings: DeductSettings | None = None,
) -> Deducting:
    made = function(name, *(arguments or (_WHO, _QTY)), body=body)
    tables = (_PURSES, _POSTINGS, _PEOPLE, *_OTHERS)
    return find_deduct(catalog(made, *others, *tables), settings, money=_MONEY)


def read_meanings(deducting: Deducting) -> Mapping[str, str] | None:
    return None if deducting.function is None else deducting.function.meanings


@pytest.mark.parametrize(
    "body",
    [
        "UPDATE purses SET units = units - y WHERE holder = x",
        "UPDATE purses SET units = units - $2 WHERE holder = $1",
        (
            "DECLARE v ALIAS FOR $2; w ALIAS FOR x; "
            "BEGIN UPDATE purses SET units = units - v WHERE holder = w; END"
        ),
        (
            "BEGIN ATOMIC UPDATE public.purses SET units = (purses.units - settle.y) WHERE "
            "(purses.holder = settle.x); END"
        ),
        (
            "DECLARE v integer; BEGIN SELECT units INTO v FROM purses WHERE holder = x FOR UPDATE; "
            "IF v < y THEN RETURN false; END IF; UPDATE purses SET units = v - y WHERE holder = x; END"
        ),
        (
            "BEGIN SELECT p.units, p.touched INTO STRICT v, t FROM purses AS p WHERE p.holder = x; "
            "n := v - y; "
            "UPDATE purses SET units = n, touched = now() WHERE holder = x; END"
        ),
        (
            "BEGIN SELECT INTO v units FROM purses WHERE holder = x; "
            "UPDATE purses SET units = v - y WHERE holder = x; END"
        ),
        (
            "DECLARE r purses%ROWTYPE; BEGIN SELECT * INTO r FROM purses WHERE holder = x; "
            "UPDATE purses SET units = r.units - y WHERE id = r.id; END"
        ),
        "DECLARE v constant int := y; BEGIN UPDATE purses SET units = units - v WHERE holder = x; END",
        "DECLARE v int DEFAULT y; BEGIN UPDATE purses SET units = units - v WHERE holder = x; END",
        "UPDATE purses w SET units = w.units - y FROM people u WHERE u.id = w.holder AND u.id = x",
        (
            "WITH paid AS (UPDATE purses SET units = units - y WHERE holder = x RETURNING holder) "
            "INSERT INTO postings (holder, units, nature) SELECT holder, -y, 'usage' FROM paid"
        ),
        "UPDATE purses SET units = greatest(coalesce(units, 0) - coalesce(y, 1), 0) WHERE holder = x",
        "UPDATE purses SET units = units - abs(y)::numeric(10, 2) WHERE holder = x::uuid",
        "UPDATE purses SET units = units + (-y) WHERE holder = x",
        "UPDATE purses SET units = -1 * y + units WHERE holder = x",
        "UPDATE purses SET (touched, units) = (now(), units - y) WHERE holder = x",
        "UPDATE purses SET (touched, units) = ROW(now(), units - y) WHERE holder = x",
        "BEGIN y := coalesce(y, 1); UPDATE purses SET units = units - y WHERE holder = x; END",
        (
            "BEGIN SELECT id INTO w FROM purses WHERE holder = x; "
            "UPDATE purses SET units = units - y WHERE id = w; END"
        ),
        "BEGIN <<outer>> UPDATE purses SET units = units - y WHERE x = holder AND (units >= y); END",
    ],
)
def test_the_source_is_read_however_it_is_written(body: str) -> None:
    assert read_meanings(find(body)) == _RIGHT


_NUMBERS = (_WHO, argument("p_amount", "integer", optional=True), argument("y", "integer", optional=True))


@pytest.mark.parametrize(
    "body",
    [
        "UPDATE purses SET units = units - y WHERE holder = x AND units >= p_amount",
        (
            "UPDATE purses SET units = units - y WHERE holder = x; "
            "INSERT INTO audit_log (quantity) VALUES (p_amount)"
        ),
        "IF y > p_amount THEN RETURN; END IF; UPDATE purses SET units = units - y WHERE holder = x",
        "v := y; UPDATE purses SET units = units - v WHERE holder = x RETURNING p_amount INTO z",
    ],
)
def test_what_the_balance_is_lowered_by_is_the_amount_whatever_another_argument_is_called(body: str) -> None:
    assert read_meanings(find(body, *_NUMBERS, name="use_credits")) == _RIGHT


def test_whose_row_is_changed_is_the_user_whatever_another_argument_is_called() -> None:
    body = "UPDATE purses SET units = units - y WHERE tenant = p_user_id AND holder = x"
    arguments = (argument("p_user_id", "uuid", optional=True), _WHO, _QTY)

    assert read_meanings(find(body, *arguments)) == _RIGHT


@pytest.mark.parametrize(
    "change",
    [
        "units - p_amount * y",
        "units - p_amount - y",
        "units - (p_amount + y)",
        "units - p_amount * 2",
        "units - p_amount / 100",
        "units - CASE WHEN y > 0 THEN y ELSE p_amount END",
        "units - least(p_amount, y)",
        "units - price_of(p_amount)",
        "p_amount",
        "units - (SELECT rate FROM tariffs WHERE quantity = p_amount)",
        "units - t.rate",
        "units - t.p_amount",
    ],
)
@pytest.mark.parametrize("name", ["use_credits", "settle"])
def test_an_amount_that_is_no_argument_is_asked_about(change: str, name: str) -> None:
    body = f"UPDATE purses SET units = {change} FROM tariffs t WHERE holder = x AND t.agent = y"
    arguments = (_WHO, argument("p_amount", "integer"), argument("y", "integer", optional=True))

    found = find(body, *arguments, name=name)

    assert found.function is None
    assert name == "settle" or [finding.id for finding in found.findings] == ["function-unusable"]


@pytest.mark.parametrize(
    "body",
    [
        (
            "SELECT rate INTO r FROM tariffs; v := p_amount * r; "
            "UPDATE purses SET units = units - v WHERE holder = x"
        ),
        "p_amount := -p_amount; UPDATE purses SET units = units - p_amount WHERE holder = x",
        "p_amount := p_amount * 100; UPDATE purses SET units = units - p_amount WHERE holder = x",
        "SELECT -p_amount INTO p_amount; UPDATE purses SET units = units - p_amount WHERE holder = x",
        (
            "UPDATE purses SET units = units - p_amount WHERE holder = x; "
            "UPDATE purses SET units = units - fee "
            "WHERE holder = x"
        ),
    ],
)
def test_an_argument_that_is_changed_first_is_asked_about(body: str) -> None:
    arguments = (_WHO, argument("p_amount", "integer"), argument("fee", "integer", optional=True))

    found = find(body, *arguments, name="use_credits")

    assert [finding.id for finding in found.findings] == ["function-unusable"]
    assert 'p_amount = "{amount}"' in (found.findings[0].hint or "")


@pytest.mark.parametrize(
    "body",
    [
        "UPDATE purses SET units = units + y WHERE holder = x",
        "UPDATE purses SET units = units - (-y) WHERE holder = x",
        "UPDATE purses SET units = units - y * -1 WHERE holder = x",
        (
            "SELECT units INTO v FROM purses WHERE holder = x; v2 := v + y; "
            "UPDATE purses SET units = v2 WHERE holder = x"
        ),
        "v := -y; UPDATE purses SET units = units - v WHERE holder = x",
        (
            "INSERT INTO purses (holder, units) VALUES (x, y) ON CONFLICT (holder) DO UPDATE "
            "SET units = purses.units + EXCLUDED.units"
        ),
    ],
)
@pytest.mark.parametrize("name", ["charge_credits", "use_credits", "debit_balance", "settle", "take_units"])
def test_what_raises_a_balance_never_charges(body: str, name: str) -> None:
    found = find(body, name=name)

    assert found.function is None
    is_named = name not in {"settle", "take_units"}
    assert [finding.id for finding in found.findings] == ["function-unusable"] * is_named


def test_what_raises_is_left_aside_for_what_lowers() -> None:
    lowers = function("settle", _WHO, _QTY, body="UPDATE purses SET units = units - y WHERE holder = x")

    found = find(
        "UPDATE purses SET units = units + y WHERE holder = x", name="charge_credits", others=(lowers,)
    )

    assert (read_meanings(found), found.function and found.function.name) == (_RIGHT, "settle")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("refund_purchase", None),
        ("reverse_charge", None),
        ("expire_credits", None),
        ("undo_topup", None),
        ("request_payout", None),
        ("hold_funds", None),
        ("settle", "refund"),
        ("use_units", "purchase"),
        ("xyzzy", "bonus"),
    ],
)
def test_what_lowers_balances_for_another_reason_is_no_charge(name: str, kind: str | None) -> None:
    body = "UPDATE purses SET units = units - y WHERE holder = x;"
    entry = f"INSERT INTO postings (holder, units, nature) VALUES (x, -y, '{kind}')" if kind else ""

    assert find(body + entry, name=name).function is None


def test_a_row_of_the_kind_of_a_charge_proves_it_whatever_the_function_is_called() -> None:
    body = "UPDATE purses SET units = units - y WHERE holder = x;"
    entry = "INSERT INTO postings (holder, units, nature) VALUES (x, -y, 'usage')"

    assert read_meanings(find(body + entry, name="release_reserved_bonus")) == _RIGHT


def test_credits_that_are_moved_between_columns_are_no_charge() -> None:
    body = "IF y > 0 THEN UPDATE purses SET units = units - reserved, reserved = 0 WHERE holder = x; END IF"

    assert find(body).function is None


def test_a_number_that_the_source_never_mentions_is_not_the_amount_for_being_the_only_one() -> None:
    body = "v := rate(x); v := v + 1; UPDATE purses SET units = units - v WHERE holder = x"

    found = find(body, name="use_credits")

    assert [finding.id for finding in found.findings] == ["function-unusable"]


def test_a_variable_with_two_values_says_nothing_of_either() -> None:
    body = "v := z; IF z < y THEN v := y; END IF; UPDATE purses SET units = units - v WHERE holder = x"

    found = find(body, _WHO, _QTY, argument("z", "integer", optional=True), name="use_credits")

    assert [finding.id for finding in found.findings] == ["function-unusable"]


def test_a_name_that_is_also_a_column_s_says_nothing() -> None:
    body = "UPDATE purses SET units = units - units WHERE holder = holder"

    found = find(body, argument("holder", "uuid"), argument("units", "integer"), name="use_credits")

    assert [finding.id for finding in found.findings] == ["function-unusable"]


@pytest.mark.parametrize(
    "name", ["remove_credits", "removeTokens", "apply_points", "post_debit", "sp_charge"]
)
def test_what_lowers_balances_may_have_any_name_that_says_no_other_reason(name: str) -> None:
    assert read_meanings(find("UPDATE purses SET units = units - y WHERE holder = x", name=name)) == _RIGHT


@pytest.mark.parametrize("other", ["alpha", "take_units", "beta_units"])
def test_two_functions_that_lower_balances_are_asked_about(other: str) -> None:
    body = "UPDATE purses SET units = units - y WHERE holder = x"

    found = find(body, others=(function(other, _WHO, _QTY, body=body),))

    assert [finding.id for finding in found.findings] == ["role-ambiguous"]


def test_a_name_without_a_source_is_asked_about_beside_a_source_that_lowers() -> None:
    preview = function("use_credits_forecast", argument("p_user_id", "uuid"), argument("p_amount", "integer"))

    found = find("UPDATE purses SET units = units - y WHERE holder = x", others=(preview,))

    assert [finding.id for finding in found.findings] == ["role-ambiguous"]


def test_a_function_that_adds_rows_elsewhere_is_asked_about_unless_its_name_says_that_it_takes() -> None:
    body = "UPDATE purses SET units = units - y WHERE holder = x; INSERT INTO audit_log (quantity) VALUES (y)"

    (finding,) = find(body, name="settle").findings

    assert (finding.id, finding.hint) == (
        "role-ambiguous",
        (
            "Put one of these lines into [profiles.NAME.schema.deduct]:\n"
            '  function = "settle"\n  function = ""     # agentctl charges by itself'
        ),
    )
    assert read_meanings(find(body, name="settle", settings=DeductSettings("settle"))) == _RIGHT
    assert read_meanings(find(body, name="take_units")) == _RIGHT


@pytest.mark.parametrize("key", ["id", "$1"])
def test_the_key_of_a_wallet_is_passed_where_the_source_compares_it(key: str) -> None:
    body = (
        "UPDATE purses SET units = units - y WHERE id = x; INSERT INTO postings (holder, run) VALUES (p, e)"
    )
    arguments = (_WHO, _QTY, argument("p", "uuid"), argument("e"))

    found = find(body if key == "id" else body.replace("= x", "= $1"), *arguments).function

    assert found is not None
    assert found.meanings == {"x": "wallet", "y": "amount", "p": "user", "e": "execution"}
    assert found.wallet == "id"


def test_a_lost_user_is_asked_about() -> None:
    body = "SELECT id INTO w FROM people WHERE mail = m; UPDATE purses SET units = units - y WHERE holder = w"

    found = find(body, argument("m"), _QTY)

    assert [finding.id for finding in found.findings] == ["function-unusable"]


@pytest.mark.parametrize("name", ["p_org_id", "p_order_id", "p_run", "p_agent", "p_invoice_id"])
def test_a_key_of_something_else_is_not_the_user_for_being_the_only_one(name: str) -> None:
    found = find(None, argument(name, "uuid"), argument("p_amount", "integer"), name="use_credits")

    assert [finding.id for finding in found.findings] == ["function-unusable"]


@pytest.mark.parametrize("rivals", [("p_amount", "p_price"), ("p_units", "p_count")])
def test_two_numbers_that_could_each_be_the_amount_are_asked_about(rivals: tuple[str, str]) -> None:
    numbers = [argument(name, "integer", optional=True) for name in rivals]

    found = find(None, argument("p_user_id", "uuid"), *numbers, name="use_credits")

    assert [finding.id for finding in found.findings] == ["function-unusable"]


def test_a_configured_hole_says_which_argument_is_the_amount() -> None:
    body = "UPDATE purses SET units = units - p_amount * y WHERE holder = x"
    arguments = (_WHO, argument("p_amount", "integer"), argument("y", "integer"))
    settings = DeductSettings(None, {"p_amount": "{amount}", "y": "1"})

    found = find(body, *arguments, name="use_credits", settings=settings).function

    assert found is not None
    assert (found.meanings, found.texts) == ({"x": "user", "p_amount": "amount"}, {"y": "1"})


def test_texts_are_told_by_the_column_that_they_become() -> None:
    body = (
        "UPDATE purses SET units = units - y WHERE holder = x;"
        "INSERT INTO postings (holder, units, nature, run, why, bot_id, remark) "
        "VALUES (x, -y, a, b, 'run: ' || c, d, e)"
    )
    arguments = [argument(name) for name in "abcde"]

    assert read_meanings(find(body, _WHO, _QTY, *arguments)) == {
        **_RIGHT,
        "a": "kind",
        "b": "execution",
        "c": "text",
        "d": "agent",
        "e": "text",
    }


@pytest.mark.parametrize("use", ["", "INSERT INTO postings (remark) VALUES (z)"])
def test_an_object_that_is_only_recorded_or_never_used_is_metadata(use: str) -> None:
    body = f"UPDATE purses SET units = units - y WHERE holder = x; {use}"

    assert read_meanings(find(body, _WHO, _QTY, argument("z", "jsonb"))) == {**_RIGHT, "z": "metadata"}
    options = body + "; IF z ->> 'force' THEN RETURN; END IF"
    assert use or find(options, _WHO, _QTY, argument("z", "jsonb")).function is None


_SPENDING_V0 = " BEGIN UPDATE purses SET units = units - v0 WHERE holder = x; END"


@pytest.mark.parametrize(
    "body",
    [
        "EXECUTE 'UPDATE purses SET units = units - $1 WHERE holder = $2' USING y, x",
        "UPDATE purses SET units = " + "(" * 5_000 + "units - y" + ")" * 5_000,
        "UPDATE purses SET units = " + "-" * 9_000 + "y",
        "DECLARE " + "".join(f"v{n} int := v{n + 1} + v{n + 1};" for n in range(500)) + _SPENDING_V0,
        "DECLARE " + "".join(f"v{n} int := v{n + 1}{f' + v{n + 1}' * 25};" for n in range(8)) + _SPENDING_V0,
        "SELECT INTO INTO FROM; a := ; := b; FOR IN LOOP; UPDATE SET = ; INSERT INTO () VALUES (); ALIAS FOR",
        "UPDATE purses SET (units = (units - y WHERE holder = ((",
        "$1 $99999999999999999999 $ . . x . :=",
    ],
)
def test_a_source_that_cannot_be_read_falls_back_to_names_or_is_asked_about(body: str) -> None:
    usual = argument("p_user_id", "uuid"), argument("p_amount", "integer")

    found = find(body, *usual, name="use_credits")

    assert read_meanings(found) in (None, {"p_user_id": "user", "p_amount": "amount"})
    assert found.function or found.findings


class Planted(NamedTuple):
    """A generated function, and what its arguments are."""

    name: str
    body: str
    arguments: tuple[Argument, ...]
    truth: Mapping[str, str]
    lowers: bool


_NUMBER_NAMES = ("p_amount", "cost", "p_max", "_delta", "p_price", "in_n", "credits", "qty", "u", "p_limit")
_KEY_NAMES = ("p_user_id", "p_account", "who", "p_actor", "id_1", "p_customer", "uid", "p_owner", "k")
_FUNCTION_NAMES = (
    "use_credits",
    "charge_credits",
    "settle",
    "fn_9",
    "add_credits",
    "debit_points",
    "refund_run",
)
_LOWERING, _RAISING = (("-", "{}"), ("+", "(-{})")), (("+", "{}"), ("-", "(-{})"))
_LOOK_UP = "FROM purses WHERE {where}; UPDATE purses SET units ="
_SPELLINGS = (
    "UPDATE purses SET units = units {change} WHERE {where}",
    f"SELECT units INTO v {_LOOK_UP} v {{change}} WHERE {{where}}",
    f"SELECT * INTO r {_LOOK_UP} r.units {{change}} WHERE id = r.id",
    "a := {amount}; w := {user}; UPDATE purses SET units = units {change_by_a} WHERE holder = w",
)


def plant(random: Random) -> Planted:
    """Make a function whose names say nothing, or something wrong, of what its source does."""
    user, other_key = random.sample(_KEY_NAMES, 2)
    amount, other_number = random.sample(_NUMBER_NAMES, 2)
    lowers = random.random() < 0.6
    mark, value = random.choice(_LOWERING if lowers else _RAISING)
    guards = (f"IF {other_number} > 5 THEN RETURN; END IF;", f"PERFORM log({other_number}, {other_key});", "")
    where = f"holder = {user}" + random.choice((f" AND tenant = {other_key}", ""))
    arguments = [
        argument(user, "uuid"),
        argument(amount, "integer"),
        argument(other_key, "uuid", optional=True),
        argument(other_number, "integer", optional=random.choice((True, True, False))),
    ]
    random.shuffle(arguments)
    numbers = {item.name: f"${number}" for number, item in enumerate(arguments, 1)}
    written = random.choice((numbers, {name: name for name in numbers}))
    body = random.choice(_SPELLINGS).format(
        amount=written[amount],
        user=written[user],
        change=f"{mark} {value.format(written[amount])}",
        change_by_a=f"{mark} {value.format('a')}",
        where=where,
    )
    truth = {user: "user", amount: "amount"}
    name = random.choice(_FUNCTION_NAMES)
    return Planted(name, f"BEGIN {random.choice(guards)} {body}; END", tuple(arguments), truth, lowers)


@pytest.mark.parametrize("seed", range(400))
def test_planted_swaps_are_asked_about_or_right_and_never_wrong(seed: int) -> None:
    planted = plant(Random(seed))

    meanings = read_meanings(find(planted.body, *planted.arguments, name=planted.name))

    if not planted.lowers:
        assert meanings is None, planted
    elif meanings is not None:
        money = {name: meant for name, meant in meanings.items() if meant in {"user", "amount", "wallet"}}
        assert money == planted.truth, planted


def test_most_planted_functions_are_found() -> None:
    planted = [item for seed in range(400) if (item := plant(Random(seed))).lowers]
    found = [read_meanings(find(item.body, *item.arguments, name=item.name)) is not None for item in planted]

    assert sum(found) >= len(found) / 3


_USUAL = argument("p_user_id", "uuid"), argument("p_amount", "integer")


@pytest.mark.parametrize(
    "name",
    ["consume_quota", "takeUnits", "drain_points", "try_debit_wallet", "reduceBalance"],
)
def test_a_name_that_says_that_it_takes_is_enough_where_no_source_can_be_read(name: str) -> None:
    assert read_meanings(find(None, *_USUAL, name=name)) == {"p_user_id": "user", "p_amount": "amount"}


@pytest.mark.parametrize(
    "name",
    [
        "charge_user",
        "consume_quota_preview",
        "take_units_log",
        "withdraw_request",
        "get_unit_balance",
        "withdraw_funds",
        "redeem_points",
        "user_balance",
        "run_unit_count",
        "refund_spent_units",
        "xyzzy_units",
        "return_taken_units",
        "add_quota",
    ],
)
def test_a_name_of_which_a_word_says_something_else_or_nothing_is_not(name: str) -> None:
    assert find(None, *_USUAL, name=name).function is None


def test_two_names_that_say_that_they_take_are_asked_about() -> None:
    found = find(None, *_USUAL, name="consume_quota", others=(function("take_units", *_USUAL),))

    assert [finding.id for finding in found.findings] == ["role-ambiguous"]


@pytest.mark.parametrize(
    ("name", "kind", "meant"),
    [
        ("p_usage_id", "uuid", "execution"),
        ("p_unique_ref", "text", "key"),
        ("p_concept", "text", "text"),
        ("p_message", "text", "text"),
        ("p_tags", "jsonb", "metadata"),
        ("p_custom_data", "jsonb", "metadata"),
    ],
)
def test_words_of_arguments(name: str, kind: str, meant: str) -> None:
    found = find(None, *_USUAL, argument(name, kind), name="use_credits")

    assert (read_meanings(found) or {}).get(name) == meant


@pytest.mark.parametrize("name", ["p_xyzzy", "p_parent_run_id", "p_order_id", "p_force"])
def test_words_of_arguments_that_mean_nothing_of_ours(name: str) -> None:
    found = find(None, *_USUAL, argument(name, "uuid"), name="use_credits")

    assert [finding.id for finding in found.findings] == ["function-unusable"]
