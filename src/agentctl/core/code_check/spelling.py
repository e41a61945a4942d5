"""How code spells values and names where a finding is: in SQL or not, as people read it, what is near."""

from difflib import get_close_matches
from functools import lru_cache

from agentctl.core.code_check.reading.uses import CodeLiteral, Shape
from agentctl.core.location import Location

_LONGEST = 60
_SQL_FILES = (".sql", ".py", ".pyi")


def is_sql(location: Location) -> bool:
    """Whether literals there are SQL's; in all other files they go through PostgREST as JSON."""
    return location.file.endswith(_SQL_FILES)


def spelled(literal: CodeLiteral) -> str:
    """Write a literal as people read it."""
    if literal.shape is not None:
        return "{...}" if literal.shape is Shape.OBJECT else "[...]"
    value = literal.value
    if isinstance(value, str):
        return f"'{value if len(value) <= _LONGEST else value[:_LONGEST] + '...'}'"
    if value is None or isinstance(value, bool):
        return str(value).lower().replace("none", "NULL")
    return str(value) if isinstance(value, float) or value.bit_length() <= 2 * _LONGEST else "the number"


@lru_cache(maxsize=4096)
def nearest(name: str, names: tuple[str, ...]) -> str | None:
    """Ask whether the nearest name was meant; None where no name is near."""
    near = get_close_matches(name, names, n=1)
    return f"Did you mean {near[0]}?" if near else None
