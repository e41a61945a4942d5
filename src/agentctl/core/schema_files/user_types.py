"""CREATE and ALTER of types and domains.

Only the name of a composite type is kept: nothing looks inside its columns.
"""

from pglast import ast
from pglast.ast import Node
from pglast.enums import ConstrType

from agentctl.core.schema_files.drafts import UserType
from agentctl.core.schema_files.naming import default_name
from agentctl.core.schema_files.store import Store
from agentctl.core.schema_files.type_names import type_use
from agentctl.core.sql.names import Name, list_names, name_in, name_of


def create_enum(store: Store, node: ast.CreateEnumStmt) -> None:
    """Execute CREATE TYPE ... AS ENUM."""
    kind = _create_type(store, name_of(node.typeName))
    if kind.labels is None:
        kind.labels = list_names(node.vals)


def create_composite(store: Store, node: ast.CompositeTypeStmt) -> None:
    """Execute CREATE TYPE ... AS (...)."""
    _create_type(store, name_in(node.typevar))


def alter_enum(store: Store, node: ast.AlterEnumStmt) -> None:
    """Execute ALTER TYPE ... ADD VALUE and RENAME VALUE."""
    kind = store.type(name_of(node.typeName))
    new = node.newVal or ""
    if kind.labels is None or new in kind.labels:
        return
    if node.oldVal is not None:
        kind.labels = tuple(new if label == node.oldVal else label for label in kind.labels)
        return
    position = len(kind.labels)
    if node.newValNeighbor in kind.labels:
        position = kind.labels.index(node.newValNeighbor or "") + (1 if node.newValIsAfter else 0)
    kind.labels = (*kind.labels[:position], new, *kind.labels[position:])


def create_domain(store: Store, node: ast.CreateDomainStmt) -> None:
    """Execute CREATE DOMAIN."""
    base = type_use(store, node.typeName)
    kind = _create_type(store, name_of(node.domainname))
    if kind.base is not None or base is None or _leads_to(base.of, kind):
        return
    kind.base = base
    for constraint in node.constraints or ():
        _add_constraint(kind, constraint)


def alter_domain(store: Store, node: ast.AlterDomainStmt) -> None:
    """Execute ALTER DOMAIN."""
    kind = store.type(name_of(node.typeName))
    match node.subtype:
        case "O" | "N":
            kind.not_null = node.subtype == "O"
        case "C":
            _add_constraint(kind, node.def_)
        case "X":
            kind.checks.pop(node.name or "", None)


def _create_type(store: Store, name: Name) -> UserType:
    """Return the type of exactly that full name, new or already mentioned."""
    full_name = store.qualify(name)
    return store.types.setdefault(full_name, UserType(*full_name))


def _leads_to(base: str | UserType, kind: UserType) -> bool:
    """Whether a domain would end up below itself."""
    while isinstance(base, UserType) and base is not kind and base.base is not None:
        base = base.base.of
    return base is kind


def _add_constraint(kind: UserType, node: Node | None) -> None:
    if not isinstance(node, ast.Constraint):
        return
    if node.contype is ConstrType.CONSTR_NOTNULL:
        kind.not_null = True
    elif node.contype is ConstrType.CONSTR_CHECK and node.raw_expr is not None:
        name = node.conname or default_name(kind.name, (), "check", taken=kind.checks.__contains__)
        kind.checks.setdefault(name, node.raw_expr)
