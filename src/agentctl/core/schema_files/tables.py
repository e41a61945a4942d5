"""CREATE TABLE in all its forms except CREATE TABLE AS.

A table that exists stays as it is. Where two statements say IF NOT EXISTS and describe different tables,
either of the two may exist: the table then has the columns of both, and none of them is required.
"""

from collections.abc import Iterable

from msgspec.structs import replace
from pglast import ast
from pglast.enums import ConstrType, TableLikeOption

from agentctl.core.schema_files.columns import add_column_constraints, column_of, with_default
from agentctl.core.schema_files.constraints import (
    LABELS,
    add_constraint,
    attach_constraint,
    choose_key_name,
    set_not_null,
    take_over,
)
from agentctl.core.schema_files.drafts import ColumnDraft, TableDraft
from agentctl.core.schema_files.indexes import PARTITIONED, clone_index
from agentctl.core.schema_files.naming import qualified
from agentctl.core.schema_files.sites import Site
from agentctl.core.schema_files.store import Store
from agentctl.core.sql.names import name_in

_TEMPORARY = "t"


def create_table(store: Store, node: ast.CreateStmt, site: Site, *, kind: str = "table") -> None:
    """Execute CREATE TABLE, or CREATE FOREIGN TABLE."""
    full_name = store.qualify(name_in(node.relation))
    if node.relation and node.relation.relpersistence == _TEMPORARY:
        return
    if full_name in store.tables:
        if node.if_not_exists and store.tables[full_name].perhaps and not store.assumes:
            _merge_descriptions(store, store.tables[full_name], node, site)
        return
    kind = PARTITIONED if node.partspec else kind
    table = TableDraft(*full_name, kind, site.location, perhaps=bool(node.if_not_exists))
    parents = list(filter(None, map(store.table_in, node.inhRelations or ())))
    store.tables[full_name] = table
    for parent in parents:
        for column in parent.columns.values():
            table.columns.setdefault(column.name, _inherit_column(column, parent))
    for element in node.tableElts or ():
        _add_element(store, table, element, site)
    table.parents.extend(parents)
    for parent in parents:
        take_over(store, table, parent)
    _add_constraints(store, table, node.tableElts or ())


def _merge_descriptions(store: Store, there: TableDraft, node: ast.CreateStmt, site: Site) -> None:
    """Let a table be the existing one or the one that a statement describes, if they differ."""
    elements = (element for element in node.tableElts or () if isinstance(element, ast.ColumnDef))
    described = {element.colname or "": element for element in elements}
    if not there.columns or described.keys() <= there.columns.keys():
        return
    for name, column in there.columns.items():
        if name not in described:
            there.columns[name] = replace(column, nullable=True)
    for name in described.keys() - there.columns.keys():
        there.columns[name] = replace(column_of(store, there, described[name], site), nullable=True)


def _inherit_column(column: ColumnDraft, parent: TableDraft) -> ColumnDraft:
    """Return the column that a child table gets: only partitions inherit identity."""
    if parent.kind == PARTITIONED or column.default is not None or column.sequence is None:
        return column
    return replace(column, generated=False, sequence=None)


def _add_element(store: Store, table: TableDraft, element: object, site: Site) -> None:
    if isinstance(element, ast.TableLikeClause):
        _take_columns(store, table, element)
    elif isinstance(element, ast.ColumnDef):
        there = table.columns.get(element.colname or "")
        column = column_of(store, table, element, site)
        if there is not None:  # the parent's column, repeated
            column = _merge_column(there, element)
        table.columns[column.name] = column


def _merge_column(there: ColumnDraft, node: ast.ColumnDef) -> ColumnDraft:
    """Return a parent's column with the child's own default; NOT NULL comes with the constraints."""
    for constraint in node.constraints or ():
        if constraint.contype is ConstrType.CONSTR_DEFAULT:
            there = with_default(there, constraint.raw_expr)
    return there


def _add_constraints(store: Store, table: TableDraft, elements: Iterable[object]) -> None:
    for element in elements:
        if isinstance(element, ast.ColumnDef):
            add_column_constraints(store, table, element)
        elif isinstance(element, ast.Constraint):
            add_constraint(store, table, element)
        elif isinstance(element, ast.TableLikeClause):
            _take_constraints(store, table, element)


def _take_columns(store: Store, table: TableDraft, node: ast.TableLikeClause) -> None:
    source = store.table_in(node.relation)
    options = node.options or 0
    for column in source.columns.values() if source else ():
        taken = replace(column, location=table.location or column.location)
        if column.generated and column.default is not None:
            kept = bool(options & TableLikeOption.CREATE_TABLE_LIKE_GENERATED)
        elif column.default is not None:
            kept = bool(options & TableLikeOption.CREATE_TABLE_LIKE_DEFAULTS)
        else:
            kept = bool(options & TableLikeOption.CREATE_TABLE_LIKE_IDENTITY)
            taken = replace(taken, sequence=_own_sequence(store, table, column) if column.sequence else None)
        bare = replace(taken, generated=False, default=None, sequence=None)
        table.columns.setdefault(column.name, taken if kept else bare)


def _own_sequence(store: Store, table: TableDraft, column: ColumnDraft) -> str:
    return qualified(table.schema, store.choose_name(table, (column.name,), "seq"))


def _take_constraints(store: Store, table: TableDraft, node: ast.TableLikeClause) -> None:
    source = store.table_in(node.relation)
    options = node.options or 0
    if source is None:
        return
    if options & TableLikeOption.CREATE_TABLE_LIKE_CONSTRAINTS:
        for constraint in [item for item in source.constraints.values() if item.kind == "check"]:
            table.constraints.setdefault(constraint.name, constraint)
    if options & TableLikeOption.CREATE_TABLE_LIKE_INDEXES:
        _take_indexes(store, table, source)
    if source.primary_key:
        set_not_null(store, table, source.primary_key)


def _take_indexes(store: Store, table: TableDraft, source: TableDraft) -> None:
    for constraint in list(source.constraints.values()):
        if constraint.kind in LABELS:
            name = choose_key_name(store, table, constraint.kind, constraint.columns)
            attach_constraint(store, table, replace(constraint, name=name))
    for index in source.indexes.values():
        if index.name not in source.constraints:
            clone_index(store, table, index)
