"""RENAME and SET SCHEMA, with everything that refers to the renamed object.

A renamed object counts as created by the statement that renamed it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec.structs import replace
from pglast import ast
from pglast.enums import ObjectType

from agentctl.core.schema_files.drafts import (
    ColumnDraft,
    ConstraintDraft,
    FullName,
    IndexDraft,
    Reference,
    TableDraft,
)
from agentctl.core.schema_files.dropping import matches
from agentctl.core.schema_files.sites import Site
from agentctl.core.schema_files.store import Store
from agentctl.core.sql.names import name_in, name_of

_RELATIONS = frozenset(
    {
        ObjectType.OBJECT_TABLE,
        ObjectType.OBJECT_VIEW,
        ObjectType.OBJECT_MATVIEW,
        ObjectType.OBJECT_FOREIGN_TABLE,
        ObjectType.OBJECT_INDEX,  # ALTER TABLE may name an index, and ALTER INDEX a table
    }
)
_TYPES = frozenset({ObjectType.OBJECT_TYPE, ObjectType.OBJECT_DOMAIN})
_FUNCTIONS = frozenset({ObjectType.OBJECT_FUNCTION, ObjectType.OBJECT_ROUTINE})


def rename(store: Store, node: ast.RenameStmt, site: Site) -> None:
    """Execute ... RENAME TO."""
    perform = _RENAMES.get(node.renameType)
    if perform is not None and node.newname:
        perform(store, node, site)


def perhaps_rename(store: Store, node: ast.RenameStmt, site: Site) -> None:
    """Execute a RENAME that may not run: the column has both names afterwards, and neither is required."""
    table = store.table_in(node.relation)
    column = table.columns.get(node.subname or "") if table is not None else None
    if table is None or column is None or node.renameType is not ObjectType.OBJECT_COLUMN:
        return
    either = replace(column, nullable=True)
    table.columns[either.name] = either
    table.columns.setdefault(
        node.newname or "", replace(either, name=node.newname or "", location=site.location)
    )


def move(store: Store, node: ast.AlterObjectSchemaStmt, site: Site) -> None:
    """Execute ... SET SCHEMA."""
    schema = node.newschema or ""
    if node.objectType in _RELATIONS:
        table = store.table_in(node.relation)
        if table is not None:
            _move_table(store, table, FullName(schema, table.name), site)
    elif node.objectType in _TYPES:
        _move_type(store, node.object, schema=schema)
    elif node.objectType in _FUNCTIONS:
        _move_functions(store, node.object, schema=schema, site=site)


def _rename_relation(store: Store, node: ast.RenameStmt, site: Site) -> None:
    name, new = name_in(node.relation), node.newname or ""
    table = store.table(name)
    if table is not None:
        _move_table(store, table, FullName(table.schema, new), site)
    elif owner := store.index_owner(name):
        _rename_index(owner, name.name, new)


def _move_table(store: Store, table: TableDraft, full_name: FullName, site: Site) -> None:
    old = table.full_name
    if full_name in store.tables:
        return
    del store.tables[old]
    store.gone.add(old)
    table.schema, table.name, table.location = *full_name, site.location
    store.tables[full_name] = table
    row_type = store.types.pop(old, None)
    if row_type is not None:
        row_type.schema, row_type.name = full_name
        store.types[full_name] = row_type
    _change_references(store, old, lambda to: replace(to, schema=full_name.schema, table=full_name.name))


def _change_references(store: Store, target: FullName, change: Callable[[Reference], Reference]) -> None:
    """Change what foreign keys say of the table that they refer to."""
    for table in store.tables.values():
        for name, constraint in table.constraints.items():
            to = constraint.reference
            if to is not None and to.full_name == target:
                table.constraints[name] = replace(constraint, reference=change(to))


def _rename_index(owner: TableDraft, old: str, new: str) -> None:
    """Rename an index, and the constraint that it backs."""
    index, constraint = owner.indexes.pop(old, None), owner.constraints.get(old)
    if index is not None:
        owner.indexes[new] = replace(index, name=new)
    if constraint is not None and constraint.kind in {"primary key", "unique"}:
        del owner.constraints[old]
        owner.constraints[new] = replace(constraint, name=new)


def _rename_constraint(store: Store, node: ast.RenameStmt, _: Site) -> None:
    table, old, new = store.table_in(node.relation), node.subname or "", node.newname or ""
    if table is None:
        return
    if old in table.indexes:
        _rename_index(table, old, new)
    elif constraint := table.constraints.pop(old, None):
        table.constraints[new] = replace(constraint, name=new)
    elif column := table.not_null.pop(old, None):
        table.not_null[new] = column


def _rename_column(store: Store, node: ast.RenameStmt, site: Site) -> None:
    table, old = store.find_altered(name_in(node.relation)), node.subname or ""
    if table is None:
        return
    if table.location is None and old not in table.columns:  # the columns of an assumed table are unknown
        table.columns[old] = ColumnDraft(old, None, site.location)
    _rename_column_of_table(store, table, old, node.newname or "", site)


def _rename_column_of_table(store: Store, table: TableDraft, old: str, new: str, site: Site) -> None:
    if old not in table.columns or new in table.columns:
        return
    table.columns = {
        (new if name == old else name): replace(column, name=new, location=site.location)
        if name == old
        else column
        for name, column in table.columns.items()
    }
    table.constraints = {
        name: _rename_column_of_constraint(constraint, old, new)
        for name, constraint in table.constraints.items()
    }
    table.indexes = {name: _rename_column_of_index(index, old, new) for name, index in table.indexes.items()}
    table.not_null = {name: new if column == old else column for name, column in table.not_null.items()}
    _change_references(
        store, table.full_name, lambda to: replace(to, columns=_rename_columns(to.columns, old, new))
    )
    for child in store.children(table):
        _rename_column_of_table(store, child, old, new, site)


def _rename_column_of_constraint(constraint: ConstraintDraft, old: str, new: str) -> ConstraintDraft:
    check = constraint.check.renamed(old, new) if constraint.check else None
    return replace(constraint, columns=_rename_columns(constraint.columns, old, new), check=check)


def _rename_column_of_index(index: IndexDraft, old: str, new: str) -> IndexDraft:
    """Return an index after a column's renaming; the texts of its expressions stay as they were written."""
    keys = tuple(
        replace(
            key,
            column=new if key.column == old else key.column,
            columns=frozenset(_rename_columns(key.columns, old, new)),
        )
        for key in index.keys
    )
    condition = frozenset(_rename_columns(index.condition_columns, old, new))
    included = _rename_columns(index.included, old, new)
    return replace(index, keys=keys, condition_columns=condition, included=included)


