"""Checks inputs against a form; each problem becomes a sentence that begins with the input's name.

It changes nothing and asks nobody. Messages shorten values, and show none of a secret field.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from functools import partial
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from msgspec import Struct

from agentctl.core.agents.bounded_judging import SECONDS, judge_apart
from agentctl.core.agents.form import Form, spell_value
from agentctl.core.agents.schema_rules import is_light, python_schema, validator_class
from agentctl.core.errors import SchemaLacks
from agentctl.core.hint_text import quote_briefly, shorten

if TYPE_CHECKING:
    from jsonschema import FormatChecker, ValidationError
    from jsonschema.protocols import Validator

_EMAIL = re.compile(r"[^@\s]+@([^@\s.]+\.)*[^@\s.]+")
_NOT_IN_ADDRESSES = re.compile(r"[\s\x00-\x1f\x7f]")
_WEB_SCHEMES = frozenset({"http", "https"})
_MOST = 100  # problems that are reported: a file may have millions
_MOST_LISTED = 20
_LONGEST_LINE = 300
_FORMATS = {
    "email": "an e-mail address",
    "uri": "an address",
    "url": "a web address",
    "date": "a date such as 2026-11-30",
}
_TYPES = {
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "string": "text",
    "array": "a list",
    "object": "an object",
}


class Problem(Struct, frozen=True):
    """A sentence about what is wrong with an input; `name` is empty if it concerns the inputs together."""

    name: str
    text: str


class Verdict(Struct, frozen=True):
    """The problems of inputs; or, as `obstacle`, why the schema cannot be used."""

    problems: tuple[Problem, ...] = ()
    obstacle: str | None = None


def problems_of(form: Form, inputs: Mapping[str, object]) -> list[Problem]:
    """Return the first hundred problems of the inputs.

    A schema that might take for ever is used in a process of its own; an input whose rules take too long
    there is a problem.

    Raises:
        SchemaLacks: the agent's JSON Schema cannot be used, for instance because it refers to another one.

    """
    if not form.schema:
        return []
    secret = frozenset(field.name for field in form.fields if field.secret)
    light = is_light(form.schema, inputs)
    verdict = judge(form.schema, inputs, secret=secret) if light else _judge_apart(form, inputs, secret)
    if verdict.obstacle is not None:
        raise SchemaLacks(
            f"The agent's input_schema cannot be used: {verdict.obstacle}.",
            hint="Correct it in the agents table.",
            code="input_schema",
        )
    return list(verdict.problems)


def _judge_apart(form: Form, inputs: Mapping[str, object], secret: frozenset[str]) -> Verdict:
    ruling = judge_apart({"schema": form.schema, "inputs": inputs, "secret": sorted(secret)})
    if not ruling.in_time:
        path = [ruling.field] if ruling.field else []
        sentence = (
            f"checking it against the agent's input_schema takes longer than {SECONDS:.0f} "
            "seconds; use another value, or correct its pattern or $ref in the agents table"
        )
        return Verdict((_make_problem(path, sentence),))
    if ruling.answer is None:
        return Verdict(obstacle="checking it takes more memory than is allowed")
    problems = tuple(Problem(name, text) for name, text in ruling.answer["problems"])
    return Verdict(problems, ruling.answer["obstacle"])


def judge(
    schema: Mapping[str, object],
    inputs: Mapping[str, object],
    *,
    secret: frozenset[str],
    on_field: Callable[[str], None] = lambda _: None,
) -> Verdict:
    """Judge inputs in this process, however long that takes.

    Args:
        schema: a JSON Schema.
        inputs: JSON.
        secret: the fields whose values no message may show.
        on_field: called with an input's name before its own rules are checked.

    """
    from referencing import Registry  # noqa: PLC0415 - only agents with a form pay for it
    from referencing.exceptions import Unresolvable  # noqa: PLC0415 - likewise

    judged: Any = inputs
    try:
        python = python_schema(schema)
        kind = _report_fields(validator_class(python.rules), judged, on_field)
        # Without this empty registry, jsonschema would fetch whatever a `$ref` names.
        judge = kind(python.rules, registry=Registry(), format_checker=_make_format_checker())
        wording = _Wording(secret, python.written)
        # Each error becomes words at once: an error of jsonschema may hold all of the inputs as text.
        judged_errors = [
            ([str(part) for part in error.path], wording.problems(error))
            for error in islice(judge.iter_errors(judged), _MOST)
        ]
        judged_errors.sort(key=itemgetter(0))
        return Verdict(tuple(problem for _, problems in judged_errors for problem in problems))
    except Exception as error:  # noqa: BLE001 - what a schema of somebody else's can make it raise is open
        elsewhere = "it refers to something that it does not contain"
        return Verdict(obstacle=elsewhere if isinstance(error, Unresolvable) else type(error).__name__)


def _report_fields(
    kind: type["Validator"], inputs: object, on_field: Callable[[str], None]
) -> type["Validator"]:
    """Return a validator that reports each input before it judges it."""
    from jsonschema.validators import extend  # noqa: PLC0415 - see judge

    judge_properties: Any = kind.VALIDATORS["properties"]

    def properties(
        validator: Any, rules: Mapping[str, Any], instance: Any, schema: Any
    ) -> Iterator["ValidationError"]:
        for name, rule in rules.items():
            if instance is inputs:
                on_field(name)
            yield from judge_properties(validator, {name: rule}, instance, schema)

    reporting: type[Validator] = extend(kind, {"properties": properties})  # type: ignore[no-untyped-call]
    return reporting


class _Wording(Struct, frozen=True):
    """Turns jsonschema's errors into sentences.

    Attributes:
        secret: fields whose values are not shown.
        written: the patterns that their author wrote, by their translations.

    """

    secret: frozenset[str]
    written: Mapping[str, str]

    def problems(self, error: "ValidationError") -> list[Problem]:
        path = [str(part) for part in error.absolute_path]
        value: Any = error.instance
        rule: Any = error.validator_value
        schema: Any = error.schema
        match error.validator:
            case "required" if isinstance(rule, list):
                # jsonschema makes one error of each missing name, and names it only in the message.
                missing = next(name for name in rule if error.message.startswith(f"{name!r} is"))
                return [_make_problem([*path, missing], "is required")]
            case "additionalProperties" if rule is False:
                known = list(schema.get("properties", ()))
                unknown = _list_unknown(value, known, schema.get("patternProperties", ()))
                return [
                    _make_problem([*path, name], f"unknown input; {_suggest_input(name, known)}")
                    for name in unknown
                ]
            case "minLength" | "minItems" if value in ("", []):
                return [_make_problem(path, "is required")]
            case "format" if value == "" and schema.get("minLength"):
                return []  # another error says already that it is required
        return [
            _make_problem(path, self._write_sentence(error, secret=bool(path) and path[0] in self.secret))
        ]

    def _write_sentence(self, error: "ValidationError", *, secret: bool) -> str:
        value = "the value" if secret else _quote_value(error.instance)
        rule: Any = error.validator_value
        match error.validator:
            case "enum":
                return f"{value} is not one of {_join_values(rule)}"
            case "type":
                return f"{value} is not {_name_types(rule)}"
            case "format":
                return f"{value} is not {_FORMATS.get(rule, rule)}"
            case name if secret:
                return f"{value} does not meet {name}"
            case "pattern":
                return f"{value} does not match {self.written.get(rule, rule)!r}"
        return str(error.message).replace(repr(error.instance), value, 1)


def _list_unknown(names: Iterable[str], known: Iterable[str], patterns: Iterable[str]) -> Iterable[str]:
    unknown = (
        name for name in names if name not in known and not any(re.search(each, name) for each in patterns)
    )
    return islice(unknown, _MOST)


def _make_problem(path: list[str], sentence: str) -> Problem:
    text = f"{shorten('.'.join(path)) or 'inputs'}: {sentence}"
    return Problem(path[0] if path else "", shorten(text, _LONGEST_LINE))


def _suggest_input(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f'did you mean "{near[0]}"?' if near else f"expected {_join_values(known) or 'none'}"


def _name_types(wanted: object) -> str:
    kinds = wanted if isinstance(wanted, list) else [wanted]
    return " or ".join(_TYPES.get(str(kind), str(kind)) for kind in kinds)


def _join_values(values: Sequence[object]) -> str:
    """List values, but no more than twenty."""
    more = f" and {len(values) - _MOST_LISTED} more" if len(values) > _MOST_LISTED else ""
    return ", ".join(shorten(spell_value(value)) for value in values[:_MOST_LISTED]) + more


def _quote_value(value: object) -> str:
    match value:
        case str():
            return quote_briefly(value)
        case list():
            return "a list"
        case dict():
            return "an object"
    return shorten(spell_value(value))


def _make_format_checker() -> "FormatChecker":
    from jsonschema import FormatChecker  # noqa: PLC0415 - see judge

    checker = FormatChecker(formats=())
    for name, is_valid in _VALID.items():
        checker.checks(name)(partial(_is_valid_text, is_valid))
    return checker


def _is_valid_text(is_valid: Callable[[str], bool], value: object) -> bool:
    """Whether a value is a valid text, or no text: `type` judges that."""
    return not isinstance(value, str) or is_valid(value)


def _find_scheme(text: str) -> str | None:
    """Return the scheme of an address; None if the text is not an address."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    whole = parts.hostname if parts.scheme in _WEB_SCHEMES else parts.scheme
    return parts.scheme if whole and not _NOT_IN_ADDRESSES.search(text) else None


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


_VALID: Mapping[str, Callable[[str], bool]] = {
    "email": lambda text: _EMAIL.fullmatch(text) is not None,
    "uri": lambda text: _find_scheme(text) is not None,
    "url": lambda text: _find_scheme(text) in _WEB_SCHEMES,
    "date": _is_date,
}
