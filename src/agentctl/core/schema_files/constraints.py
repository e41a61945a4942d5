"""Constraints as statements add and drop them, with the names and indexes that PostgreSQL gives them.

Whether rows satisfy them is not known here.
"""

from msgspec.structs import replace
from pglast import ast
from pglast.enums import ConstrType

from agentctl.core.schema_files.conditions import columns_in
from agentctl.core.schema_files.drafts import (
    ConstraintDraft,
    IndexDraft,
    Reference,
    TableDraft,
    WrittenCheck,
)
from agentctl.core.schema_files.indexes import PARTITIONED, add_index, clone_index, keys_of
from agentctl.core.schema_files.naming import default_name
from agentctl.core.schema_files.store import Store
from agentctl.core.sql.names import Name, list_names, name_in

LABELS = {"primary key": "pkey", "unique": "key"}
_ACTIONS = {"c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT", "r": "RESTRICT"}


def add_constraint(store: Store, table: TableDraft, node: ast.Constraint, column: str | None = None) -> None:
    """Add a constraint to a table and, where PostgreSQL does so, to its children.

    Args:
        store: everything.
        table: the table that gets it.
        node: the grammar's node for it.
        column: the column beside which it stands; None for a table constraint.

    """
    draft = _read_constraint(store, table, node, (column,) if column else list_names(node.keys))
    if draft is None or draft.name in table.constraints:
        return
    attach_constraint(store, table, draft)


def attach_constraint(store: Store, table: TableDraft, draft: ConstraintDraft) -> None:
    """Add a constraint with its index to a table and to its children."""
    table.constraints[draft.name] = draft
    if draft.kind == "primary key":
        set_not_null(store, table, draft.columns)
    if draft.kind in LABELS:
        add_index(store, table, draft.name, draft.columns)
    if (draft.kind == "check" and draft.inherited) or table.kind == PARTITIONED:
        for child in store.children(table):
            clone_constraint(store, child, draft)


def forget_checks(store: Store, name: str) -> None:
    """Forget a table's CHECKs, because it is not known which of them are dropped.

    Args:
        store: everything.
        name: of the table as it is written; with `%` in it, it can be any table.

    """
    words = name.replace('"', "").lower().split(".")
    named = store.table(Name(words[-2] if len(words) > 1 else None, words[-1]))
    for table in store.tables.values() if "%" in name else filter(None, (named,)):
        for draft in [constraint for constraint in table.constraints.values() if constraint.kind == "check"]:
            del table.constraints[draft.name]


def clone_constraint(store: Store, table: TableDraft, draft: ConstraintDraft) -> None:
    """Give a table a constraint of its parent, unless it has one like it."""
    if draft.kind in LABELS:
        if draft.kind == "primary key" and table.primary_key:
            return
        taken = {
            constraint.columns for constraint in table.constraints.values() if constraint.kind == draft.kind
        }
        name = choose_key_name(store, table, draft.kind, draft.columns)
        if draft.columns not in taken:
            attach_constraint(store, table, replace(draft, name=name))
        return
    alike = (
        constraint
        for constraint in table.constraints.values()
        if replace(constraint, name=draft.name) == draft
    )
    if draft.name not in table.constraints and not any(alike):
        attach_constraint(store, table, draft)


def choose_key_name(store: Store, table: TableDraft, kind: str, columns: tuple[str, ...]) -> str:
    """Choose the name of a primary key, or of a unique constraint after its columns."""
    return store.choose_name(table, columns if kind == "unique" else (), LABELS[kind])


def take_over(store: Store, table: TableDraft, parent: TableDraft) -> None:
    """Give a partition the constraints and indexes of its parent, and an inheriting table the CHECKs."""
    for constraint in list(parent.constraints.values()):
        if parent.kind == PARTITIONED or (constraint.kind == "check" and constraint.inherited):
            clone_constraint(store, table, constraint)
    for index in list(parent.indexes.values()) if parent.kind == PARTITIONED else ():
        if index.name not in parent.constraints:
            clone_index(store, table, index)


def drop_constraint(store: Store, table: TableDraft, name: str) -> None:
    """Drop a constraint with its index, and what the table's children have from it."""
    if name in table.not_null:
        set_not_null(store, table, (table.not_null.pop(name),), nullable=True)
        return
    constraint = table.constraints.pop(name, None)
    if constraint is None:
        return
    table.indexes.pop(name, None)
    for child in store.children(table) if constraint.kind == "check" or table.kind == PARTITIONED else ():
        for other in list(child.constraints.values()):
            is_alike = (other.kind, other.columns) == (constraint.kind, constraint.columns)
            if is_alike and (constraint.kind in LABELS or other.name == name):
                drop_constraint(store, child, other.name)


