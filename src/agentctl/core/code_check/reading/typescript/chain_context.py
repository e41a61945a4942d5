"""Holds what all steps of a chain are read with, and reads the arguments of a step.

It does not know what the methods of supabase-js do.
"""

from msgspec import Struct

from agentctl.core.code_check.reading.typescript.calls import Step
from agentctl.core.code_check.reading.typescript.reduction import get_member
from agentctl.core.code_check.reading.typescript.relations import Relation
from agentctl.core.code_check.reading.typescript.texts import options_of
from agentctl.core.code_check.reading.typescript.values import UNDEFINED, Choice, Constant, Value
from agentctl.core.code_check.reading.uses import Named, Unresolved, Use
from agentctl.core.location import Location

MaybeUse = Use | Unresolved


class ChainContext(Struct, frozen=True):
    """The file that a chain stands in, and the tables that its steps act on.

    Attributes:
        file: the file of all spots that name no file.
        tables: the tables that can be written to, of which one is meant; empty after a function.
        relation: the relation that is read from.

    """

    file: str
    tables: tuple[Named, ...]
    relation: Relation

    def location_at(self, location: Location) -> Location:
        """Return a location with the name of its file."""
        return location.with_file(self.file)

    def unresolved(self, what: str, location: Location) -> Unresolved:
        """Return what is not known."""
        return Unresolved(what, self.location_at(location))


def get_argument(step: Step, position: int) -> Value:
    """Return an argument of a method; undefined if the call has fewer."""
    return step.arguments[position] if position < len(step.arguments) else UNDEFINED


def get_option(options: Value, name: str) -> Value:
    """Return one of the options that are a method's last argument."""
    return UNDEFINED if is_nothing(options) else get_member(options, name)


def drop_nothing(value: Value) -> Value:
    """Return a value without null and undefined, which supabase-js mostly reads as no argument."""
    return Choice(tuple(option for option in options_of(value) if not is_nothing(option)))


def is_nothing(value: Value) -> bool:
    """Return whether a value is null or undefined."""
    return value == UNDEFINED or (isinstance(value, Constant) and value.value is None)
