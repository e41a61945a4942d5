"""Computes with credits exactly, however many digits a database keeps.

Python's operators on Decimal round to 28 digits, the unary minus and abs() too; PostgreSQL's numeric holds
147,455. Comparisons are exact, and so is everything about int. No other module computes credits.
"""

from collections.abc import Iterable
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow

from agentctl.core.models import Credits

# Twice what numeric holds: 131,072 digits before the point and 16,383 after it. It raises if a result would
# be rounded nevertheless.
_EXACT = Context(prec=300_000, Emax=999_999, Emin=-999_999, traps=[Inexact, InvalidOperation, Overflow])


def add(first: Credits, second: Credits) -> Credits:
    """Return the sum of two amounts.

    Raises:
        ArithmeticError: it has more digits than PostgreSQL's numeric holds.

    """
    if isinstance(first, int) and isinstance(second, int):
        return first + second
    return _EXACT.add(Decimal(first), Decimal(second))


def subtract(first: Credits, second: Credits) -> Credits:
    """Return the difference between two amounts."""
    return add(first, negate(second))


def multiply(first: Credits, second: Credits) -> Credits:
    """Return the product of two amounts.

    Raises:
        ArithmeticError: it has more digits than PostgreSQL's numeric holds.

    """
    if isinstance(first, int) and isinstance(second, int):
        return first * second
    return _EXACT.multiply(Decimal(first), Decimal(second))


def negate(amount: Credits) -> Credits:
    """Return an amount with the opposite sign."""
    return -amount if isinstance(amount, int) else amount.copy_negate()


def absolute(amount: Credits) -> Credits:
    """Return an amount without its sign."""
    return abs(amount) if isinstance(amount, int) else amount.copy_abs()


def total(amounts: Iterable[Credits]) -> Credits:
    """Return the sum of any number of amounts."""
    result: Credits = 0
    for amount in amounts:
        result = add(result, amount)
    return result
