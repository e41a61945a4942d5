"""Which tables SQL makes or changes itself, so that nobody knows what they will look like when it runs.

It does not read how they look.
"""

from collections.abc import Iterator

from pglast import ast


def made_by(node: object) -> Iterator[str]:
    """Return the tables that a statement makes or changes."""
    made: object = None
    match node:
        case ast.CreateStmt() | ast.AlterTableStmt() | ast.RenameStmt():
            made = node.relation
        case ast.CreateForeignTableStmt():
            made = node.base.relation if node.base else None
        case ast.CreateTableAsStmt():
            made = node.into.rel if node.into else None
        case ast.SelectStmt():
            made = node.intoClause.rel if node.intoClause else None
        case ast.ViewStmt():
            made = node.view
    if isinstance(made, ast.RangeVar) and made.relname:
        yield made.relname
    if isinstance(node, ast.RenameStmt) and node.newname:
        yield node.newname
