"""Finds the columns that a query returns, by name and, where that is easy, by type.

It runs nothing. Where one name is unknown, all of them are. The reader of code asks another question of a
query, to which tables a name can belong, and so keeps relations whose columns it does not know.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from pglast import ast

from agentctl.core.schema_files.drafts import TableDraft, TypeUse
from agentctl.core.schema_files.store import Store
from agentctl.core.schema_files.type_names import type_use
from agentctl.core.sql.column_names import (
    NAMELESS,
    is_set_operation,
    is_star,
    name_column,
    name_columns_of_values,
)
from agentctl.core.sql.names import Name, list_names, name_in, name_of
from agentctl.core.sql.parsing import nodes_in

Columns = Mapping[str, TypeUse | None]
"""What a query or a table returns."""

_Source = tuple[str, Columns | None]
"""A part of FROM with its name; None where its columns are unknown."""

_DEEP = 50
_AGGREGATES = frozenset(
    {"count", "sum", "avg", "min", "max", "array_agg", "string_agg", "json_agg", "jsonb_agg"}
)
_COUNTS = frozenset({"count", "row_number", "rank", "dense_rank"})


def columns_of(store: Store, query: object) -> Columns | None:
    """Return the columns of a query; None where one of them is unknown."""
    return _ColumnReader(store, {}, 0).columns(query)


def tables_of(store: Store, query: object) -> set[TableDraft]:
    """Return the tables that a query and its subqueries read."""
    tables = (store.table_in(relation) for relation in nodes_in(query) if isinstance(relation, ast.RangeVar))
    return set(filter(None, tables))


def aggregates(values: object) -> bool:
    """Whether values are made of many rows: by an aggregate, or over a window."""
    return any(
        isinstance(value, ast.FuncCall)
        and (value.over or value.agg_star or name_of(value.funcname).name in _AGGREGATES)
        for value in nodes_in(values)
    )


class _ColumnReader(Struct, frozen=True):
    """Reads queries that can see some common table expressions, at some depth."""

    store: Store
    common: Mapping[str, Columns | None]
    depth: int

    def columns(self, query: object) -> Columns | None:
        if not isinstance(query, ast.SelectStmt) or self.depth > _DEEP:
            return None
        reader = self._with_queries(query)
        if is_set_operation(query):
            return reader.columns(query.larg)
        if query.valuesLists:
            return dict.fromkeys(name_columns_of_values(query))
        sources = list(reader.sources(query.fromClause or ()))
        return reader.targets(query.targetList or (), sources)

    def _with_queries(self, query: ast.SelectStmt) -> "_ColumnReader":
        reader = replace(self, depth=self.depth + 1)
        for query_of_with in query.withClause.ctes or () if query.withClause else ():
            result = reader.columns(query_of_with.ctequery)
            named = _rename_columns(result, list_names(query_of_with.aliascolnames))
            reader = replace(reader, common={**reader.common, query_of_with.ctename or "": named})
        return reader

    def sources(self, items: tuple[Any, ...]) -> Iterator[_Source]:
        """Yield what stands in FROM, with the name that it has there."""
        for item in items:
            if isinstance(item, ast.JoinExpr):
                yield from self.sources((item.larg, item.rarg))
            else:
                alias = getattr(item, "alias", None)
                names = list_names(alias and alias.colnames)
                name = (alias.aliasname if alias else getattr(item, "relname", None)) or ""
                yield name, _rename_columns(self._source_of(item), names)

    def _source_of(self, item: object) -> Columns | None:
        if isinstance(item, ast.RangeSubselect):
            return self.columns(item.subquery)
        if not isinstance(item, ast.RangeVar):
            return None
        name = name_in(item)
        if name.schema is None and name.name in self.common:
            return self.common[name.name]
        return _of_table(self.store.table(name))

    def targets(self, nodes: tuple[Any, ...], sources: Sequence[_Source]) -> Columns | None:
        targets_by_name: dict[str, TypeUse | None] = {}
        for node in nodes:
            star = _read_star(node.val)
            if star is None:
                name = node.name or name_column(node.val) or NAMELESS
                targets_by_name.setdefault(name, self.type_of(node.val, sources))
                continue
            starred = _expand_star(star, sources)
            if starred is None:
                return None
            for name, kind in starred.items():
                targets_by_name.setdefault(name, kind)
        return targets_by_name

    def type_of(self, node: object, sources: Sequence[_Source]) -> TypeUse | None:
        match node:
            case ast.TypeCast():
                return type_use(self.store, node.typeName)
            case ast.ColumnRef():
                return _type_of_column(name_of(node.fields), sources)
            case ast.FuncCall() if name_of(node.funcname).name in _COUNTS:
                return TypeUse("bigint")
            case ast.BoolExpr() | ast.NullTest():
                return TypeUse("boolean")
        return None


def _of_table(table: TableDraft | None) -> Columns | None:
    if table is None or not table.columns:
        return None
    return {column.name: column.type for column in table.columns.values()}


def _rename_columns(columns: Columns | None, names: tuple[str, ...]) -> Columns | None:
    """Give the first columns other names."""
    if columns is None or not names:
        return columns
    merged = [*names, *list(columns)[len(names) :]]
    return dict(zip(merged, columns.values(), strict=False))


def _read_star(node: object) -> Name | None:
    """Return what stands before the dot of a star, or None where there is no star."""
    return name_of(node.fields) if isinstance(node, ast.ColumnRef) and is_star(node) else None


def _expand_star(star: Name, sources: Sequence[_Source]) -> Columns | None:
    """Return the columns that a star stands for; columns that a join merges count once."""
    if star.name:
        return _find_source(star.name, sources)
    expanded: dict[str, TypeUse | None] = {}
    for _, columns in sources:
        if columns is None:
            return None
        for name, kind in columns.items():
            expanded.setdefault(name, kind)
    return expanded or None


def _type_of_column(name: Name, sources: Sequence[_Source]) -> TypeUse | None:
    if name.schema is not None:
        return (_find_source(name.schema, sources) or {}).get(name.name)
    having = [columns for _, columns in sources if columns is None or name.name in columns]
    return having[0][name.name] if having and having[0] is not None else None


def _find_source(name: str, sources: Sequence[_Source]) -> Columns | None:
    return next((columns for called, columns in sources if called == name), None)
