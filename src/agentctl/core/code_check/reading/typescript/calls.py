"""A call chain of supabase-js as one file has it: data only.

`supabase.schema("x").from("agents").select("id").eq("id", 1)` is a chain of kind `from` on `agents` with two
steps.
"""

from collections.abc import Iterator

from msgspec import Struct

from agentctl.core.code_check.reading.typescript.values import Spot, Value


class Step(Struct, frozen=True, gc=False, array_like=True):
    """One method of a chain with its arguments; `spot` is that of the method's name."""

    method: str
    arguments: tuple[Value, ...]
    spot: Spot


class Chain(Struct, frozen=True, gc=False, array_like=True):
    """A chain that begins with `.from(target)` or `.rpc(target, arguments)`.

    Attributes:
        kind: `from` or `rpc`.
        client: what the chain is called on.
        client_name: that in the source's own words, such as `this.supabase`.
        schema: the argument of `.schema()` before it; None without one.
        target: the table or the function.
        arguments: of `rpc`, behind its name.
        steps: the methods behind it, in their order, those on a variable that holds the chain, too.
        spot: of the target.
        is_closed: whether nothing in it depends on other files or on callers, its client apart.

    """

    kind: str
    client: Value
    client_name: str
    schema: Value | None
    target: Value
    arguments: tuple[Value, ...]
    steps: tuple[Step, ...]
    spot: Spot
    is_closed: bool = False

    def values(self) -> Iterator[Value]:
        """Yield all values but the client."""
        if self.schema is not None:
            yield self.schema
        yield self.target
        yield from self.arguments
        for step in self.steps:
            yield from step.arguments


class CallSite(Struct, frozen=True, gc=False, array_like=True):
    """A call of a function whose arguments may reach a chain."""

    function: Value
    arguments: tuple[Value, ...]
