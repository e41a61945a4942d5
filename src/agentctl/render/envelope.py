"""Writes the JSON envelope that every command prints with --json, also on failure.

Text stays what it was: everything outside ASCII, and every control character, is escaped as JSON does.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from agentctl.core.errors import AgentctlError
from agentctl.core.models import Agent, AgentRef, User, UserRef, Verbatim
from agentctl.core.strict_json import write_json
from agentctl.core.times import rfc3339

SCHEMA = "agentctl/1"


def envelope(*, command: str, exit_code: int, data: object, error: AgentctlError | None) -> dict[str, object]:
    """Return the one object that a command prints."""
    return {
        "schema": SCHEMA,
        "command": command,
        "ok": exit_code == 0,
        "exit_code": exit_code,
        "data": data,
        "error": None if error is None else error_data(error),
    }


def envelope_of_list(command: str, member: str, beside: Mapping[str, object]) -> tuple[str, str]:
    """Return what is written before the items of a long list in `data`, and behind them.

    How the command ended is not known before: it follows, as `envelope_end` writes it.
    """
    begin = to_json({"schema": SCHEMA, "command": command})[:-1]
    return f'{begin}, "data": {{{to_json(member)}: [\n', f"\n], {to_json(beside)[1:]}"


def envelope_end(*, exit_code: int, error: AgentctlError | None) -> str:
    """Write the members of the envelope that say how a command ended."""
    ended = envelope(command="", exit_code=exit_code, data=None, error=error)
    return f", {to_json({name: ended[name] for name in ('ok', 'exit_code', 'error')})[1:]}\n"


def error_data(error: AgentctlError) -> Mapping[str, object]:
    """Return an error as programs read it."""
    return {
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
        "retryable": error.retryable,
    }


def agent_name_data(agent: Agent | AgentRef) -> dict[str, object]:
    """Return an agent's name as programs read it."""
    return {"id": agent.id, "slug": agent.slug, "name": agent.name}


def user_name_data(user: User | UserRef) -> dict[str, object]:
    """Return a user's name as programs read it."""
    return {"id": user.id, "email": user.email}


def format_json(value: object) -> str:
    """Write JSON for people, over several lines."""
    return write_json(value, indent=2, ensure_ascii=False)


def to_json(value: object, *, indent: int | None = None) -> str:
    """Write a value as JSON: ids and money that is no integer as text, times as RFC 3339 in UTC."""
    text = write_json(value, default=_make_plain, indent=indent)
    # DEL is the one control character that ASCII JSON leaves as it is; CI services obey what begins with ##.
    return text.replace("\x7f", "\\u007f").replace("##", "#\\u0023")


def _make_plain(value: object) -> object:
    match value:
        case datetime():
            return rfc3339(value)
        case UUID() | Verbatim() | timedelta() | date():
            return str(value)
        case Decimal():
            return format(value, "f")  # str writes 0.0000000 as 0E-7
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
