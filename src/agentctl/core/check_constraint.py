"""Stub until the real one lands."""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    definition: str
    columns: frozenset[str]

    def literals(self, column: str) -> tuple[str, ...]:
        return (
            tuple(re.findall(r"'([a-z_ ]+)'::(?:text|character varying)", self.definition))
            if column in self.columns
            else ()
        )

    def holds(self, values: Mapping[str, object]) -> bool | None:
        for column, value in values.items():
            words = self.literals(column)
            if words and isinstance(value, str) and value not in words:
                return False
        if (
            "amount < 0" in self.definition
            and "usage" in self.definition
            and values.get("type") == "usage"
            and isinstance(values.get("amount"), int)
        ):
            return values["amount"] < 0  # type: ignore[operator]  # stub
        return None


def parse(definition: str) -> Check | None:
    return Check(definition, frozenset(re.findall(r"\b([a-z_]+)\b", definition)))
