"""What an operator gives an agent: words of the command line, a file, answers; made into one JSON object.

Every problem is found before any is told. It neither prints nor prompts: asking is a function passed in.
"""

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from agentctl.core.conversion import Unfit, convert, read_json
from agentctl.core.errors import InvalidInputs, UsageError
from agentctl.core.forms import Field, Form
from agentctl.core.validation import problems_of

Ask = Callable[[Field], object]
"""Asks a person for a field and returns its JSON value; None for no answer."""

_ITEM = re.compile(r"(?P<name>[^=]+?)(?P<kind>:=|=@|=)(?P<rest>.*)", re.DOTALL)
_CREDENTIALS = "credentials"
_LARGEST_FILE = 10 * 1024**2
_NOTHING = object()
"""Stands for an optional field that was left empty."""


@dataclass(frozen=True, slots=True)
class GivenInputs:
    """The inputs, and third-party credentials that are sent beside them, where any were given."""

    inputs: dict[str, object]
    credentials: object = None


def read_input_file(name: str) -> str:
    """Return the text of an input file; `-` is standard input.

    Raises:
        UsageError: it cannot be read, is no UTF-8, or is larger than 10 MiB.

    """
    return _read(name, what=f"The input file {name}")


def _read(name: str, *, what: str) -> str:
    try:
        if name == "-":
            content = sys.stdin.buffer.read(_LARGEST_FILE + 1)
        else:
            with Path(name).open("rb") as file:
                content = file.read(_LARGEST_FILE + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        msg = f"{what} cannot be read: {error.strerror}."
        raise UsageError(msg) from None
    except UnicodeDecodeError:
        msg = f"{what} is not UTF-8 text."
        raise UsageError(msg) from None
    if len(content) > _LARGEST_FILE:
        msg = f"{what} is larger than {_LARGEST_FILE // 1024**2} MiB."
        raise UsageError(msg)
    return text


def resolve_inputs(
    form: Form, *, items: Sequence[str], input_file_text: str | None, ask: Ask | None
) -> GivenInputs:
    """Put together and check what the agent is to be given.

    Words of the command line win over the file, both over the form's defaults. An empty text for an
    optional field counts as not given.

    Args:
        form: the agent's.
        items: `NAME=TEXT`, `NAME:=JSON`, `NAME=@FILE`; `NAME=@@TEXT` is a text that begins with `@`.
        input_file_text: a JSON object.
        ask: asks for required fields that are missing; only called where nothing else is wrong.

    Raises:
        InvalidInputs: with every problem at once.

    """
    problems: list[str] = []
    inputs = _from_file(input_file_text, problems) if input_file_text is not None else {}
    inputs.update(_from_items(form, items, problems))
    credentials = None if form.field(_CREDENTIALS) else inputs.pop(_CREDENTIALS, None)
    for field in form.fields:
        if field.default is not None:
            inputs.setdefault(field.name, field.default)
    bad = {problem.partition(":")[0] for problem in problems}
    found = [line for line in problems_of(form, inputs) if line.partition(":")[0] not in bad]
    missing = [field for field in form.fields if field.required and inputs.get(field.name) in (None, "")]
    if ask is not None and not problems and len(found) == len(missing):
        inputs.update({field.name: ask(field) for field in missing})
        found = problems_of(form, inputs)
    if problems or found:
        raise InvalidInputs([*problems, *found])
    return GivenInputs(inputs, credentials)


def _from_file(text: str, problems: list[str]) -> dict[str, object]:
    try:
        value = read_json(text)
    except Unfit as error:
        problems.append(f"input file: {error}")
        return {}
    if not isinstance(value, dict):
        problems.append("input file: is not a JSON object")
        return {}
    return value


def _from_items(form: Form, items: Sequence[str], problems: list[str]) -> dict[str, object]:
    given: dict[str, object] = {}
    seen: set[str] = set()
    for item in items:
        found = _ITEM.fullmatch(item)
        if found is None:
            problems.append(f"{item}: is not NAME=TEXT, NAME:=JSON or NAME=@FILE")
            continue
        name = found["name"]
        if name in seen:
            problems.append(f"{name}: is given twice")
        seen.add(name)
        try:
            value = _value(form.field(name), found["kind"], found["rest"])
        except Unfit as error:
            problems.append(f"{name}: {error}")
        except UsageError as error:
            problems.append(f"{name}: {error.message}")
        else:
            if value is not _NOTHING:
                given[name] = value
    return given


def _value(field: Field | None, kind: str, rest: str) -> object:
    if kind == ":=":
        return read_json(rest)
    if kind == "=@" and not rest.startswith("@"):
        rest = _read(rest, what=f"The file {rest}").rstrip("\n")
    if field is None:
        return rest
    if not rest and not field.required:
        return _NOTHING
    return convert(field, rest)
