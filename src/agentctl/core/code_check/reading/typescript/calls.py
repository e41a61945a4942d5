"""Describes a call chain of supabase-js as it stands in one file; data only.

`supabase.schema("x").from("agents").select("id").eq("id", 1)` is a chain of kind `from` on `agents` with two
steps.
"""

from collections.abc import Iterator

from msgspec import Struct

from agentctl.core.code_check.reading.typescript.values import Value
from agentctl.core.location import Location


class Step(Struct, frozen=True, gc=False, array_like=True):
    """One method call of a chain; `location` is where the method's name stands."""

    method: str
    arguments: tuple[Value, ...]
    location: Location


class Chain(Struct, frozen=True, gc=False, array_like=True):
    """A chain that begins with `.from(target)` or `.rpc(target, arguments)`.

    Attributes:
        kind: `from` or `rpc`.
        client: the value that the chain is called on.
        client_name: the client as the source spells it, such as `this.supabase`.
        schema: the argument of a `.schema()` before it; None without one.
        target: the table or the function.
        arguments: the arguments of `rpc` after the function's name.
        steps: the method calls that follow, in order, including those on a variable that holds the chain.
        location: where the target stands.
        is_closed: whether nothing in it but the client depends on other files or on callers.

    """

    kind: str
    client: Value
    client_name: str
    schema: Value | None
    target: Value
    arguments: tuple[Value, ...]
    steps: tuple[Step, ...]
    location: Location
    is_closed: bool = False

    def values(self) -> Iterator[Value]:
        """Yield all values except the client."""
        if self.schema is not None:
            yield self.schema
        yield self.target
        yield from self.arguments
        for step in self.steps:
            yield from step.arguments


class CallSite(Struct, frozen=True, gc=False, array_like=True):
    """A call of a function whose arguments can reach a chain."""

    function: Value
    arguments: tuple[Value, ...]
