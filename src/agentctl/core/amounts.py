"""Adds and subtracts credits exactly, whatever number of digits a database keeps.

Python's operators on Decimal round to 28 digits, the unary minus and abs() too; PostgreSQL's numeric holds
147,455. Comparisons are exact, and so is everything about int. Nothing else in agentctl computes credits.
"""

from collections.abc import Iterable
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow

from agentctl.core.models import Credits

# Twice what numeric holds: 131,072 digits before the point and 16,383 after it. Should anything ever be
# rounded all the same, it raises.
_EXACT = Context(prec=300_000, Emax=999_999, Emin=-999_999, traps=[Inexact, InvalidOperation, Overflow])


def add(one: Credits, other: Credits) -> Credits:
    """Return the sum of two amounts.

    Raises:
        ArithmeticError: it has more digits than PostgreSQL's numeric holds.

    """
    if isinstance(one, int) and isinstance(other, int):
        return one + other
    return _EXACT.add(Decimal(one), Decimal(other))


def subtract(one: Credits, other: Credits) -> Credits:
    """Return what is left of one amount without the other."""
    return add(one, negate(other))


def multiply(one: Credits, other: Credits) -> Credits:
    """Return the product of two amounts.

    Raises:
        ArithmeticError: it has more digits than PostgreSQL's numeric holds.

    """
    if isinstance(one, int) and isinstance(other, int):
        return one * other
    return _EXACT.multiply(Decimal(one), Decimal(other))


def negate(amount: Credits) -> Credits:
    """Return an amount with the other sign."""
    return -amount if isinstance(amount, int) else amount.copy_negate()


def absolute(amount: Credits) -> Credits:
    """Return an amount without its sign."""
    return abs(amount) if isinstance(amount, int) else amount.copy_abs()


def total(amounts: Iterable[Credits]) -> Credits:
    """Return the sum of any number of amounts, 0 of none."""
    result: Credits = 0
    for amount in amounts:
        result = add(result, amount)
    return result
