"""The rule `success_when`: what an agent's JSON answer must say for its run to be a success.

A rule is `PATH == LITERAL` or `PATH != LITERAL`; nothing else is understood. A path that leads nowhere is
neither equal nor unequal to anything. In an array of one, a path may begin at its item, as `run` shows it.
"""

import re
from typing import Any

from msgspec import Struct

from agentctl.core.errors import ConfigError
from agentctl.core.strict_json import parse_json

_RULE = re.compile(r"(?P<path>[\w-]+(?:\.[\w-]+)*)\s*(?P<operator>==|!=)\s*(?P<literal>\S.*)", re.DOTALL)
_POSITION = re.compile(r"[0-9]{1,9}")
_BARE_WORD = re.compile(r"[\w.-]+")


class SuccessRule(Struct, frozen=True):
    """A parsed rule; `equal` tells whether its operator is `==`."""

    path: tuple[str, ...]
    equal: bool
    literal: object

    @property
    def dotted(self) -> str:
        """The path as it is written in a rule."""
        return ".".join(self.path)

    def list_values(self, result: object) -> list[object]:
        """Return the value at the path, in a list that is empty where the path leads nowhere."""
        if isinstance(result, list) and len(result) == 1 and not _POSITION.fullmatch(self.path[0]):
            result = result[0]
        for name in self.path:
            if isinstance(result, dict) and name in result:
                result = result[name]
            elif isinstance(result, list) and _POSITION.fullmatch(name) and int(name) < len(result):
                result = result[int(name)]
            else:
                return []
        return [result]

    def holds(self, result: object) -> bool | None:
        """Tell whether a JSON answer meets the rule, if it has such a path; true is not equal to 1."""
        for value in self.list_values(result):
            return _are_equal(value, self.literal) is self.equal
        return None


def parse_rule(text: str) -> SuccessRule:
    """Parse a rule: names joined by dots, `==` or `!=`, and JSON or a bare word.

    Raises:
        ConfigError: the text is not such a rule.

    """
    parts = _RULE.fullmatch(text.strip())
    if parts is None:
        raise _make_rule_error(text)
    return SuccessRule(
        path=tuple(parts["path"].split(".")),
        equal=parts["operator"] == "==",
        literal=_parse_literal(parts["literal"], text),
    )


def _parse_literal(literal: str, text: str) -> Any:
    try:
        return parse_json(literal)
    except ValueError:
        if _BARE_WORD.fullmatch(literal):
            return literal
        raise _make_rule_error(text) from None


def _make_rule_error(text: str) -> ConfigError:
    return ConfigError(
        f"success_when cannot be {text!r}.",
        hint="Write a path, == or !=, and a word or JSON: status == ok, data.count != 0.",
    )


def _are_equal(left: object, right: object) -> bool:
    """Tell whether two values are the same JSON: 1 equals 1.0, but not true."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_are_equal(left[name], right[name]) for name in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_are_equal, left, right))
    return left == right
