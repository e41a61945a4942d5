"""A statement with its values, so that what is asked now and what is sent ahead are the same."""

from collections.abc import Iterator, Mapping
from contextlib import suppress

from msgspec import Struct
from psycopg import sql
from psycopg.types.json import Jsonb

from agentctl.core.errors import AgentctlError


class Statement(Struct, frozen=True):
    """A statement and the values for its placeholders.

    Attributes:
        query: as `quoting.compose` makes it.
        values: by the placeholders' names; None for a statement without any.

    """

    query: sql.Composed
    values: Mapping[str, object] | None = None

    def is_same(self, other: "Statement") -> bool:
        """Whether both ask the same thing; JSON is compared by its content."""
        return self.query == other.query and _unwrap_json(self.values) == _unwrap_json(other.values)


def list_foreseen(statements: Iterator[Statement]) -> tuple[Statement, ...]:
    """Return the statements that work will ask, up to where composing the next one fails.

    The work fails there, too, and says why.
    """
    foreseen: list[Statement] = []
    with suppress(AgentctlError):
        for statement in statements:
            foreseen.append(statement)  # noqa: PERF402 - one by one: those before the error count
    return tuple(foreseen)


def _unwrap_json(values: Mapping[str, object] | None) -> Mapping[str, object] | None:
    if values is None:
        return None
    return {name: value.obj if isinstance(value, Jsonb) else value for name, value in values.items()}
