"""Composes SQL of names that somebody else has chosen.

A statement's text is a literal of ours, and each part that fills it has a type: an identifier, a literal, or
text that PostgreSQL itself has printed. agentctl has no other way to put a name into SQL that is sent or
shown, which tests/unit/test_sql_composition.py ensures.
"""

import re
from typing import LiteralString

from psycopg import sql
from psycopg.abc import AdaptContext

# The keywords that quote_ident() puts into quotes. A test compares them with the grammar.
_KEYWORD_LIST = (
    "all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean "
    "both case cast char character check coalesce collate collation column concurrently constraint create "
    "cross current_catalog current_date current_role current_schema current_time current_timestamp "
    "current_user dec decimal default deferrable desc distinct do else end except exists extract false "
    "fetch float for foreign freeze from full grant greatest group grouping having ilike in initially "
    "inner inout int integer intersect interval into is isnull join json json_array json_arrayagg "
    "json_exists json_object json_objectagg json_query json_scalar json_serialize json_table json_value "
    "lateral leading least left like limit localtime localtimestamp merge_action national natural nchar "
    "none normalize not notnull null nullif numeric offset on only or order out outer overlaps overlay "
    "placing position precision primary real references returning right row select session_user setof "
    "similar smallint some substring symmetric system_user table tablesample then time timestamp to "
    "trailing treat trim true union unique user using values varchar variadic verbose when where window "
    "with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot "
    "xmlserialize xmltable "
)
_KEYWORDS = frozenset(_KEYWORD_LIST.split())


def compose(text: LiteralString, /, *parts: sql.Composable, **named: sql.Composable) -> sql.Composed:
    """Fill each `{}` and each `{name}` of a statement with an identifier, a literal or SQL."""
    return sql.SQL(text).format(*parts, **named)


class Printed(sql.Composable):
    """A part of a statement as PostgreSQL has printed it, such as a type: quoted where it must be."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._text = text

    def as_bytes(self, context: AdaptContext | None = None) -> bytes:
        """Return the text, encoded for the connection."""
        encoding = context.connection.info.encoding if context and context.connection else "utf-8"
        return self._text.encode(encoding)


def with_marks_doubled(query: sql.Composed, context: AdaptContext | None) -> sql.Composed:
    """Return a statement that takes values with every `%` in its names doubled.

    psycopg reads such a statement as a template, names included: `%s` in the name of a column would be a
    placeholder, any other `%` an error. Our own text is written as a template.
    """
    return sql.Composed([_double_marks(part, context) for part in query])


def _double_marks(part: sql.Composable, context: AdaptContext | None) -> sql.Composable:
    if isinstance(part, sql.Composed):
        return with_marks_doubled(part, context)
    if isinstance(part, sql.SQL | sql.Placeholder):
        return part
    return Printed(part.as_string(context).replace("%", "%%"))


def always_quoted(*names: str) -> str:
    """Write an identifier in quotes, with the names that qualify it before it."""
    return ".".join(f'"{doubled}"' for doubled in (name.replace('"', '""') for name in names))


def quoted(name: str) -> str:
    """Write an identifier as PostgreSQL prints it, in quotes only where it needs them."""
    return name if _is_plain(name) and name not in _KEYWORDS else always_quoted(name)


def spellings(name: str) -> frozenset[str]:
    """Return the ways in which PostgreSQL may print an identifier: versions quote different words."""
    return frozenset({always_quoted(name), *([name] if _is_plain(name) else [])})


def _is_plain(name: str) -> bool:
    return re.fullmatch("[a-z_][a-z0-9_]*", name) is not None
