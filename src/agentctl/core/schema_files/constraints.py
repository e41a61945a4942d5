"""Constraints as statements add and drop them, with the names and indexes that PostgreSQL gives them.

Whether rows keep to them is not known here.
"""

from dataclasses import replace
from typing import Any

from pglast import ast
from pglast.enums import ConstrType

from agentctl.core.schema_files.conditions import columns_in
from agentctl.core.schema_files.drafts import ConstraintDraft, IndexDraft, Reference, Spoken, TableDraft
from agentctl.core.schema_files.indexes import PARTITIONED, add_index, clone_index, keys_of
from agentctl.core.schema_files.naming import default_name
from agentctl.core.schema_files.store import Full, Store
from agentctl.core.sql.names import Name, name_in

_KEYS = {
    ConstrType.CONSTR_PRIMARY: ("primary key", "pkey"),
    ConstrType.CONSTR_UNIQUE: ("unique", "key"),
}
LABELS = dict(_KEYS.values())
_ACTIONS = {"c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT", "r": "RESTRICT"}


def add_constraint(store: Store, table: TableDraft, node: ast.Constraint, column: str | None = None) -> None:
    """Add a constraint to a table and, where PostgreSQL does so, to those below it.

    Args:
        store: everything.
        table: whose it is.
        node: that says it.
        column: beside which it stands; None where it stands for itself.

    """
    made = _constraint(store, table, node, (column,) if column else _texts(node.keys))
    if made is None or made.name in table.constraints:
        return
    attach_constraint(store, table, made)


def attach_constraint(store: Store, table: TableDraft, made: ConstraintDraft) -> None:
    """Put a constraint in its place, with its index, and below."""
    table.constraints[made.name] = made
    if made.kind == "primary key":
        set_not_null(store, table, made.columns)
    if made.kind in LABELS:
        add_index(store, table, made.name, made.columns)
    if (made.kind == "check" and made.inherited) or table.kind == PARTITIONED:
        for child in store.children(table):
            clone_constraint(store, child, made)


def forget_checks(store: Store, name: str) -> None:
    """Leave open what a table's CHECKs say, because nobody knows which of them are dropped.

    Args:
        store: everything.
        name: of the table as a text has it; with `%` in it, it may be any.

    """
    words = name.replace('"', "").lower().split(".")
    meant = None if "%" in name else store.table(Name(words[-2] if len(words) > 1 else None, words[-1]))
    for table in store.tables.values() if "%" in name else filter(None, (meant,)):
        for made in [one for one in table.constraints.values() if one.kind == "check"]:
            del table.constraints[made.name]


def clone_constraint(store: Store, table: TableDraft, made: ConstraintDraft) -> None:
    """Give a table what the one above it has, unless it has it already."""
    if made.kind in LABELS:
        if made.kind == "primary key" and table.primary_key:
            return
        taken = {one.columns for one in table.constraints.values() if one.kind == made.kind}
        columns = made.columns if made.kind == "unique" else ()
        name = default_name(
            table.name, columns, LABELS[made.kind], taken=lambda name: store.is_taken(table.schema, name)
        )
        if made.columns not in taken:
            attach_constraint(store, table, replace(made, name=name))
        return
    alike = (one for one in table.constraints.values() if replace(one, name=made.name) == made)
    if made.name not in table.constraints and not any(alike):
        attach_constraint(store, table, made)


def take_over(store: Store, table: TableDraft, parent: TableDraft) -> None:
    """Give a partition the constraints and indexes of its parent, and what inherits its CHECKs."""
    for made in list(parent.constraints.values()):
        if parent.kind == PARTITIONED or (made.kind == "check" and made.inherited):
            clone_constraint(store, table, made)
    for index in list(parent.indexes.values()) if parent.kind == PARTITIONED else ():
        if index.name not in parent.constraints:
            clone_index(store, table, index)


def drop_constraint(store: Store, table: TableDraft, name: str) -> None:
    """Drop a constraint, with its index, and those that tables below have from it."""
    if name in table.not_null:
        set_not_null(store, table, (table.not_null.pop(name),), nullable=True)
        return
    made = table.constraints.pop(name, None)
    if made is None:
        return
    table.indexes.pop(name, None)
    for child in store.children(table) if made.kind == "check" or table.kind == PARTITIONED else ():
        alike = (
            one for one in child.constraints.values() if (one.kind, one.columns) == (made.kind, made.columns)
        )
        for one in [one for one in alike if made.kind in LABELS or one.name == name]:
            drop_constraint(store, child, one.name)


