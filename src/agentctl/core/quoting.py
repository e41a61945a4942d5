"""Composes SQL of names that somebody else has chosen.

A statement's text is a literal of ours, and what it is filled with says what it is: an identifier, a literal,
or what PostgreSQL itself has printed. There is no other way in agentctl to put a name into SQL, be it sent or
shown; tests/unit/test_sql_composition.py holds that.
"""

import re
from typing import LiteralString

from psycopg import sql

# All but the unreserved ones: what quote_ident() puts into quotes. A test compares them with the grammar.
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


def compose(text: LiteralString, *parts: sql.Composable) -> sql.Composed:
    """Fill each `{}` of a statement with an identifier, a literal or SQL."""
    return sql.SQL(text).format(*parts)


def always_quoted(*names: str) -> str:
    """Write an identifier, with what it is qualified by before it, in quotes whatever it is."""
    return ".".join(f'"{doubled}"' for doubled in (name.replace('"', '""') for name in names))


def quoted(name: str) -> str:
    """Write an identifier as PostgreSQL prints it: in quotes only where it needs them."""
    is_plain = re.fullmatch("[a-z_][a-z0-9_]*", name) and name not in _KEYWORDS
    return name if is_plain else always_quoted(name)


def spellings(name: str) -> frozenset[str]:
    """Return what PostgreSQL may print for an identifier: which words it quotes differs between versions."""
    return frozenset({quoted(name), always_quoted(name)})
