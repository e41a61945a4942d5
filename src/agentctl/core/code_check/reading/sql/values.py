"""The values that a column of an INSERT or UPDATE gets, as far as they are visible; None for others."""

from collections.abc import Sequence

from pglast import ast

from agentctl.core.sql.column_names import is_set_operation, is_star

UNSEEN: Sequence[object] = (None,)


def list_cells(query: object, width: int) -> list[Sequence[object]]:
    """Return the values of each of an INSERT's columns."""
    if not isinstance(query, ast.SelectStmt) or is_set_operation(query):
        return [UNSEEN] * width
    if query.valuesLists:
        return turn_rows(query.valuesLists, width)
    values = tuple(target.val for target in query.targetList or ())
    return [UNSEEN] * width if any(map(is_star, values)) else turn_rows([values], width)


def turn_rows(rows: Sequence[object], width: int) -> list[Sequence[object]]:
    """Turn rows into columns; the values of a row of another width are not visible."""
    fitting = [row if isinstance(row, tuple) and len(row) == width else (None,) * width for row in rows]
    return list(zip(*fitting, strict=True)) if fitting else [UNSEEN] * width


def find_assigned_value(value: object) -> object:
    """Return the value that a column is set to: in `(a, b) = (1, 2)` its own part."""
    if not isinstance(value, ast.MultiAssignRef):
        return value
    source, position = value.source, (value.colno or 1) - 1
    parts = (source.args if isinstance(source, ast.RowExpr) else None) or ()
    return parts[position] if len(parts) == value.ncolumns else None


def find_expression_to_read(value: object) -> object:
    """Return the expression to read for a column: that of several columns belongs to the first of them."""
    if not isinstance(value, ast.MultiAssignRef):
        return value
    return value.source if value.colno == 1 else None
