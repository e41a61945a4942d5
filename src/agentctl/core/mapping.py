"""Which table and column plays which part: the one place that knows the marketplace's names.

Everything else asks for a part ("the balance of the users") and gets an identifier. Here the names are the
reference database's; a database that names things otherwise is adapted to by changing this module alone.
It decides from the catalog and reads nothing else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql

from agentctl.core.catalog import Catalog, Column, Function, Table
from agentctl.core.errors import PermissionDenied, SchemaLacks
from agentctl.core.tracking import BY_NAME

# part -> (column, required)
_REFERENCE: Mapping[str, tuple[str, Mapping[str, tuple[str, bool]]]] = {
    "users": (
        "profiles",
        {"id": ("id", True), "email": ("email", True), "balance": ("credits", True)},
    ),
    "agents": (
        "agents",
        {
            "id": ("id", True),
            "name": ("name", True),
            "price": ("credit_cost", True),
            "webhook": ("webhook_url", True),
            "slug": ("slug", False),
            "description": ("description", False),
            "category": ("category", False),
            "active": ("is_active", False),
            "deleted": ("deleted_at", False),
            "form": ("input_schema", False),
            "platforms": ("required_platforms", False),
        },
    ),
    "executions": (
        "agent_executions",
        {
            "id": ("id", True),
            "user": ("user_id", True),
            "agent": ("agent_id", True),
            "status": ("status", True),
            "created_at": ("created_at", True),
            **{name: (name, False) for name in BY_NAME},
        },
    ),
    "ledger": (
        "credit_transactions",
        {
            "id": ("id", True),
            "user": ("user_id", True),
            "kind": ("type", True),
            "amount": ("amount", True),
            "balance_after": ("balance_after", False),
            "execution": ("execution_id", True),
            "created_at": ("created_at", True),
        },
    ),
}
ROLES = tuple(_REFERENCE)
DEDUCT = "deduct_credits_atomic"
ADD = "add_credits_atomic"
_DEDUCT_ARGUMENTS = ("p_user_id", "p_amount", "p_agent_id", "p_execution_id")


@dataclass(frozen=True, slots=True)
class TableRole:
    """A table, and which of its columns plays which part; `columns` has only parts that can be used."""

    table: Table
    columns: Mapping[str, str]

    def __contains__(self, part: str) -> bool:
        return part in self.columns

    def query(self, text: LiteralString, **more: sql.Composable) -> sql.Composed:
        """Fill `{table}` and `{part}` of a statement with this role's identifiers, and `more` as given."""
        parts = {part: sql.Identifier(name) for part, name in self.columns.items()}
        table = sql.Identifier(self.table.schema, self.table.name)
        return sql.SQL(text).format(table=table, **{**parts, **more})

    def column(self, part: str, *, of: str) -> sql.Composable:
        """Return the column that plays a part, qualified by a table's alias; NULL where there is none."""
        return sql.Identifier(of, self.columns[part]) if part in self.columns else sql.SQL("NULL")

    def select(self, parts: Iterable[str], *, of: str) -> sql.Composed:
        """Return a select list in which each column is named after the part that it plays."""
        columns = (
            sql.SQL("{} AS {}").format(self.column(part, of=of), sql.Identifier(part)) for part in parts
        )
        return sql.SQL(", ").join(columns)

    @property
    def is_filtered(self) -> bool:
        """Whether row level security may hide rows of the table from this role."""
        return self.table.row_security.active

    def require_visible_rows(self) -> None:
        """Refuse to call a table empty that only looks so.

        Raises:
            PermissionDenied: row level security hides every row from this role.

        """
        if self.table.row_security.hides_everything():
            name = f"{self.table.schema}.{self.table.name}"
            msg = f"Row level security hides every row of {name} from this role: no policy admits it."
            hint = "Connect as a role with BYPASSRLS (Supabase: postgres or service_role), or add a policy."
            raise PermissionDenied(msg, hint=hint, code="row_level_security")


@dataclass(frozen=True, slots=True)
class Marketplace:
    """The parts that agentctl's commands work with; `deduct` is None where no usable function exists."""

    catalog: Catalog
    users: TableRole
    agents: TableRole
    executions: TableRole
    ledger: TableRole
    deduct: Function | None


def table_for(catalog: Catalog, role: str) -> tuple[str, Table | None]:
    """Return the name of the table that plays a role, and the table where it exists."""
    name = _REFERENCE[role][0]
    return name, catalog.table(name)


def required_columns(role: str) -> tuple[str, ...]:
    """Return the columns of a role that agentctl cannot do without."""
    return tuple(name for name, required in _REFERENCE[role][1].values() if required)


def missing_columns(role: str, table: Table) -> tuple[str, ...]:
    """Return those of them that the table does not have."""
    return tuple(name for name in required_columns(role) if table.column(name) is None)


def deduct_function(catalog: Catalog) -> Function | None:
    """Return the overload of the deduct function that can be called as the reference is, or None."""
    return next((found for found in catalog.functions_named(DEDUCT) if usable(found)), None)


def usable(function: Function) -> bool:
    """Whether agentctl may call a deduct function, and can."""
    return function.executable and fits(function)


def fits(function: Function) -> bool:
    """Whether agentctl knows every argument that a deduct function demands, and what it returns."""
    names = {argument.name for argument in function.arguments}
    demanded = {argument.name for argument in function.arguments if not argument.optional}
    known = {"p_user_id", "p_amount", "p_execution_id"} <= names and demanded <= set(_DEDUCT_ARGUMENTS)
    return known and function.returns in {"jsonb", "json"}


def marketplace(catalog: Catalog) -> Marketplace:
    """Find every part in a catalog.

    Raises:
        SchemaLacks: a table or a required column is missing; all of them are named.

    """
    lacking: list[str] = []
    roles: dict[str, TableRole] = {}
    for role, (name, parts) in _REFERENCE.items():
        table = catalog.table(name)
        if table is None:
            lacking.append(f"table {name}")
            continue
        lacking += [f"column {name}.{column}" for column in missing_columns(role, table)]
        present = {
            part: column
            for part, (column, _) in parts.items()
            if (found := table.column(column)) and _can_be_used(part, found)
        }
        roles[role] = TableRole(table, present)
    if lacking:
        _refuse(catalog, lacking)
    return Marketplace(catalog=catalog, deduct=deduct_function(catalog), **roles)


def _can_be_used(part: str, column: Column) -> bool:
    """Whether a column, if it is one of the seven, has content that agentctl understands and may read."""
    return part not in BY_NAME or (column.readable and BY_NAME[part].accepts(column))


def _refuse(catalog: Catalog, lacking: list[str]) -> None:
    path = ", ".join(catalog.server.search_path) or "no schema that this role may use"
    msg = (
        f"Database {catalog.server.database} (role {catalog.server.role}, search path: {path}) lacks "
        f"{', '.join(lacking)}."
    )
    hint = "See what is there: agentctl schema-check. Is this the right database, role and search_path?"
    raise SchemaLacks(msg, hint=hint)
