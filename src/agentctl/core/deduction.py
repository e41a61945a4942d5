"""Calls the database's own deduct function, and reads what it answers.

It believes nothing of the answer, and decides nothing: ledger.py compares it with what was written.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from psycopg import sql

from agentctl.core.catalog import Argument, Function
from agentctl.core.database import Connection
from agentctl.core.errors import SchemaLacks
from agentctl.core.mapping import DEDUCT
from agentctl.core.models import Credits, Key

WHOLE_NUMBERS: Mapping[str, int] = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}
"""The types that hold no fractions, and the largest number that each holds."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a deduct function said.

    Attributes:
        success: whether it says that it charged.
        error: why not, in its own words.
        amounts: the credits that it names, by the reference's names; what is no number is left out.

    """

    success: bool
    error: str | None
    amounts: Mapping[str, Credits]

    @property
    def too_few(self) -> bool:
        """Whether it refused for want of credits."""
        return not self.success and "required_credits" in self.amounts


def deduct(
    connection: Connection, function: Function, *, user: Key, price: Credits, agent: Key, execution: Key
) -> Answer:
    """Ask for an execution's price.

    Raises:
        SchemaLacks: the price has a fraction, and the function takes whole numbers.

    """
    known: dict[str, object] = {
        "p_user_id": user,
        "p_amount": price,
        "p_agent_id": agent,
        "p_execution_id": execution,
    }
    arguments = [argument for argument in function.arguments if argument.name in known]
    for argument in arguments:
        _require_exact(price, argument)
    call = sql.SQL("SELECT {}({})::text AS answer").format(
        sql.Identifier(function.schema, function.name), sql.SQL(", ").join(map(_passed, arguments))
    )
    row = connection.execute(call, known).fetchone()
    return _read(row["answer"] if row else None)


def _require_exact(price: Credits, argument: Argument) -> None:
    if argument.name == "p_amount" and argument.type in WHOLE_NUMBERS and price != int(price):
        msg = f"The price {price} does not fit {DEDUCT}, which takes whole numbers."
        raise SchemaLacks(msg)


def _passed(argument: Argument) -> sql.Composed:
    # The cast is to the type that the catalog names: overloads are told apart by it.
    return sql.SQL("{} => {}::{}").format(
        sql.Identifier(argument.name),
        sql.Placeholder(argument.name),
        sql.SQL(argument.type),
    )


def _read(text: str | None) -> Answer:
    """Read JSON as a deduct function returns it; whatever is not understood is no success."""
    try:
        said = json.loads(text or "null", parse_float=Decimal)  # a float would not be exact
    except (ValueError, RecursionError):  # more digits, or deeper, than anybody would read
        said = None
    if not isinstance(said, dict):
        said = {}
    amounts = {
        name: value
        for name, value in said.items()
        if isinstance(value, int | Decimal) and not isinstance(value, bool)
    }
    error = said.get("error")
    return Answer(said.get("success") is True, error if isinstance(error, str) else None, amounts)
