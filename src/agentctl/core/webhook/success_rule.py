"""The rule `success_when`: what an agent's JSON answer must say for its run to be a success.

`PATH == LITERAL` or `PATH != LITERAL`, and nothing else: it is not a language.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from agentctl.core.errors import ConfigError
from agentctl.core.strict_json import parse_json

_RULE = re.compile(r"(?P<path>[\w-]+(?:\.[\w-]+)*)\s*(?P<operator>==|!=)\s*(?P<literal>\S.*)", re.DOTALL)
_PLACE = re.compile(r"[0-9]{1,9}")
_BARE_WORD = re.compile(r"[\w.-]+")


@dataclass(frozen=True, slots=True)
class SuccessRule:
    """A rule that was understood; `equal` is whether its operator is `==`."""

    path: tuple[str, ...]
    equal: bool
    literal: object

    def found(self, result: object) -> object:
        """Return what stands at the path; None, as for null, where it leads nowhere."""
        for name in self.path:
            if isinstance(result, dict):
                result = result.get(name)
            elif isinstance(result, list) and _PLACE.fullmatch(name) and int(name) < len(result):
                result = result[int(name)]
            else:
                return None
        return result

    def holds(self, result: object) -> bool:
        """Tell whether a JSON answer meets the rule; true is not 1 here."""
        return (_exact(self.found(result)) == _exact(self.literal)) is self.equal


def parse_rule(text: str) -> SuccessRule:
    """Understand a rule: names joined by dots, `==` or `!=`, and JSON or a bare word.

    Raises:
        ConfigError: the text is no such rule.

    """
    parts = _RULE.fullmatch(text.strip())
    if parts is None:
        raise _not_a_rule(text)
    return SuccessRule(
        path=tuple(parts["path"].split(".")),
        equal=parts["operator"] == "==",
        literal=_literal(parts["literal"], text),
    )


def _literal(literal: str, text: str) -> Any:
    try:
        return parse_json(literal)
    except ValueError:
        if _BARE_WORD.fullmatch(literal):
            return literal
        raise _not_a_rule(text) from None


def _not_a_rule(text: str) -> ConfigError:
    msg = f"success_when cannot be {text!r}."
    return ConfigError(msg, hint="Write a path, == or !=, and a word or JSON: status == ok, data.count != 0.")


def _exact(value: object) -> str:
    """Write a value so that only what JSON calls equal is equal: 1 is 1.0, but not true."""
    return json.dumps(_plain_numbers(value), sort_keys=True)


def _plain_numbers(value: object) -> object:
    if isinstance(value, dict):
        return {name: _plain_numbers(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain_numbers(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
