"""Every regular expression of agentctl takes linear time, even on long texts that are hard for it.

The texts come from the expression itself: of each part that repeats, what fits it, ten thousand times, with
something at the end that spoils it. The time is the processor's, and a limit for what would take for ever.
"""

import ast
import importlib
import re
import signal
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from re import _parser  # type: ignore[attr-defined]
from types import FrameType
from typing import Any

import pytest

_SOURCE = Path(__file__).parents[2] / "src"
_LENGTH = 20_000
_SECONDS = 0.5  # of the processor; in linear time it is a hundredth of that
METHODS = {"search", "match", "fullmatch", "sub", "subn", "split", "finditer", "findall"}
REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_SPOILERS = ["\0", "!", "'", '"']


@dataclass(frozen=True)
class Used:
    """An expression, and one of the ways in which it is used."""

    name: str
    pattern: re.Pattern[Any]
    method: str


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(_SOURCE.rglob("*.py")):
        name = ".".join(path.relative_to(_SOURCE).with_suffix("").parts).removesuffix(".__init__")
        if not name.endswith("__main__"):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def methods_by_name() -> dict[tuple[str, str], set[str]]:
    """Return how each named expression is used: in its own module if the name is private, else anywhere."""
    used: dict[tuple[str, str], set[str]] = defaultdict(set)
    for module, tree in modules():
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            for one in (node.func.value, *node.args[:1]):  # `_NAME.match(text)`, `cursor.match(_NAME)`
                if isinstance(one, ast.Name) and node.func.attr in METHODS:
                    used[module if one.id.startswith("_") else "", one.id].add(node.func.attr)
    return used


def patterns_in(value: object) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple | list | frozenset):
        for one in value:
            yield from patterns_in(one)
    elif isinstance(value, dict):
        for one in (*value.keys(), *value.values()):
            yield from patterns_in(one)


def expressions() -> Iterator[Used]:
    """Yield the expressions of modules, and those that are written where they are used."""
    used = methods_by_name()
    for name, tree in modules():
        module = importlib.import_module(name)
        for variable, value in vars(module).items():
            for pattern in patterns_in(value):
                for method in used.get((name if variable.startswith("_") else "", variable)) or {"search"}:
                    yield Used(f"{name}.{variable}", pattern, method)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re.") and node.args:
                method = ast.unparse(node.func).removeprefix("re.")
                if method in METHODS and isinstance(
                    text := getattr(node.args[0], "value", None), str | bytes
                ):
                    flags = re.IGNORECASE if "IGNORECASE" in ast.unparse(node) else re.NOFLAG
                    yield Used(f"{name}:{node.lineno}", re.compile(text, flags), method)


def unique() -> list[Used]:
    by_what = {(one.pattern, one.method): one for one in expressions()}
    return sorted(by_what.values(), key=lambda one: (one.name, one.method))


def sample(parsed: Any) -> str:
    """Return a short text that probably matches, built from the expression's parts."""
    return "".join(_sample_of(kind, value) for kind, value in parsed)


def _sample_of(kind: Any, value: Any) -> str:
    samples: dict[str, Callable[[], str]] = {
        "LITERAL": lambda: chr(value),
        "NOT_LITERAL": lambda: "b" if value == ord("a") else "a",
        "ANY": lambda: "a",
        "IN": lambda: _member(value),
        "BRANCH": lambda: sample(value[1][0]),
        "SUBPATTERN": lambda: sample(value[3]),
        "ATOMIC_GROUP": lambda: sample(value),
        **dict.fromkeys(REPEATS, lambda: sample(value[2]) * max(value[0], 1)),
    }
    return samples.get(str(kind), str)()


def _member(members: Any) -> str:
    if str(members[0][0]) == "NEGATE":
        out = [chr(value) for kind, value in members[1:] if str(kind) == "LITERAL"]
        return next(one for one in "a1 _." if one not in out)
    kind, value = members[0]
    if str(kind) == "RANGE":
        return chr(value[0])
    categories = {
        "CATEGORY_DIGIT": "1",
        "CATEGORY_SPACE": " ",
        "CATEGORY_WORD": "a",
        "CATEGORY_NOT_SPACE": "a",
    }
    return chr(value) if str(kind) == "LITERAL" else categories.get(str(value), "-")


def pumps(parsed: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """Yield a prefix and a repeatable text for each part that repeats."""
    for kind, value in parsed:
        if str(kind) in REPEATS and value[1] > 50 and (body := sample(value[2])):
            yield before, body
        for part in _parts(str(kind), value):
            yield from pumps(part, before)
        before += _sample_of(kind, value)


def _parts(kind: str, value: Any) -> list[Any]:
    """Return what an expression is made of, as the standard library's parser has it."""
    if kind in REPEATS:
        return [value[2]]
    if kind == "BRANCH":
        return list(value[1])
    places = {"SUBPATTERN": 3, "ASSERT": 1, "ASSERT_NOT": 1}
    return [value[places[kind]]] if kind in places else [value] if kind == "ATOMIC_GROUP" else []


def hard_texts(pattern: re.Pattern[Any]) -> Iterator[str]:
    parsed = _parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE)
    several = list(islice(pumps(parsed), 40))
    for before, body in several:
        for other in {body, *(one for _, one in several[:6])}:
            # Alone, or in turn with another part's: where both fit, there are many ways to tell them apart.
            pumped = (body + ("" if other == body else other)) * (_LENGTH // len(body + other))
            for spoiler in _SPOILERS:
                yield before + pumped + spoiler
        yield (before + body) * (_LENGTH // len(before + body))


class TooSlowError(Exception):
    """The expression used too much processor time."""


@contextmanager
def limited() -> Iterator[None]:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TooSlowError

    earlier = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, _SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, earlier)


def use(one: Used, text: str) -> None:
    subject: Any = text.encode("utf-8", "replace") if isinstance(one.pattern.pattern, bytes) else text
    if one.method in {"sub", "subn"}:
        one.pattern.sub(subject[:0], subject)
    elif one.method in {"finditer", "findall"}:
        for _ in one.pattern.finditer(subject):
            pass
    else:
        getattr(one.pattern, one.method)(subject)


@pytest.mark.parametrize("one", unique(), ids=lambda one: f"{one.name}-{one.method}")
def test_every_regular_expression_takes_linear_time(one: Used) -> None:
    for text in hard_texts(one.pattern):
        try:
            with limited():
                use(one, text)
        except TooSlowError:
            pytest.fail(f"{one.pattern.pattern!r} on {text[:60]!r}... {text[-20:]!r}")


@pytest.mark.parametrize("text", [r"(a+)+$", r"^\s*(\w+\s*)*:$", r"[ab]*a[ab]*b[ab]*!", r"\s+$"])
def test_the_generated_texts_expose_an_expression_that_backtracks(text: str) -> None:
    one = Used("", re.compile(text), "search")
    with pytest.raises(TooSlowError), limited():
        list(map(partial(use, one), hard_texts(one.pattern)))
