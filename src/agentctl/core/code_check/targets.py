"""What judges a row before it is stored, besides the types: triggers that may change it, CHECKs."""

import re
from collections.abc import Mapping

from msgspec import Struct

from agentctl.core.catalog.check_constraint import Check
from agentctl.core.catalog.introspection import Column, Table, Trigger
from agentctl.core.code_check.reading.uses import Verb
from agentctl.core.code_check.reference import Reference

_TRIGGER = re.compile(
    r'CREATE (?:CONSTRAINT )?TRIGGER (?:"(?:[^"]|"")*"|\S+) '
    r"(?P<time>BEFORE|AFTER|INSTEAD OF) (?P<events>.*?) ON .*?FOR EACH (?P<each>ROW|STATEMENT)",
    re.DOTALL,
)
_NOT_ENFORCED = "NOT ENFORCED"


class Target(Struct, frozen=True):
    """A table that is written to.

    Attributes:
        name: of the table.
        triggers: those that may change rows of this kind before they are stored.
        checks: its CHECKs that are enforced and understood, by name.

    """

    name: str
    table: Table
    triggers: tuple[Trigger, ...]
    checks: Mapping[str, Check]

    def changer(self, column: Column) -> str | None:
        """Return a trigger that may change a column; one that keeps the time changes times only."""
        is_time = column.base_type.startswith(("time", "date"))
        able = (trigger.name for trigger in self.triggers if is_time or not trigger.keeps_time)
        return next(able, None)

    def definition(self, check: str) -> str:
        """Return a CHECK as PostgreSQL prints it."""
        return next(item.definition for item in self.table.constraints if item.name == check)


def target_of(table: Table, verb: Verb, reference: Reference) -> Target:
    """Look at what would judge a row of a table."""
    event = "UPDATE" if verb is Verb.UPDATE else "INSERT"
    triggers = tuple(trigger for trigger in table.triggers if _can_change(trigger, event))
    checks = {
        item.name: item.check
        for item in table.constraints
        if item.check and item.check.is_understood and not item.definition.endswith(_NOT_ENFORCED)
    }
    return Target(reference.label(table), table, triggers, checks)


def _can_change(trigger: Trigger, event: str) -> bool:
    match = _TRIGGER.match(trigger.definition)
    if match is None:
        return True
    return match["time"] != "AFTER" and match["each"] == "ROW" and event in match["events"]