def set_not_null(
    store: Store, table: TableDraft, columns: tuple[str, ...], *, nullable: bool = False
) -> None:
    """Let columns refuse NULL, or take it, here and in the tables below."""
    for name in columns:
        if name in table.columns:
            table.columns[name] = replace(table.columns[name], nullable=nullable)
    for child in store.children(table):
        set_not_null(store, child, columns, nullable=nullable)


def _constraint(
    store: Store, table: TableDraft, node: ast.Constraint, columns: tuple[str, ...]
) -> ConstraintDraft | None:
    match node.contype:
        case ConstrType.CONSTR_NOTNULL:
            table.not_null |= {node.conname: columns[0]} if node.conname and columns else {}
            set_not_null(store, table, columns)
        case ConstrType.CONSTR_CHECK:
            return _check(table, node)
        case ConstrType.CONSTR_PRIMARY | ConstrType.CONSTR_UNIQUE:
            return _key(store, table, node, columns)
        case ConstrType.CONSTR_FOREIGN:
            return _foreign_key(store, table, node, columns)
        case ConstrType.CONSTR_EXCLUSION:
            _exclude(store, table, node)
    return None


def _check(table: TableDraft, node: ast.Constraint) -> ConstraintDraft:
    spoken = tuple(dict.fromkeys(columns_in(node.raw_expr)))
    columns = tuple(column for column in table.columns if column in spoken)
    name = node.conname or default_name(
        table.name, columns if len(columns) == 1 else (), "check", taken=table.constraints.__contains__
    )
    suffix = (" NO INHERIT" if node.is_no_inherit else "") + _validity(node)
    return ConstraintDraft(
        name,
        "check",
        columns,
        check=Spoken(node.raw_expr, {column: column for column in columns}) if node.raw_expr else None,
        suffix=suffix,
        validated="NOT" not in _validity(node),
        inherited=not node.is_no_inherit,
    )


def _validity(node: ast.Constraint) -> str:
    if node.is_enforced is False:
        return " NOT ENFORCED"
    return " NOT VALID" if node.skip_validation else ""


def _key(
    store: Store, table: TableDraft, node: ast.Constraint, columns: tuple[str, ...]
) -> ConstraintDraft | None:
    kind, label = _KEYS[node.contype or ConstrType.CONSTR_UNIQUE]
    if kind == "primary key" and table.primary_key:
        return None
    index = table.indexes.pop(node.indexname, None) if node.indexname else None
    if index is not None:
        columns = tuple(key.column for key in index.keys if key.column)
    name = node.conname or (index.name if index else None)
    named = columns if kind == "unique" else ()
    name = name or default_name(
        table.name, named, label, taken=lambda name: store.is_taken(table.schema, name)
    )
    nulls = " NULLS NOT DISTINCT" if node.nulls_not_distinct else ""
    return ConstraintDraft(name, kind, columns, suffix=nulls) if columns else None


def _foreign_key(
    store: Store, table: TableDraft, node: ast.Constraint, columns: tuple[str, ...]
) -> ConstraintDraft:
    columns = _texts(node.fk_attrs) or columns
    name = node.conname or default_name(table.name, columns, "fkey", taken=table.constraints.__contains__)
    wanted = name_in(node.pktable)
    target = store.table(wanted)
    place = Full(target.schema, target.name) if target else store.place(wanted)
    reference = Reference(place.schema, place.name, _texts(node.pk_attrs), _actions(node))
    return ConstraintDraft(
        name,
        "foreign key",
        columns,
        reference=reference,
        suffix=_validity(node),
        validated=not _validity(node),
    )


def _actions(node: ast.Constraint) -> str:
    update, delete = _ACTIONS.get(node.fk_upd_action or ""), _ACTIONS.get(node.fk_del_action or "")
    shown = f" ON UPDATE {update}" if update else ""
    shown += f" ON DELETE {delete}" if delete else ""
    return shown + (" DEFERRABLE" if node.deferrable else "")


def _exclude(store: Store, table: TableDraft, node: ast.Constraint) -> None:
    """Remember an exclusion's index; the catalog knows no constraint of that kind."""
    keys = keys_of(tuple(pair[0] for pair in node.exclusions or ()))
    columns = [key.column or "expr" for key in keys]
    name = node.conname or default_name(
        table.name, columns, "excl", taken=lambda name: store.is_taken(table.schema, name)
    )
    table.indexes[name] = IndexDraft(name, node.access_method or "gist", keys, unique=False)


def _texts(nodes: tuple[Any, ...] | None) -> tuple[str, ...]:
    return tuple(str(node.sval) for node in nodes or ())
