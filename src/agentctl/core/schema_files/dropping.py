"""DROP of tables, types, functions and whatever else a catalog holds, with what depends on them.

A DROP that PostgreSQL would refuse because something depends on the object is executed all the same.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pglast import ast
from pglast.enums import DropBehavior, ObjectType

from agentctl.core.schema_files.drafts import FullName, FunctionDraft, TableDraft, TypeUse, UserType
from agentctl.core.schema_files.store import Store
from agentctl.core.schema_files.type_names import type_use
from agentctl.core.sql.names import Name, name_of


def drop(store: Store, node: ast.DropStmt) -> None:
    """Execute DROP."""
    perform = _DROPS.get(node.removeType)
    if perform is not None:
        for name in node.objects or ():
            perform(store, name, node.behavior is DropBehavior.DROP_CASCADE)


def drop_column(store: Store, table: TableDraft, name: str) -> None:
    """Drop a column with the constraints and indexes over it, in a table and in its children."""
    if table.columns.pop(name, None) is None:
        return
    for constraint in list(table.constraints.values()):
        if name in constraint.columns:
            del table.constraints[constraint.name]
    for index in list(table.indexes.values()):
        if name in index.columns:
            del table.indexes[index.name]
    _drop_references(store, table, name)
    for child in list(store.children(table)):
        drop_column(store, child, name)


def matches(store: Store, node: ast.ObjectWithArgs, function: FunctionDraft) -> bool:
    """Whether a statement means this overload of a function."""
    if node.args_unspecified:
        return True
    types = [
        type_use(store, argument.argType)
        for argument in node.objfuncargs or ()
        if argument.mode.value not in "ot"
    ]
    if node.objfuncargs is None:
        types = [type_use(store, argument) for argument in node.objargs or ()]
    bare = tuple(TypeUse(use.of, array=use.array) for use in types if use)
    return bare == function.inputs


def _drop_table(store: Store, words: Any, cascade: bool) -> None:  # noqa: FBT001
    table = store.table(name_of(words))
    if table is not None:
        _remove_table(store, table, cascade=cascade)


def _remove_table(store: Store, table: TableDraft, *, cascade: bool) -> None:
    if store.tables.pop(table.full_name, None) is None:
        return
    store.gone.add(table.full_name)
    _drop_references(store, table)
    for child in list(store.children(table)):
        _remove_table(store, child, cascade=cascade)
    for view in list(store.tables.values()) if cascade else ():
        if table in view.sources:
            _remove_table(store, view, cascade=True)


def _drop_references(store: Store, target: TableDraft, column: str | None = None) -> None:
    """Drop the foreign keys that refer to a table, or to one of its columns."""
    for table in store.tables.values():
        for constraint in list(table.constraints.values()):
            to = constraint.reference
            if to is not None and to.full_name == target.full_name and column in {None, *to.columns}:
                del table.constraints[constraint.name]


def _drop_index(store: Store, words: Any, _: bool) -> None:  # noqa: FBT001
    name = name_of(words)
    owner = store.index_owner(name)
    if owner is not None:
        del owner.indexes[name.name]


def _drop_type(store: Store, node: Any, cascade: bool) -> None:  # noqa: FBT001
    use = type_use(store, node)
    if use is None or not isinstance(use.of, UserType):
        return
    gone = use.of
    store.types.pop(FullName(gone.schema, gone.name), None)
    for table in list(store.tables.values()) if cascade else ():
        for column in list(table.columns.values()):
            if column.type is not None and column.type.of is gone:
                drop_column(store, table, column.name)


def _drop_function(store: Store, node: Any, _: bool) -> None:  # noqa: FBT001
    overloads = store.functions_named(name_of(node.objname))
    overloads[:] = [function for function in overloads if not matches(store, node, function)]


def _drop_schema(store: Store, node: Any, _: bool) -> None:  # noqa: FBT001
    schema = str(node.sval)
    for table in [item for item in store.tables.values() if item.schema == schema]:
        _remove_table(store, table, cascade=True)
    for kept in (store.types, store.functions):
        for full_name in [full_name for full_name in kept if full_name.schema == schema]:
            del kept[full_name]


def _drop_trigger(store: Store, words: Any, _: bool) -> None:  # noqa: FBT001
    table = store.table(name_of(words[:-1]))
    if table is not None:
        table.triggers.pop(Name(None, str(words[-1].sval)).name, None)


_DROPS: Mapping[ObjectType | None, Callable[[Store, Any, bool], None]] = {
    ObjectType.OBJECT_TABLE: _drop_table,
    ObjectType.OBJECT_VIEW: _drop_table,
    ObjectType.OBJECT_MATVIEW: _drop_table,
    ObjectType.OBJECT_FOREIGN_TABLE: _drop_table,
    ObjectType.OBJECT_INDEX: _drop_index,
    ObjectType.OBJECT_TYPE: _drop_type,
    ObjectType.OBJECT_DOMAIN: _drop_type,
    ObjectType.OBJECT_FUNCTION: _drop_function,
    ObjectType.OBJECT_ROUTINE: _drop_function,
    ObjectType.OBJECT_SCHEMA: _drop_schema,
    ObjectType.OBJECT_TRIGGER: _drop_trigger,
}
