"""Chains of supabase-js, written by hand, and the uses that are read from them."""

from typing import TypeVar

from agentctl.core.code_check.reading.typescript.calls import Chain, Step
from agentctl.core.code_check.reading.typescript.chains import uses_of
from agentctl.core.code_check.reading.typescript.values import (
    Constant,
    Entry,
    Listing,
    Record,
    Unknown,
    Value,
)
from agentctl.core.code_check.reading.uses import (
    CodeReading,
    ColumnUse,
    Embedded,
    Named,
    Purpose,
    RowWrite,
)
from agentctl.core.location import Location

FILE = "app/runs.ts"
HERE = Location("", 1, 1)
RUNS = Named("agent_executions")
AGENTS = Embedded(RUNS, "agents")
T = TypeVar("T")


def c(value: str | float | bool | None, location: Location = HERE) -> Constant:
    return Constant(value, location)


def record(*spread: Entry, **properties: Value | str | float | bool | None) -> Record:
    named = (
        Entry(c(key), value if not isinstance(value, str | float | int | bool | None) else c(value), HERE)
        for key, value in properties.items()
    )
    return Record((*spread, *named), HERE)


def spread(value: Value, *, always: bool = True) -> Entry:
    return Entry(None, value, HERE, always)


def listing(*items: Value, whole: bool = True) -> Listing:
    return Listing(items, whole, HERE)


def step(method: str, *arguments: Value | str | float | bool | None) -> Step:
    values = (one if not isinstance(one, str | float | int | bool | None) else c(one) for one in arguments)
    return Step(method, tuple(values), Location("", 9, 9))


def chain(target: Value, *steps: Step, schema: Value | None = None) -> Chain:
    return Chain("from", Unknown(), "supabase", schema, target, (), steps, HERE)


def rpc(target: Value, *arguments: Value, steps: tuple[Step, ...] = ()) -> Chain:
    return Chain("rpc", Unknown(), "supabase", None, target, arguments, steps, HERE)


def read(*steps: Step) -> CodeReading:
    return uses_of(chain(c("agent_executions"), *steps), file=FILE)


def of(reading: CodeReading, kind: type[T]) -> list[T]:
    return [use for use in reading.uses if isinstance(use, kind)]


def columns(reading: CodeReading, purpose: Purpose) -> list[str]:
    return [use.column for use in of(reading, ColumnUse) if use.purpose is purpose]


def whys(reading: CodeReading) -> list[str]:
    return [one.what for one in reading.unresolved]


def row(reading: CodeReading) -> RowWrite:
    (found,) = of(reading, RowWrite)
    return found


def sent(write: RowWrite) -> dict[str, tuple[tuple[object, ...], bool]]:
    """Return, by column, the literals that are written and whether each is always written."""
    return {
        one.name: (tuple(given.shape or given.value for given in one.literals), one.always)
        for one in write.written
    }
