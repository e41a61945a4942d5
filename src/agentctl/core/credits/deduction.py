"""Calls the database's own deduct function, whatever its name and arguments, and reads its answer.

It believes nothing and decides nothing: `movements` compares the answer with what was written.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct
from psycopg import sql
from psycopg.types.json import Jsonb

from agentctl.core.catalog.introspection import Argument
from agentctl.core.database.connection import Connection
from agentctl.core.database.errors import read_refusal
from agentctl.core.database.quoting import Printed, compose
from agentctl.core.database.statements import Statement
from agentctl.core.errors import SchemaLacks
from agentctl.core.mapping.functions import Deduct
from agentctl.core.models import Credits, Key

WHOLE_NUMBERS: Mapping[str, int] = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}
"""The types that hold no fractions, and the largest number that each holds."""

_LACKS_CREDITS = re.compile(
    r"insufficient|not enough|too (few|low|little)|lack of|no credits|exceed", re.IGNORECASE
)
_FLAGS = ("success", "ok", "deducted", "allowed", "status")
_REASONS = ("error", "message", "error_message", "reason", "detail")
_NO = frozenset(
    {False, "false", "error", "failed", "failure", "insufficient", "insufficient_credits", "denied"}
)
# Supabase's auth.uid() and the like read these; they are set for this one call.
_CLAIMS = "SELECT set_config('request.jwt.claims', {}, true), set_config('request.jwt.claim.sub', {}, true)"


class Charge(Struct, frozen=True):
    """What is to be charged, to whom and for what.

    Attributes:
        wallet: the key of the user's balance, for functions that ask for it instead of the user.

    """

    user: Key
    price: Credits
    agent: Key
    execution: Key
    kind: str
    text: str
    wallet: Key | None = None


class DeductAnswer(Struct, frozen=True):
    """What a deduct function answered.

    Attributes:
        success: whether it says that it charged; None where the answer does not say.
        error: why it did not, in its own words.
        amounts: the credits that it names, by name; only numbers.

    """

    success: bool | None
    error: str | None
    amounts: Mapping[str, Credits]

    @property
    def lacks_credits(self) -> bool:
        """Whether it refused because there are too few credits."""
        return "required_credits" in self.amounts or bool(_LACKS_CREDITS.search(self.error or ""))


def deduct(connection: Connection, function: Deduct, charge: Charge) -> DeductAnswer:
    """Ask the function to take an execution's price.

    Raises:
        SchemaLacks: the price has a fraction, and the function takes whole numbers.

    """
    before, call, after = compose_deduction(function, charge)
    for statement in before:
        connection.run(statement)
    try:
        answer = connection.run(call).fetchone()
    except Exception as error:
        refusal = read_refusal(error)
        if refusal is None:
            raise
        return DeductAnswer(success=False, error=refusal, amounts={})
    for statement in after:
        connection.run(statement)
    return read_answer(answer["answer"] if answer else None)


class Deduction(NamedTuple):
    """The statements of a call, in their order: a function may ask who is signed in."""

    before: tuple[Statement, ...]
    call: Statement
    after: tuple[Statement, ...]


def compose_deduction(function: Deduct, charge: Charge) -> Deduction:
    """Return the statements that `deduct` asks.

    Raises:
        SchemaLacks: the price has a fraction, and the function takes whole numbers.

    """
    for argument in function.passed:
        _require_exact(charge.price, argument, function)
    known = _build_values(charge)
    values = {name: known[meaning] for name, meaning in function.meanings.items()} | dict(function.texts)
    passed = {f"argument_{number}": argument for number, argument in enumerate(function.passed)}
    query = compose(
        "SELECT to_jsonb(answer)::text AS answer FROM {}({}) AS answer",
        function.function.identifier,
        sql.SQL(", ").join(_build_argument(name, argument) for name, argument in passed.items()),
    )
    call = Statement(query, {name: values[argument.name] for name, argument in passed.items()})
    return Deduction(_compose_claims(function, str(charge.user)), call, _compose_claims(function, None))


def _build_values(charge: Charge) -> dict[str, object]:
    execution = str(charge.execution)
    return {
        "user": charge.user,
        "wallet": charge.wallet,
        "amount": charge.price,
        "agent": charge.agent,
        "execution": charge.execution,
        "key": execution,
        "kind": charge.kind,
        "text": charge.text,
        "metadata": Jsonb({"execution_id": execution, "agent_id": str(charge.agent), "source": "agentctl"}),
    }


def _require_exact(price: Credits, argument: Argument, function: Deduct) -> None:
    takes_price = function.meanings.get(argument.name) == "amount"
    if takes_price and argument.type in WHOLE_NUMBERS and price != int(price):
        raise SchemaLacks(f"The price {price} does not fit {function.name}, which takes whole numbers.")


def _compose_claims(function: Deduct, user: str | None) -> tuple[Statement, ...]:
    """Return what tells a function that asks for it who is signed in; None clears that."""
    if not function.function.asks_who:
        return ()
    claims = json.dumps({"sub": user, "role": "authenticated"}) if user else ""
    return (Statement(compose(_CLAIMS, sql.Literal(claims), sql.Literal(user or ""))),)


def _build_argument(value: str, argument: Argument) -> sql.Composed:
    # The cast is to the type that the catalog names: overloads are told apart by it.
    parts = sql.Identifier(argument.name), sql.Placeholder(value), Printed(argument.type)
    return compose("{} => {}::{}", *parts)


def read_answer(text: str | None) -> DeductAnswer:
    """Read an answer from its JSON: an object, a row, a balance, a boolean, or nothing.

    Args:
        text: JSON; None for NULL, or for no row at all.

    """
    try:
        value = json.loads(text or "null", parse_float=Decimal)  # a float would not be exact
    except (ValueError, RecursionError):  # too many digits, or too deep
        value = None
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict):
        return _read_object(value)
    if isinstance(value, bool):
        return DeductAnswer(value, None, {})
    if isinstance(value, int | Decimal):
        return DeductAnswer(False if value < 0 else None, None, {})
    return DeductAnswer(None, value if isinstance(value, str) and value else None, {})


def _read_object(answer: Mapping[str, object]) -> DeductAnswer:
    amounts = {
        name: amount
        for name, amount in answer.items()
        if isinstance(amount, int | Decimal) and not isinstance(amount, bool)
    }
    flag = next((answer[name] for name in _FLAGS if name in answer), None)
    error = next((text for name in _REASONS if isinstance(text := answer.get(name), str)), None)
    refused = (
        (flag.lower() if isinstance(flag, str) else flag) in _NO
        or "required_credits" in amounts
        or (flag is None and bool(answer.get("error")))
    )
    return DeductAnswer(False if refused else (True if flag is not None else None), error, amounts)
