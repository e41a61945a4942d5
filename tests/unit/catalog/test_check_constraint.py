"""CHECK constraints as PostgreSQL prints them: what they say to a row, and when nobody knows."""

from decimal import Decimal

import pytest

from agentctl.core.catalog.check_constraint import Check

STATUS = "CHECK ((status = ANY (ARRAY['pending'::text, 'running'::text])))"
VARCHAR = (
    "CHECK (((state)::text = ANY ((ARRAY['a'::character varying, 'it''s'::character varying])::text[])))"
)
SIGN = "CHECK (((((type)::text = 'usage'::text) AND (amount < 0)) OR ((type)::text = 'adjustment'::text)))"
EITHER = "CHECK (((type = 'debit'::text) = (amount < 0)))"
ENDED = "CHECK (((finished_at IS NULL) OR (finished_at >= started_at)))"
PART = "CHECK (((note ~ '^x'::text) AND (amount > 0)))"


def check(definition: str) -> Check:
    found = Check(definition)
    assert found.is_understood
    return found


@pytest.mark.parametrize(
    ("definition", "row", "holds"),
    [
        (STATUS, {"status": "running"}, True),
        (STATUS, {"status": "done"}, False),
        (STATUS, {"status": None}, True),
        (STATUS, {}, None),
        (VARCHAR, {"state": "it's"}, True),
        (VARCHAR, {"state": "its"}, False),
        (SIGN, {"type": "usage", "amount": -1}, True),
        (SIGN, {"type": "usage", "amount": 1}, False),
        (SIGN, {"type": "adjustment"}, True),
        (SIGN, {"type": "refund"}, False),
        (SIGN, {"type": "usage"}, None),
        (EITHER, {"type": "debit", "amount": 1}, False),
        (EITHER, {"type": "gift", "amount": 1}, True),
        (ENDED, {"finished_at": None}, True),
        (ENDED, {}, None),
        (PART, {"amount": 0}, False),
        (PART, {"amount": 1}, None),
        ("CHECK ((credits >= (0)::numeric)) NOT VALID", {"credits": Decimal("-0.5")}, False),
        ("CHECK ((credits >= 0)) NO INHERIT", {"credits": 0}, True),
        ("CHECK ((amount <> 0))", {"amount": 0}, False),
        ("CHECK (((amount >= '-5'::integer) AND (amount <= 5)))", {"amount": -6}, False),
        ("CHECK ((char_length(error) <= 3))", {"error": "four"}, False),
        ("CHECK ((lower(status) = 'done'::text))", {"status": "DONE"}, True),
        ("CHECK ((status IS NOT NULL))", {"status": None}, False),
        ("CHECK ((NOT is_test))", {"is_test": True}, False),
        ("CHECK ((status IS DISTINCT FROM 'x'::text))", {"status": "x"}, False),
        ("CHECK ((status <> ALL (ARRAY['x'::text, 'y'::text])))", {"status": "y"}, False),
        ('CHECK (("userId" > 0))', {"userId": 0}, False),
        ("CHECK ((state = 'queued'::public.run_state))", {"state": "running"}, False),
        ("CHECK ((created_at > '2020-01-01'::date))", {"created_at": "2019-01-01"}, None),
        ("CHECK ((name < 'm'::text))", {"name": "a"}, None),
        ("CHECK (((code)::character(3) = 'abc'::bpchar))", {"code": "abc"}, None),
        ("CHECK (CASE WHEN (a > 0) THEN (b > 0) ELSE true END)", {"a": 1, "b": 1}, None),
    ],
)
def test_a_row_is_judged_as_postgresql_would(
    definition: str, row: dict[str, object], holds: bool | None
) -> None:
    assert Check(definition).holds(row) is holds


def test_the_texts_that_a_column_is_compared_with_come_in_their_order() -> None:
    assert check(STATUS).literals("status") == ("pending", "running")
    assert check(VARCHAR).literals("state") == ("a", "it's")
    assert check(SIGN).literals("type") == ("usage", "adjustment")
    assert check(SIGN).literals("amount") == ()
    assert check("CHECK ((state = 'queued'::run_state))").literals("state") == ("queued",)


def test_a_constraint_names_the_columns_that_it_speaks_of() -> None:
    assert check(ENDED).columns == {"finished_at", "started_at"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "CHECK (",
        "CHECK ())",
        "FOREIGN KEY (a) REFERENCES b(c)",
        "CHECK ((a ~ 'x'))",
        "CHECK (((((",
        "CHECK ('",
    ],
)
def test_a_check_that_cannot_be_parsed_is_not_understood(text: str) -> None:
    assert not Check(text).is_understood
    assert Check(text).holds({"a": "y"}) is None


def test_the_check_of_a_domain_speaks_of_its_value() -> None:
    check = Check("CHECK ((VALUE = ANY (ARRAY['free'::text, 'pro'::text])))")
    assert check.is_understood
    assert check.literals("value") == ("free", "pro")
    assert (check.holds({"value": "pro"}), check.holds({"value": "gold"})) == (True, False)


@pytest.mark.parametrize(
    "expression",
    [
        "x < (('1e99999999'::text)::numeric)::integer",
        "x < ('Infinity'::numeric)::integer",
        "x < ('-Infinity'::numeric)::bigint",
        "x < ('NaN'::numeric)::integer",
        "(" * 5000 + "x > 1" + ")" * 5000,
        "lower(" * 5000 + "x" + ")" * 5000 + " = 'a'",
        "lower(" * 300 + "CASE" + ")" * 300 + " = 'a'",
        "NOT " * 5000 + "x > 1",
        "x" + "::integer" * 5000 + " > 1",
        "x" + " * 2" * 5000 + " > 1",
        "(CASE" * 2000 + ")" * 2000,
    ],
    ids=lambda expression: expression[:20],
)
def test_an_expression_that_somebody_made_hard_is_not_understood_and_does_no_harm(expression: str) -> None:
    check = Check(f"CHECK (({expression}))")

    assert check.holds({"x": 5}) in {None, True}
