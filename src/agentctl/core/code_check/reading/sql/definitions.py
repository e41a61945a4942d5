"""Finds the tables that SQL makes or changes itself, whose columns are therefore unknown when it runs.

It does not read their columns.
"""

from collections.abc import Iterator

from pglast import ast


def list_tables_made_by(node: object) -> Iterator[str]:
    """Return the tables that a statement makes or changes."""
    table: object = None
    match node:
        case ast.CreateStmt() | ast.AlterTableStmt() | ast.RenameStmt():
            table = node.relation
        case ast.CreateForeignTableStmt():
            table = node.base.relation if node.base else None
        case ast.CreateTableAsStmt():
            table = node.into.rel if node.into else None
        case ast.SelectStmt():
            table = node.intoClause.rel if node.intoClause else None
        case ast.ViewStmt():
            table = node.view
    if isinstance(table, ast.RangeVar) and table.relname:
        yield table.relname
    if isinstance(node, ast.RenameStmt) and node.newname:
        yield node.newname
