"""Reads the values of a row, whatever their columns' types are: amounts, times, texts, JSON.

A customer can write `infinity` as a time and NaN as a balance. Such a value is shown as PostgreSQL prints it
and used for nothing else: code that decides something checks first that it has a time or an amount.
"""

from datetime import date, tzinfo
from decimal import Decimal

from agentctl.core.errors import Refused
from agentctl.core.models import Amount, Credits, Time, Verbatim
from agentctl.core.strict_json import JsonNumber
from agentctl.core.times import moment_of


def read_amount(value: object) -> Amount | None:
    """Return the value of a column of amounts; NULL is None."""
    match value:
        case None | Verbatim():
            return value
        case bool():
            return Verbatim(str(value).lower())
        case int():
            return value
        case Decimal() if value.is_finite():
            return value
    return Verbatim(str(value))


def read_time(value: object, zone: tzinfo | None = None) -> Time | None:
    """Return the value of a column of times: an instant where its zone is known, else its text; NULL is None.

    Args:
        value: from a column of times.
        zone: of times that have none; None where nobody has said.

    """
    moment = None if isinstance(value, Verbatim) else moment_of(value, zone)
    if moment is not None and moment.shown is not None:
        return moment.shown
    if value is None or isinstance(value, Verbatim):
        return value
    return Verbatim(value.isoformat() if isinstance(value, date) else str(value))


def read_text(value: object) -> str | None:
    """Return the value of a column of texts, whatever its type is; NULL is None."""
    return value if value is None or isinstance(value, str) else str(value)


def read_json(value: object) -> object:
    """Return the value of a column of JSON or any other type: as JSON knows it, or else its text."""
    return value if isinstance(value, dict | list | str | bool | int | JsonNumber | None) else str(value)


def require_amount(value: object, what: str) -> Credits:
    """Return an amount that a decision depends on.

    Args:
        value: from a column of amounts.
        what: names it in the message: `The balance of user 7`.

    Raises:
        Refused: it is not an amount.

    """
    amount = read_amount(value)
    if isinstance(amount, int | Decimal):
        return amount
    raise Refused(
        f"{what} is {'NULL' if amount is None else amount}, which is not a number of credits.",
        hint="Correct it in the database, balance and ledger together.",
        code="no_amount",
    )
