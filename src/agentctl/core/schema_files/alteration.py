"""ALTER TABLE: each of its actions, on a table and on its children.

An action on something that does not exist does nothing, as with IF EXISTS.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pglast import ast
from pglast.enums import AlterTableType, ObjectType

from agentctl.core.schema_files.columns import add_column, with_default, with_identity
from agentctl.core.schema_files.constraints import add_constraint, drop_constraint, set_not_null, take_over
from agentctl.core.schema_files.drafts import ColumnDraft, TableDraft
from agentctl.core.schema_files.dropping import drop_column
from agentctl.core.schema_files.indexes import attach_index
from agentctl.core.schema_files.sites import Site
from agentctl.core.schema_files.store import Store
from agentctl.core.schema_files.text_of import text_of
from agentctl.core.schema_files.type_names import type_use
from agentctl.core.sql.names import name_in

_ALWAYS = "a"


@dataclass(frozen=True, slots=True)
class _Action:
    """One action of a statement; `name` names the column or constraint that it changes."""

    store: Store
    table: TableDraft
    name: str
    node: object
    site: Site

    def change(self, change: Callable[[ColumnDraft], ColumnDraft], table: TableDraft | None = None) -> None:
        """Replace the column that it changes, in this table and in its children."""
        table = table or self.table
        column = table.columns.get(self.name)
        if column is not None:
            table.columns[self.name] = change(column)
        for child in self.store.children(table):
            self.change(change, child)


_NOT_TABLES = frozenset({ObjectType.OBJECT_TYPE, ObjectType.OBJECT_INDEX, ObjectType.OBJECT_SEQUENCE})


def alter_table(store: Store, node: ast.AlterTableStmt, site: Site) -> None:
    """Execute ALTER TABLE, and ALTER VIEW where it does the same; types and indexes have nothing to alter."""
    name = name_in(node.relation)
    if node.objtype is ObjectType.OBJECT_INDEX and _is_attached(node):
        attach_index(store, name)
    table = None if node.objtype in _NOT_TABLES else store.find_altered(name)
    if table is None:
        return
    for command in node.cmds or ():
        perform = _ACTIONS.get(command.subtype)
        if perform is not None:
            perform(_Action(store, table, command.name or "", command.def_, site))


def _is_attached(node: ast.AlterTableStmt) -> bool:
    return any(command.subtype is AlterTableType.AT_AttachPartition for command in node.cmds or ())


def _add_column(action: _Action) -> None:
    if isinstance(action.node, ast.ColumnDef):
        add_column(action.store, action.table, action.node, action.site)


def _drop_column(action: _Action) -> None:
    drop_column(action.store, action.table, action.name)


def _set_type(action: _Action) -> None:
    if isinstance(action.node, ast.ColumnDef):
        use = type_use(action.store, action.node.typeName)
        action.change(lambda column: replace(column, type=use))


def _set_default(action: _Action) -> None:
    action.change(lambda column: with_default(column, action.node))


def _set_not_null(action: _Action) -> None:
    set_not_null(action.store, action.table, (action.name,))


def _drop_not_null(action: _Action) -> None:
    set_not_null(action.store, action.table, (action.name,), nullable=True)


def _set_expression(action: _Action) -> None:
    action.change(lambda column: replace(column, default=text_of(action.node)))


def _drop_expression(action: _Action) -> None:
    action.change(lambda column: replace(column, generated=False, default=None))


def _add_identity(action: _Action) -> None:
    node = action.node
    if isinstance(node, ast.Constraint):
        action.change(lambda column: with_identity(action.store, action.table, column, node))


def _set_identity(action: _Action) -> None:
    options = action.node if isinstance(action.node, tuple) else ()
    setting = next((option.arg for option in options if option.defname == "generated"), None)
    if isinstance(setting, ast.Integer):
        action.change(lambda column: replace(column, generated=chr(setting.ival or 0) == _ALWAYS))


def _drop_identity(action: _Action) -> None:
    action.change(lambda column: replace(column, generated=False, sequence=None))


def _add_constraint(action: _Action) -> None:
    if isinstance(action.node, ast.Constraint):
        add_constraint(action.store, action.table, action.node)


def _drop_constraint(action: _Action) -> None:
    drop_constraint(action.store, action.table, action.name)


def _validate_constraint(action: _Action) -> None:
    constraint = action.table.constraints.get(action.name)
    if constraint is not None:
        suffix = constraint.suffix.replace(" NOT VALID", "")
        action.table.constraints[constraint.name] = replace(constraint, validated=True, suffix=suffix)


def _secure_rows(action: _Action) -> None:
    action.table.row_security = True


def _open_rows(action: _Action) -> None:
    action.table.row_security = False


def _attach_partition(action: _Action) -> None:
    child = (
        action.store.table(name_in(action.node.name)) if isinstance(action.node, ast.PartitionCmd) else None
    )
    if child is not None and not action.table.is_below(child) and action.table not in child.parents:
        child.parents.append(action.table)
        take_over(action.store, child, action.table)


def _detach_partition(action: _Action) -> None:
    child = (
        action.store.table(name_in(action.node.name)) if isinstance(action.node, ast.PartitionCmd) else None
    )
    if child is not None and action.table in child.parents:
        child.parents.remove(action.table)


def _add_parent(action: _Action) -> None:
    parent = action.store.table(name_in(action.node)) if isinstance(action.node, ast.RangeVar) else None
    if parent is not None and not parent.is_below(action.table) and parent not in action.table.parents:
        action.table.parents.append(parent)


def _drop_parent(action: _Action) -> None:
    parent = action.store.table(name_in(action.node)) if isinstance(action.node, ast.RangeVar) else None
    if parent in action.table.parents:
        action.table.parents.remove(parent)


_ACTIONS: Mapping[AlterTableType, Callable[[_Action], None]] = {
    AlterTableType.AT_AddColumn: _add_column,
    AlterTableType.AT_DropColumn: _drop_column,
    AlterTableType.AT_AlterColumnType: _set_type,
    AlterTableType.AT_ColumnDefault: _set_default,
    AlterTableType.AT_SetNotNull: _set_not_null,
    AlterTableType.AT_DropNotNull: _drop_not_null,
    AlterTableType.AT_SetExpression: _set_expression,
    AlterTableType.AT_DropExpression: _drop_expression,
    AlterTableType.AT_AddIdentity: _add_identity,
    AlterTableType.AT_SetIdentity: _set_identity,
    AlterTableType.AT_DropIdentity: _drop_identity,
    AlterTableType.AT_AddConstraint: _add_constraint,
    AlterTableType.AT_DropConstraint: _drop_constraint,
    AlterTableType.AT_ValidateConstraint: _validate_constraint,
    AlterTableType.AT_EnableRowSecurity: _secure_rows,
    AlterTableType.AT_DisableRowSecurity: _open_rows,
    AlterTableType.AT_AttachPartition: _attach_partition,
    AlterTableType.AT_DetachPartition: _detach_partition,
    AlterTableType.AT_AddInherit: _add_parent,
    AlterTableType.AT_DropInherit: _drop_parent,
}
