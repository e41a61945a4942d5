"""Reads the names of types, and writes them as PostgreSQL's format_type does.

A type that it does not know counts as the user's own; it never refuses one.
"""

from typing import Any

from pglast import ast

from agentctl.core.schema_files.drafts import TypeUse, UserType
from agentctl.core.schema_files.naming import qualified
from agentctl.core.schema_files.store import Store
from agentctl.core.sql.names import Name, name_of

_SPELLINGS = {
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "float4": "real",
    "float8": "double precision",
    "bool": "boolean",
    "bpchar": "character",
    "varchar": "character varying",
    "varbit": "bit varying",
    "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone",
    "time": "time without time zone",
    "timetz": "time with time zone",
    "char": '"char"',
}
_AS_THEY_ARE = frozenset(
    """
    numeric text uuid json jsonb jsonpath bytea date interval inet cidr macaddr macaddr8 money xml bit
    oid name xid xid8 cid tid tsvector tsquery point line lseg box path polygon circle pg_lsn
    txid_snapshot pg_snapshot refcursor int4range int8range numrange tsrange tstzrange daterange
    int4multirange int8multirange nummultirange tsmultirange tstzmultirange datemultirange regclass
    regproc regprocedure regoper regtype regrole regnamespace regconfig regdictionary regcollation record
    void trigger event_trigger cstring internal unknown any anyelement anyarray anynonarray anyenum
    anyrange anymultirange anycompatible anycompatiblearray anycompatiblenonarray anycompatiblerange
    language_handler fdw_handler index_am_handler table_am_handler
    """.split()  # noqa: SIM905  # a list of them would be a page
)
SERIALS = {
    "serial": "integer",
    "serial4": "integer",
    "bigserial": "bigint",
    "serial8": "bigint",
    "smallserial": "smallint",
    "serial2": "smallint",
}
_FULL_RANGE = 0x7FFF
_FIELD_BITS = {"year": 2, "month": 1, "day": 3, "hour": 10, "minute": 11, "second": 12}


def serial_of(node: ast.TypeName | None) -> str | None:
    """Return the type below `serial` and its kin, or None."""
    if node is None:
        return None
    schema, name = name_of(node.names)
    return SERIALS.get(name) if schema in {None, "pg_catalog"} else None


def type_use(store: Store, node: ast.TypeName | None) -> TypeUse | None:
    """Read a type; None where it is the type of a column that is not known."""
    if node is None:
        return None
    words = node.names or ()
    array = bool(node.arrayBounds)
    if node.pct_type:
        return _read_type_of_column(store, words, array=array)
    name = name_of(words)
    if name.name.startswith("_") and name.name[1:] in _AS_THEY_ARE | set(_SPELLINGS):
        name, array = Name(name.schema, name.name[1:]), True
    own = _find_own_type(name)
    return TypeUse(own or store.type(name), _print_modifier(own, node.typmods or ()), array=array)


def spelled(use: TypeUse | None, path: tuple[str, ...], *, bare: bool = False) -> str:
    """Return a type as PostgreSQL prints it; an unknown type is `unknown`.

    Args:
        use: the type.
        path: the schemas whose types need no schema before their names.
        bare: without modifiers.

    """
    if use is None:
        return "unknown"
    modifier = "" if bare else use.modifier
    end = "[]" if use.array else ""
    if isinstance(use.of, UserType):
        return f"{qualified(use.of.schema, use.of.name, path)}{modifier}{end}"
    head, blank, zone = use.of.partition(" ") if use.of.startswith("time") else (use.of, "", "")
    return f"{head}{modifier}{blank}{zone}{end}"


def below(use: TypeUse | None) -> TypeUse | None:
    """Follow domains to the type below them; an array of a domain is no domain."""
    while use is not None and use.own is not None and use.own.base is not None:
        use = use.own.base
    return use


def _find_own_type(name: Name) -> str | None:
    """Return PostgreSQL's spelling of one of its own types."""
    if name.schema not in {None, "pg_catalog"}:
        return None
    own = _SPELLINGS.get(name.name) or (name.name if name.name in _AS_THEY_ARE else None)
    return own or (name.name if name.schema else None)


def _read_type_of_column(store: Store, words: tuple[Any, ...], *, array: bool) -> TypeUse | None:
    """Read `table.column%TYPE`."""
    table = store.table(name_of(words[:-1]))
    column = table.columns.get(str(words[-1].sval)) if table else None
    use = column.type if column else None
    return TypeUse(use.of, array=use.array or array) if use else None


def _print_modifier(own: str | None, nodes: tuple[Any, ...]) -> str:
    words = list(map(_word_of, nodes))
    if own == "interval":
        return _print_interval(words)
    if own == "numeric" and len(words) == 1:
        words.append("0")
    return f"({','.join(words)})" if words else ""


def _word_of(node: object) -> str:
    if isinstance(node, ast.ColumnRef):  # geometry(Point)
        return name_of(node.fields).name
    value = node.val if isinstance(node, ast.A_Const) else None
    if isinstance(value, ast.Integer):
        return str(value.ival)
    return str(value.sval if isinstance(value, ast.String) else getattr(value, "fval", "?"))


def _print_interval(words: list[str]) -> str:
    """Return the fields of `interval day to second(3)`, which the grammar turns into bits and a number."""
    if not words or not words[0].isdecimal():
        return ""
    bits = int(words[0])
    names = [] if bits == _FULL_RANGE else [name for name, bit in _FIELD_BITS.items() if bits & 1 << bit]
    shown = f" {names[0]}{f' to {names[-1]}' if len(names) > 1 else ''}" if names else ""
    return shown + (f"({words[1]})" if len(words) > 1 else "")