def _rename_columns(columns: Iterable[str], old: str, new: str) -> tuple[str, ...]:
    return tuple(new if column == old else column for column in columns)


def _move_type(store: Store, words: Any, *, schema: str | None = None, name: str | None = None) -> None:
    kind = store.type(name_of(words))
    old, new = FullName(kind.schema, kind.name), FullName(schema or kind.schema, name or kind.name)
    if new in store.types:
        return
    store.types.pop(old, None)
    kind.schema, kind.name = new
    store.types[new] = kind


def _rename_domain_constraint(store: Store, node: ast.RenameStmt, _: Site) -> None:
    words: Any = node.object
    kind = store.type(name_of(words))
    if (node.subname or "") in kind.checks:
        kind.checks[node.newname or ""] = kind.checks.pop(node.subname or "")


def _move_functions(
    store: Store, node: object, *, schema: str | None = None, name: str | None = None, site: Site
) -> None:
    if not isinstance(node, ast.ObjectWithArgs):
        return
    overloads = store.functions_named(name_of(node.objname))
    for function in [function for function in overloads if matches(store, node, function)]:
        overloads.remove(function)
        moved = replace(
            function, schema=schema or function.schema, name=name or function.name, location=site.location
        )
        store.functions.setdefault(FullName(moved.schema, moved.name), []).append(moved)


def _rename_schema(store: Store, node: ast.RenameStmt, site: Site) -> None:
    old, new = node.subname or "", node.newname or ""
    for table in [item for item in store.tables.values() if item.schema == old]:
        _move_table(store, table, FullName(new, table.name), site)
    for full_name, kind in list(store.types.items()):
        if full_name.schema == old:
            kind.schema = new
            store.types[FullName(new, full_name.name)] = store.types.pop(full_name)
    for full_name in [full_name for full_name in store.functions if full_name.schema == old]:
        moved = [replace(item, schema=new) for item in store.functions.pop(full_name)]
        store.functions.setdefault(FullName(new, full_name.name), []).extend(moved)


def _rename_trigger(store: Store, node: ast.RenameStmt, _: Site) -> None:
    table = store.table_in(node.relation)
    if table is not None and (trigger := table.triggers.pop(node.subname or "", None)):
        table.triggers[node.newname or ""] = replace(trigger, name=node.newname or "")


_RENAMES: Mapping[ObjectType | None, Callable[[Store, ast.RenameStmt, Site], None]] = {
    **dict.fromkeys(_RELATIONS, _rename_relation),
    **dict.fromkeys(_TYPES, lambda store, node, _: _move_type(store, node.object, name=node.newname)),
    **dict.fromkeys(
        _FUNCTIONS,
        lambda store, node, site: _move_functions(store, node.object, name=node.newname, site=site),
    ),
    ObjectType.OBJECT_COLUMN: _rename_column,
    ObjectType.OBJECT_TABCONSTRAINT: _rename_constraint,
    ObjectType.OBJECT_DOMCONSTRAINT: _rename_domain_constraint,
    ObjectType.OBJECT_SCHEMA: _rename_schema,
    ObjectType.OBJECT_TRIGGER: _rename_trigger,
}
