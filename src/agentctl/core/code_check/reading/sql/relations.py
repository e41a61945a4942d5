"""The names of relations in a FROM clause, and the columns that the clause itself gives them."""

from msgspec.structs import replace
from pglast import ast

from agentctl.core.code_check.reading.sql.scopes import NOTHING, OPAQUE, Relation, unite
from agentctl.core.sql import builtins
from agentctl.core.sql.names import list_names


def apply_alias(relation: Relation, alias: ast.Alias | None) -> Relation:
    """Return a relation with the columns that an alias names; the others keep their names."""
    return with_names(relation, list_names(alias.colnames) if alias else ())


def with_names(relation: Relation, names: tuple[str, ...]) -> Relation:
    """Return a relation that has some more columns of its own."""
    return replace(relation, names=relation.names | frozenset(names))


def list_names_of(alias: ast.Alias | None, node: object = None) -> tuple[tuple[str, ...], ...]:
    """Return the names of a relation: its alias alone, or its own names."""
    if alias and alias.aliasname:
        return ((alias.aliasname,),)
    if isinstance(node, ast.RangeVar):
        path = tuple(part for part in (node.catalogname, node.schemaname, node.relname) if part)
        return tuple(path[start:] for start in range(len(path)))
    if isinstance(node, ast.RangeFunction):
        return tuple((name,) for name in _function_names(node))
    return ()


def read_function(node: ast.RangeFunction) -> Relation:
    """Return functions in a FROM clause as a relation."""
    ordinality = ("ordinality",) if node.ordinality else ()
    return apply_alias(with_names(_read_rows(node), ordinality), node.alias)


def _read_rows(node: ast.RangeFunction) -> Relation:
    definitions = [node.coldeflist, *(item[1] for item in node.functions or () if isinstance(item, tuple))]
    defined = [item.colname or "" for columns in definitions for item in columns or ()]
    if defined:
        return Relation(names=frozenset(defined), open=bool(node.is_rowsfrom))
    alias = node.alias.aliasname if node.alias else None
    return (
        unite(_read_row(name, alias or name) for name in _function_names(node)) if node.functions else NOTHING
    )


def _read_row(function: str, alias: str) -> Relation:
    names = builtins.columns_of_rows(function, alias)
    return OPAQUE if names is None else Relation(names=names)


def _function_names(node: ast.RangeFunction) -> list[str]:
    """Return the names of the functions; an empty name for what only looks like a function."""
    calls = [item[0] for item in node.functions or () if isinstance(item, tuple)]
    return [list_names(item.funcname)[-1] if isinstance(item, ast.FuncCall) else "" for item in calls]
