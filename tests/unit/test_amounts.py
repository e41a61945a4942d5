"""Credits are added and subtracted without losing a digit, beside fractions, which cannot lose any."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.core import amounts
from agentctl.core.catalog.check_constraint import Check
from agentctl.core.models import Credits

_WHOLE = st.integers(-(10**200), 10**200)
_DECIMALS = st.builds(lambda digits, places: Decimal(f"{digits}e{places}"), _WHOLE, st.integers(-120, 30))
_AMOUNTS = _WHOLE | _DECIMALS


@given(_AMOUNTS, _AMOUNTS)
def test_a_sum_and_a_difference_are_exact(one: Credits, other: Credits) -> None:
    assert Fraction(amounts.add(one, other)) == Fraction(one) + Fraction(other)
    assert Fraction(amounts.subtract(one, other)) == Fraction(one) - Fraction(other)
    assert Fraction(amounts.multiply(one, other)) == Fraction(one) * Fraction(other)


@given(_AMOUNTS)
def test_a_sign_changes_no_digit(amount: Credits) -> None:
    assert Fraction(amounts.negate(amount)) == -Fraction(amount)
    assert Fraction(amounts.absolute(amount)) == abs(Fraction(amount))


@given(st.lists(_AMOUNTS, max_size=8))
def test_a_total_is_the_exact_sum_of_all(many: list[Credits]) -> None:
    assert Fraction(amounts.total(many)) == sum(map(Fraction, many))


@given(_WHOLE, _WHOLE)
def test_whole_credits_stay_whole(one: int, other: int) -> None:
    results = amounts.add(one, other), amounts.subtract(one, other), amounts.negate(one)
    assert all(type(result) is int for result in (*results, amounts.total([one, other])))


def test_what_would_be_rounded_raises() -> None:
    with pytest.raises(ArithmeticError):
        amounts.add(Decimal("1e400000"), Decimal("1e-400000"))
    with pytest.raises(ArithmeticError):
        amounts.subtract(Decimal("1e400000"), Decimal("1e-400000"))
    with pytest.raises(ArithmeticError):
        amounts.multiply(Decimal("1e900000"), Decimal("1e900000"))


@given(_DECIMALS, _DECIMALS)
def test_a_check_that_reckons_with_amounts_is_judged_exactly(one: Decimal, other: Decimal) -> None:
    check = Check("CHECK (((a - b) = c))")
    assert check.is_understood
    difference = amounts.subtract(one, other)
    almost = amounts.add(difference, Decimal("1e-200"))

    assert check.holds({"a": one, "b": other, "c": difference}) is True
    assert check.holds({"a": one, "b": other, "c": almost}) is False
