"""Combines the inputs that an operator gives - words, a file, answers - into one JSON object.

It reports all problems together. It neither prints nor prompts: the caller passes a function that asks.
"""

import re
import sys
from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from msgspec import Struct

from agentctl.core.agents.conversion import Unfit, convert, read_json, require_unicode
from agentctl.core.agents.form import Field, FieldKind, Form
from agentctl.core.agents.validation import Problem, problems_of
from agentctl.core.errors import InvalidInputs, UsageError
from agentctl.core.hint_text import shorten

Judge = Callable[[object], list[str]]
"""Returns what is wrong with a value; an empty list if nothing is."""
Ask = Callable[[Field, Judge], object]
"""Asks a person for a field until the answer is valid, and returns its JSON value."""

_ITEM = re.compile(r"(?P<name>[^=]+?)(?P<kind>:=|=@|=)(?P<rest>.*)", re.DOTALL)
_CREDENTIALS = "credentials"
_LARGEST_FILE = 10 * 1024**2
_MOST_SHOWN = 100  # problems
_NOTHING = object()
"""Stands for an optional field that was left empty."""


class GivenInputs(Struct, frozen=True):
    """The inputs, and the third-party credentials to send beside them, if any were given."""

    inputs: dict[str, object]
    credentials: object = None


def read_input_file(name: str) -> str:
    """Return the text of an input file; `-` is standard input.

    Raises:
        UsageError: it cannot be read, is not UTF-8, or is larger than 10 MiB.

    """
    return _read_text(name, what=f"The input file {shorten(name)}")


def _read_text(name: str, *, what: str) -> str:
    content = _read_bytes(name, what=what)
    if len(content) > _LARGEST_FILE:
        raise UsageError(f"{what} is larger than {_LARGEST_FILE // 1024**2} MiB.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{what} is not UTF-8 text.") from None


def _read_bytes(name: str, *, what: str) -> bytes:
    try:
        if name != "-":
            with Path(name).open("rb") as file:
                return file.read(_LARGEST_FILE + 1)
        if sys.stdin is not None:  # it is None if it was closed
            return sys.stdin.buffer.read(_LARGEST_FILE + 1)
        why: str | None = "standard input is closed"
    except OSError as error:
        why = error.strerror
    except ValueError:
        why = "no file can have that name"
    raise UsageError(f"{what} cannot be read: {why}.")


def resolve_inputs(
    form: Form, *, items: Sequence[str], input_file_text: str | None, ask: Ask | None
) -> GivenInputs:
    """Combine and check the inputs of an agent.

    Words of the command line overrule the file, and both overrule the form's defaults. An empty text for an
    optional field counts as not given.

    Args:
        form: the agent's.
        items: `NAME=TEXT`, `NAME:=JSON`, `NAME=@FILE`; `NAME=@@TEXT` is a text that begins with `@`.
        input_file_text: a JSON object.
        ask: asks for required fields that are missing; called only if nothing else is wrong.

    Raises:
        InvalidInputs: with every problem at once.

    """
    problems: list[Problem] = []
    inputs = _read_file_inputs(input_file_text, problems) if input_file_text is not None else {}
    inputs.update(_read_item_inputs(form, items, problems))
    credentials = None if form.field(_CREDENTIALS) else inputs.pop(_CREDENTIALS, None)
    names = {problem.name for problem in problems}
    defaults = {name: value for name, value in _list_defaults(form) if name not in {*inputs, *names}}
    inputs.update(defaults)
    further = [problem for problem in problems_of(form, inputs) if problem.name not in names]
    if ask is not None and not problems and _can_be_asked(form, inputs, further):
        _ask_for(form, inputs, {problem.name for problem in further}, ask=ask)
        further = problems_of(form, inputs)
    if problems or further:
        raise InvalidInputs(_list_lines([*problems, *further], defaults))
    return GivenInputs(inputs, credentials)


def _list_defaults(form: Form) -> Iterator[tuple[str, object]]:
    """Yield the form's defaults, converted, since most forms write all of them as text."""
    for field in form.fields:
        value = field.default
        if isinstance(value, str) and field.kind is not FieldKind.JSON:
            value = _convert_default(field, value)
        if value is not None:
            yield field.name, value


def _convert_default(field: Field, text: str) -> object:
    if not text and field.kind not in {FieldKind.TEXT, FieldKind.TEXTAREA}:
        return None
    try:
        return convert(field, text)
    except Unfit:
        return text  # validation says what is wrong with it


def _can_be_asked(form: Form, inputs: Mapping[str, object], problems: Sequence[Problem]) -> bool:
    """Tell whether every problem is a required field without a value."""
    empty = {
        field.name for field in form.fields if field.required and inputs.get(field.name) in (None, "", [])
    }
    return {problem.name for problem in problems} <= empty


def _ask_for(form: Form, inputs: dict[str, object], names: Collection[str], *, ask: Ask) -> None:
    for field in form.fields:
        if field.name in names:
            inputs[field.name] = ask(field, partial(_judge_value, form, inputs, field.name))


def _judge_value(form: Form, inputs: Mapping[str, object], name: str, value: object) -> list[str]:
    problems = problems_of(form, {**inputs, name: value})
    return [problem.text for problem in problems if problem.name == name]


def _list_lines(problems: Sequence[Problem], defaults: Container[str]) -> list[str]:
    lines = [
        f"{problem.text} (the form's default)" if problem.name in defaults else problem.text
        for problem in problems
    ]
    more = [f"and {len(lines) - _MOST_SHOWN} more"] if len(lines) > _MOST_SHOWN else []
    return lines[:_MOST_SHOWN] + more


def _read_file_inputs(text: str, problems: list[Problem]) -> dict[str, object]:
    try:
        value = read_json(text)
    except Unfit as error:
        problems.append(Problem("", f"input file: {error}"))
        return {}
    if not isinstance(value, dict):
        problems.append(Problem("", "input file: is not a JSON object"))
        return {}
    return value


def _read_item_inputs(form: Form, items: Sequence[str], problems: list[Problem]) -> dict[str, object]:
    inputs: dict[str, object] = {}
    seen: set[str] = set()
    for item in items:
        parts = _ITEM.fullmatch(item)
        if parts is None:
            problems.append(Problem(item, f"{shorten(item)}: is not NAME=TEXT, NAME:=JSON or NAME=@FILE"))
            continue
        name = parts["name"]
        if name in seen:
            problems.append(Problem(name, f"{shorten(name)}: is given twice"))
        seen.add(name)
        try:
            value = _read_value(form.field(name), parts["kind"], parts["rest"])
        except Unfit as error:
            problems.append(Problem(name, f"{shorten(name)}: {error}"))
        except UsageError as error:
            problems.append(Problem(name, f"{shorten(name)}: {error.message}"))
        else:
            if value is not _NOTHING:
                inputs[name] = value
    return inputs


def _read_value(field: Field | None, kind: str, rest: str) -> object:
    if kind == ":=":
        return read_json(rest)
    if kind == "=@" and not rest.startswith("@"):
        rest = _read_text(rest, what=f"The file {shorten(rest)}").rstrip("\r\n")
    if field is None:
        require_unicode(rest)
        return rest
    if not rest and not field.required:
        return _NOTHING
    return convert(field, rest)
