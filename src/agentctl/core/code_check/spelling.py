"""How code spells values and names where a finding is: in SQL or not, as people read it, what is near."""

from functools import lru_cache

from agentctl.core.code_check.reading.uses import CodeLiteral, Shape
from agentctl.core.hint_text import suggest_nearest
from agentctl.core.location import Location

_LONGEST = 60
_SQL_FILES = (".sql", ".py", ".pyi")


def is_sql(location: Location) -> bool:
    """Whether literals there are SQL's; in all other files they go through PostgREST as JSON."""
    return location.file.endswith(_SQL_FILES)


def spell_literal(literal: CodeLiteral) -> str:
    """Write a literal as people read it."""
    if literal.shape is not None:
        return "{...}" if literal.shape is Shape.OBJECT else "[...]"
    value = literal.value
    if isinstance(value, str):
        return f"'{value if len(value) <= _LONGEST else value[:_LONGEST] + '...'}'"
    if value is None or isinstance(value, bool):
        return str(value).lower().replace("none", "NULL")
    return str(value) if isinstance(value, float) or value.bit_length() <= 2 * _LONGEST else "the number"


suggest_name = lru_cache(maxsize=4096)(suggest_nearest)
"""`suggest_nearest`, remembered: code names what is missing again and again."""
