"""PostgreSQL's types, as far as literals can be judged by them. What is not known here takes anything."""

import re
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from agentctl.core.catalog.introspection import Argument, Column
from agentctl.core.code_check.reference import Reference

INTEGERS = {"smallint": 16, "integer": 32, "bigint": 64}
"""With their sizes in bits."""
_MODIFIERS = re.compile(r"\([^)]*\)")
_LENGTH = re.compile(r"character varying\((\d+)\)")
_DIGITS = re.compile(r"numeric\((\d+),(-?\d+)\)")


class Type(Struct, frozen=True):
    """The type of a column or an argument.

    Attributes:
        name: as PostgreSQL prints it.
        base: without modifiers, and of a domain the type below it.
        labels: of an enum.
        length: of a `varchar(n)`.
        digits: precision and scale of a `numeric(p,s)`.
        is_domain: what modifiers are below it, nobody tells.

    """

    name: str
    base: str
    labels: tuple[str, ...] | None = None
    length: int | None = None
    digits: tuple[int, int] | None = None
    is_domain: bool = False


def column_type(column: Column, reference: Reference) -> Type | None:
    """Return the type of a column; None where values of others may be made into it."""
    type_ = type_of(column.type, column.base_type, column.enum_labels)
    return None if type_.is_domain and column.type in reference.returned_types else type_


@lru_cache(maxsize=1024)
def type_of(name: str, base: str, labels: tuple[str, ...] | None = None) -> Type:
    """Read a type; where it is not certain that it is no domain, it is taken for one."""
    length, digits = _LENGTH.fullmatch(name), _DIGITS.fullmatch(name)
    plain = _MODIFIERS.sub("", name)
    return Type(
        name,
        base,
        labels,
        length=int(length[1]) if length else None,
        digits=(int(digits[1]), int(digits[2])) if digits else None,
        is_domain=plain != base and not plain.startswith(f"{base} "),
    )


def compared_type(type_: Type) -> Type:
    """Return the type that a value is compared as: whatever its length."""
    return replace(type_, length=None, digits=None)


def argument_type(argument: Argument, reference: Reference) -> Type:
    """Return the type of an argument, whose modifiers PostgreSQL does not look at."""
    return type_of(argument.type, argument.type, reference.labels_by_type.get(argument.type))
