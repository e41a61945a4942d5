"""Calls the database's own deduct function, whatever it is called and takes, and reads what it answers.

It believes nothing of the answer, and decides nothing: ledger.py compares it with what was written.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from psycopg import sql
from psycopg.types.json import Jsonb

from agentctl.core.catalog.introspection import Argument
from agentctl.core.database.connection import Connection
from agentctl.core.database.errors import read_refusal
from agentctl.core.database.quoting import Printed, compose
from agentctl.core.errors import SchemaLacks
from agentctl.core.mapping.functions import Deduct
from agentctl.core.models import Credits, Key

WHOLE_NUMBERS: Mapping[str, int] = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}
"""The types that hold no fractions, and the largest number that each holds."""

_TOO_FEW = re.compile(
    r"insufficient|not enough|too (few|low|little)|lack of|no credits|exceed", re.IGNORECASE
)
_FLAGS = ("success", "ok", "deducted", "allowed", "status")
_REASONS = ("error", "message", "error_message", "reason", "detail")
_NO = frozenset(
    {False, "false", "error", "failed", "failure", "insufficient", "insufficient_credits", "denied"}
)
# Supabase's auth.uid() and its kin read these; they are set for this one call.
_CLAIMS = "SELECT set_config('request.jwt.claims', {}, true), set_config('request.jwt.claim.sub', {}, true)"


@dataclass(frozen=True, slots=True)
class Charge:
    """What is to be charged, to whom and for what."""

    user: Key
    price: Credits
    agent: Key
    execution: Key
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a deduct function said.

    Attributes:
        success: whether it says that it charged; None where that cannot be told from the answer.
        error: why not, in its own words.
        amounts: the credits that it names; what is no number is left out.
        raised: it raised an exception, so that the transaction can only be rolled back.

    """

    success: bool | None
    error: str | None
    amounts: Mapping[str, Credits]
    raised: bool = False

    @property
    def too_few(self) -> bool:
        """Whether it refused for want of credits."""
        return "required_credits" in self.amounts or bool(_TOO_FEW.search(self.error or ""))


def deduct(connection: Connection, function: Deduct, charge: Charge) -> Answer:
    """Ask for an execution's price.

    Raises:
        SchemaLacks: the price has a fraction, and the function takes whole numbers.

    """
    known = _values(charge)
    for argument in function.passed:
        _require_exact(charge.price, argument, function)
    values = {name: known[meaning] for name, meaning in function.given.items()} | dict(function.texts)
    passed = {f"argument_{number}": argument for number, argument in enumerate(function.passed)}
    call = sql.SQL("SELECT to_jsonb(answer)::text AS answer FROM {}({}) AS answer").format(
        sql.Identifier(function.function.schema, function.function.name),
        sql.SQL(", ").join(_passed(name, argument) for name, argument in passed.items()),
    )
    _claim(connection, function, str(charge.user))
    try:
        row = connection.execute(
            call, {name: values[argument.name] for name, argument in passed.items()}
        ).fetchone()
    except Exception as error:
        said = read_refusal(error)
        if said is None:
            raise
        return Answer(success=False, error=said, amounts={}, raised=True)
    _claim(connection, function, None)
    return read_answer(row["answer"] if row else None)


def _values(charge: Charge) -> dict[str, object]:
    execution = str(charge.execution)
    return {
        "user": charge.user,
        "amount": charge.price,
        "agent": charge.agent,
        "execution": charge.execution,
        "key": execution,
        "kind": charge.kind,
        "text": charge.text,
        "metadata": Jsonb({"execution_id": execution, "agent_id": str(charge.agent), "source": "agentctl"}),
    }


def _require_exact(price: Credits, argument: Argument, function: Deduct) -> None:
    takes_price = function.given.get(argument.name) == "amount"
    if takes_price and argument.type in WHOLE_NUMBERS and price != int(price):
        msg = f"The price {price} does not fit {function.name}, which takes whole numbers."
        raise SchemaLacks(msg)


def _claim(connection: Connection, function: Deduct, user: str | None) -> None:
    """Say who is signed in, to a function that asks."""
    if function.function.asks_who:
        claims = json.dumps({"sub": user, "role": "authenticated"}) if user else ""
        connection.execute(sql.SQL(_CLAIMS).format(sql.Literal(claims), sql.Literal(user or "")))


def _passed(value: str, argument: Argument) -> sql.Composed:
    # The cast is to the type that the catalog names: overloads are told apart by it.
    parts = sql.Identifier(argument.name), sql.Placeholder(value), Printed(argument.type)
    return compose("{} => {}::{}", *parts)


def read_answer(text: str | None) -> Answer:
    """Read an answer as JSON: an object, a row, a balance, a truth value, or nothing.

    Args:
        text: JSON; None for SQL's NULL, or for no row at all.

    """
    try:
        said = json.loads(text or "null", parse_float=Decimal)  # a float would not be exact
    except (ValueError, RecursionError):  # more digits, or deeper, than anybody would read
        said = None
    if isinstance(said, list) and said:
        said = said[0]
    if isinstance(said, dict):
        return _read_object(said)
    if isinstance(said, bool):
        return Answer(said, None, {})
    if isinstance(said, int | Decimal):
        return Answer(False if said < 0 else None, None, {})
    return Answer(None, said if isinstance(said, str) and said else None, {})


def _read_object(said: Mapping[str, object]) -> Answer:
    amounts = {
        name: value
        for name, value in said.items()
        if isinstance(value, int | Decimal) and not isinstance(value, bool)
    }
    flag = next((said[name] for name in _FLAGS if name in said), None)
    error = next((text for name in _REASONS if isinstance(text := said.get(name), str)), None)
    refused = (flag.lower() if isinstance(flag, str) else flag) in _NO or "required_credits" in amounts
    if flag is None and "error" in said and said["error"]:
        refused = True
    return Answer(False if refused else (True if flag is not None else None), error, amounts)
