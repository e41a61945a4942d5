"""Columns as CREATE TABLE and ADD COLUMN describe them.

Keys and CHECKs beside a column are the business of constraints.py.
"""

from msgspec.structs import replace
from pglast import ast
from pglast.enums import ConstrType

from agentctl.core.schema_files.constraints import add_constraint
from agentctl.core.schema_files.drafts import ColumnDraft, TableDraft, TypeUse
from agentctl.core.schema_files.naming import qualified
from agentctl.core.schema_files.sites import Site
from agentctl.core.schema_files.store import DEFAULT_PATH, Store
from agentctl.core.schema_files.text_of import sequence_of, text_of
from agentctl.core.schema_files.type_names import serial_of, type_use
from agentctl.core.sql.names import name_of

_ALWAYS = "a"


def add_column(store: Store, table: TableDraft, node: ast.ColumnDef, site: Site) -> None:
    """Add a column to a table and to its children; a column that a child has stays."""
    name = node.colname or ""
    if name not in table.columns:
        _put_column(store, table, column_of(store, table, node, site))
        add_column_constraints(store, table, node)


def add_column_constraints(store: Store, table: TableDraft, node: ast.ColumnDef) -> None:
    """Add what stands beside a column and is a constraint of the table."""
    for constraint in node.constraints or ():
        if isinstance(constraint, ast.Constraint):
            add_constraint(store, table, constraint, node.colname)


def _put_column(store: Store, table: TableDraft, column: ColumnDraft) -> None:
    if column.name not in table.columns:
        table.columns[column.name] = column
        for child in store.children(table):
            _put_column(store, child, column)


def column_of(store: Store, table: TableDraft, node: ast.ColumnDef, site: Site) -> ColumnDraft:
    """Read a column without the table's constraints."""
    location = site.locate(node.location)
    column = ColumnDraft(node.colname or "", type_use(store, node.typeName), location)
    if integer := serial_of(node.typeName):
        sequence = store.choose_name(table, (column.name,), "seq")
        value = f"nextval('{qualified(table.schema, sequence, DEFAULT_PATH)}'::regclass)"
        column = replace(
            column,
            type=TypeUse(integer),
            nullable=False,
            default=value,
            sequence=qualified(table.schema, sequence),
        )
    for constraint in node.constraints or ():
        if isinstance(constraint, ast.Constraint):
            column = _apply_constraint(store, table, column, constraint)
    return column


def with_identity(store: Store, table: TableDraft, column: ColumnDraft, node: ast.Constraint) -> ColumnDraft:
    """Let a sequence fill a column."""
    named = next((option.arg for option in node.options or () if option.defname == "sequence_name"), None)
    schema, sequence = name_of(named) if named else (None, store.choose_name(table, (column.name,), "seq"))
    return replace(
        column,
        nullable=False,
        default=None,
        generated=node.generated_when == _ALWAYS,
        sequence=qualified(schema or table.schema, sequence),
    )


def with_default(column: ColumnDraft, node: object) -> ColumnDraft:
    """Set a column's default, or drop it."""
    if node is None or (isinstance(node, ast.A_Const) and node.isnull):
        return replace(column, default=None, sequence=None)
    return replace(column, default=text_of(node), sequence=sequence_of(node))


def _apply_constraint(
    store: Store, table: TableDraft, column: ColumnDraft, node: ast.Constraint
) -> ColumnDraft:
    match node.contype:
        case ConstrType.CONSTR_NOTNULL:
            return replace(column, nullable=False)
        case ConstrType.CONSTR_DEFAULT:
            return with_default(column, node.raw_expr)
        case ConstrType.CONSTR_IDENTITY:
            return with_identity(store, table, column, node)
        case ConstrType.CONSTR_GENERATED:
            return replace(column, generated=True, default=text_of(node.raw_expr))
    return column
