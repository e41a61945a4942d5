"""ALTER TABLE: each of its actions, on a table and on its children.

An action on something that does not exist does nothing, as with IF EXISTS.
"""

from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace
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


class _Action(Struct, frozen=True):
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

    def find_relative(self) -> TableDraft | None:
        """Return the partition or the parent that it names."""
        relation = self.node.name if isinstance(self.node, ast.PartitionCmd) else self.node
        return self.store.table_in(relation) if isinstance(relation, ast.RangeVar) else None


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


def _set_type(action: _Action) -> None:
    if isinstance(action.node, ast.ColumnDef):
        use = type_use(action.store, action.node.typeName)
        action.change(lambda column: replace(column, type=use))


def _add_identity(action: _Action) -> None:
    node = action.node
    if isinstance(node, ast.Constraint):
        action.change(lambda column: with_identity(action.store, action.table, column, node))


def _set_identity(action: _Action) -> None:
    options = action.node if isinstance(action.node, tuple) else ()
    setting = next((option.arg for option in options if option.defname == "generated"), None)
    if isinstance(setting, ast.Integer):
        action.change(lambda column: replace(column, generated=chr(setting.ival or 0) == _ALWAYS))


def _add_constraint(action: _Action) -> None:
    if isinstance(action.node, ast.Constraint):
        add_constraint(action.store, action.table, action.node)


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
    child = action.find_relative()
    if child is not None and _put_below(child, action.table):
        take_over(action.store, child, action.table)


def _detach_partition(action: _Action) -> None:
    child = action.find_relative()
    if child is not None and action.table in child.parents:
        child.parents.remove(action.table)


def _add_parent(action: _Action) -> None:
    parent = action.find_relative()
    if parent is not None:
        _put_below(action.table, parent)


def _drop_parent(action: _Action) -> None:
    parent = action.find_relative()
    if parent in action.table.parents:
        action.table.parents.remove(parent)


def _put_below(child: TableDraft, parent: TableDraft) -> bool:
    """Put a table below another; return False where it is there already, or is itself above."""
    fits = not parent.is_below(child) and parent not in child.parents
    if fits:
        child.parents.append(parent)
    return fits


_ACTIONS: Mapping[AlterTableType, Callable[[_Action], None]] = {
    AlterTableType.AT_AddColumn: _add_column,
    AlterTableType.AT_DropColumn: lambda action: drop_column(action.store, action.table, action.name),
    AlterTableType.AT_AlterColumnType: _set_type,
    AlterTableType.AT_ColumnDefault: lambda action: action.change(
        lambda column: with_default(column, action.node)
    ),
    AlterTableType.AT_SetNotNull: lambda action: set_not_null(action.store, action.table, (action.name,)),
    AlterTableType.AT_DropNotNull: lambda action: set_not_null(
        action.store, action.table, (action.name,), nullable=True
    ),
    AlterTableType.AT_SetExpression: lambda action: action.change(
        lambda column: replace(column, default=text_of(action.node))
    ),
    AlterTableType.AT_DropExpression: lambda action: action.change(
        lambda column: replace(column, generated=False, default=None)
    ),
    AlterTableType.AT_AddIdentity: _add_identity,
    AlterTableType.AT_SetIdentity: _set_identity,
    AlterTableType.AT_DropIdentity: lambda action: action.change(
        lambda column: replace(column, generated=False, sequence=None)
    ),
    AlterTableType.AT_AddConstraint: _add_constraint,
    AlterTableType.AT_DropConstraint: lambda action: drop_constraint(action.store, action.table, action.name),
    AlterTableType.AT_ValidateConstraint: _validate_constraint,
    AlterTableType.AT_EnableRowSecurity: _secure_rows,
    AlterTableType.AT_DisableRowSecurity: _open_rows,
    AlterTableType.AT_AttachPartition: _attach_partition,
    AlterTableType.AT_DetachPartition: _detach_partition,
    AlterTableType.AT_AddInherit: _add_parent,
    AlterTableType.AT_DropInherit: _drop_parent,
}
