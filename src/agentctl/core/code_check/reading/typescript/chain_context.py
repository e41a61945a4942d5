"""What reading a chain comes to, piece by piece, and what all pieces are read with.

Data only.
"""

from dataclasses import dataclass

from agentctl.core.code_check.reading.typescript.calls import Step
from agentctl.core.code_check.reading.typescript.relations import Relation
from agentctl.core.code_check.reading.typescript.texts import location_of, options_of
from agentctl.core.code_check.reading.typescript.values import UNDEFINED, Choice, Constant, Spot, Value
from agentctl.core.code_check.reading.uses import Named, Unresolved, Use
from agentctl.core.location import Location

MaybeUse = Use | Unresolved


@dataclass(frozen=True, slots=True)
class ChainContext:
    """What the steps of a chain act on.

    Attributes:
        file: that spots without a file stand in.
        tables: that are written to; one of them is meant. None behind a function.
        relation: that is read from.

    """

    file: str
    tables: tuple[Named, ...]
    relation: Relation

    def location_at(self, spot: Spot) -> Location:
        """Return a spot's place."""
        return location_of(spot, self.file)

    def unresolved(self, what: str, spot: Spot) -> Unresolved:
        """Return what is not known."""
        return Unresolved(what, self.location_at(spot))


def get_argument(step: Step, position: int) -> Value:
    """Return what a method is called with; undefined where it is called with less."""
    return step.arguments[position] if position < len(step.arguments) else UNDEFINED


def drop_nothing(value: Value) -> Value:
    """Return what a value can be except null and undefined, which supabase-js mostly takes for nothing."""
    return Choice(tuple(option for option in options_of(value) if not is_nothing(option)))


def is_nothing(value: Value) -> bool:
    """Say whether a value is null or undefined."""
    return value == UNDEFINED or (isinstance(value, Constant) and value.value is None)