def set_not_null(
    store: Store, table: TableDraft, columns: tuple[str, ...], *, nullable: bool = False
) -> None:
    """Let columns refuse NULL, or take it, in a table and in its children."""
    for name in columns:
        if name in table.columns:
            table.columns[name] = replace(table.columns[name], nullable=nullable)
    for child in store.children(table):
        set_not_null(store, child, columns, nullable=nullable)


def _read_constraint(
    store: Store, table: TableDraft, node: ast.Constraint, columns: tuple[str, ...]
) -> ConstraintDraft | None:
    match node.contype:
        case ConstrType.CONSTR_NOTNULL:
            table.not_null |= {node.conname: columns[0]} if node.conname and columns else {}
            set_not_null(store, table, columns)
        case ConstrType.CONSTR_CHECK:
            return _read_check(table, node)
        case ConstrType.CONSTR_PRIMARY | ConstrType.CONSTR_UNIQUE:
            return _read_key(store, table, node, columns)
        case ConstrType.CONSTR_FOREIGN:
            return _read_foreign_key(store, table, node, columns)
        case ConstrType.CONSTR_EXCLUSION:
            _add_exclusion(store, table, node)
    return None


def _read_check(table: TableDraft, node: ast.Constraint) -> ConstraintDraft:
    named = tuple(dict.fromkeys(columns_in(node.raw_expr)))
    columns = tuple(column for column in table.columns if column in named)
    name = node.conname or default_name(
        table.name, columns if len(columns) == 1 else (), "check", taken=table.constraints.__contains__
    )
    suffix = (" NO INHERIT" if node.is_no_inherit else "") + _print_validity(node)
    return ConstraintDraft(
        name,
        "check",
        columns,
        check=WrittenCheck(node.raw_expr, {column: column for column in columns}) if node.raw_expr else None,
        suffix=suffix,
        validated="NOT" not in _print_validity(node),
        inherited=not node.is_no_inherit,
    )


def _print_validity(node: ast.Constraint) -> str:
    if node.is_enforced is False:
        return " NOT ENFORCED"
    return " NOT VALID" if node.skip_validation else ""


def _read_key(
    store: Store, table: TableDraft, node: ast.Constraint, columns: tuple[str, ...]
) -> ConstraintDraft | None:
    kind = "primary key" if node.contype is ConstrType.CONSTR_PRIMARY else "unique"
    if kind == "primary key" and table.primary_key:
        return None
    index = table.indexes.pop(node.indexname, None) if node.indexname else None
    if index is not None:
        columns = tuple(key.column for key in index.keys if key.column)
    name = node.conname or (index.name if index else None)
    name = name or choose_key_name(store, table, kind, columns)
    nulls = " NULLS NOT DISTINCT" if node.nulls_not_distinct else ""
    return ConstraintDraft(name, kind, columns, suffix=nulls) if columns else None


def _read_foreign_key(
    store: Store, table: TableDraft, node: ast.Constraint, columns: tuple[str, ...]
) -> ConstraintDraft:
    columns = list_names(node.fk_attrs) or columns
    name = node.conname or default_name(table.name, columns, "fkey", taken=table.constraints.__contains__)
    wanted = name_in(node.pktable)
    target = store.table(wanted)
    full_name = target.full_name if target else store.qualify(wanted)
    reference = Reference(full_name.schema, full_name.name, list_names(node.pk_attrs), _print_actions(node))
    return ConstraintDraft(
        name,
        "foreign key",
        columns,
        reference=reference,
        suffix=_print_validity(node),
        validated=not _print_validity(node),
    )


def _print_actions(node: ast.Constraint) -> str:
    update, delete = _ACTIONS.get(node.fk_upd_action or ""), _ACTIONS.get(node.fk_del_action or "")
    shown = f" ON UPDATE {update}" if update else ""
    shown += f" ON DELETE {delete}" if delete else ""
    return shown + (" DEFERRABLE" if node.deferrable else "")


def _add_exclusion(store: Store, table: TableDraft, node: ast.Constraint) -> None:
    """Add an exclusion's index; the catalog has no constraint of that kind."""
    keys = keys_of(tuple(pair[0] for pair in node.exclusions or ()))
    columns = [key.column or "expr" for key in keys]
    name = node.conname or store.choose_name(table, columns, "excl")
    table.indexes[name] = IndexDraft(name, node.access_method or "gist", keys, unique=False)
