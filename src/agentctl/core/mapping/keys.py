"""Finds by which column a user and an agent are known to the other tables, and where a user's balance stands.

That is mostly the primary key. But executions may name an agent by its code, and Supabase's tables often
name a user by the id that the `auth` schema has given out. An agent's id is whatever executions name it by.
"""

from collections.abc import Iterator
from dataclasses import replace

from agentctl.core.catalog.introspection import Constraint, Table
from agentctl.core.findings.finding import Finding
from agentctl.core.mapping.checks import key_mismatch
from agentctl.core.mapping.columns import Choice, find_columns
from agentctl.core.mapping.discover import Discovery, FoundRole
from agentctl.core.mapping.settings import RoleSettings, SchemaSettings
from agentctl.core.mapping.vocabulary import ROLES, rank


def resolve_keys(discovery: Discovery, settings: SchemaSettings) -> Discovery:
    """Correct the ids of users and agents to what others refer to, and add where balances stand."""
    roles = dict(discovery.roles)
    if not {"users", "agents", "executions"} <= set(roles):
        return discovery
    for role, part in (("users", "user"), ("agents", "agent")):
        if "id" not in settings.role(role).columns:
            roles[role] = _referred_to(roles[role], roles["executions"], part)
    findings = [*discovery.findings]
    if "balances" not in roles:
        roles["balances"], more = _own_balances(roles["users"], settings)
        findings += more
    findings += _mismatches(roles)
    return Discovery(roles, tuple(findings))


def _referred_to(found: FoundRole, executions: FoundRole, part: str) -> FoundRole:
    """Return a role whose id is the column that executions name it by."""
    link = executions.parts.get(part)
    column = executions.table.column(link.column) if link else None
    if link is None or column is None or "id" not in found.parts:
        return found
    key = executions.table.foreign_key(link.column)
    named = _by_foreign_key(found.table, key) if key is not None else None
    own = found.table.column(found.parts["id"].column)
    if named is None and own is not None and own.base_type == column.base_type:
        return found
    if named is None:
        named = _by_type(found, column.base_type, link.column)
    if named is None or named == found.parts["id"].column:
        return found
    why = f"{executions.table.name}.{link.column} refers to it"
    return replace(found, parts={**found.parts, "id": Choice(named, why)})


def _by_foreign_key(table: Table, key: Constraint) -> str | None:
    if (key.foreign_schema, key.foreign_table) == (table.schema, table.name) and key.foreign_columns:
        return key.foreign_columns[0]
    # Both refer to a third table, as profiles.user_id and agent_executions.user_id do to Supabase's
    # auth.users.
    return next(
        (
            own.columns[0]
            for own in table.constraints
            if own.kind == "foreign key"
            and len(own.columns) == 1
            and (own.foreign_schema, own.foreign_table) == (key.foreign_schema, key.foreign_table)
        ),
        None,
    )


def _by_type(found: FoundRole, base_type: str, link: str) -> str | None:
    """Return the one unique column of the right type that is named like the reference, or like a slug."""
    fitting = [
        column.name
        for column in found.table.columns
        if column.base_type == base_type
        and (
            column.name == link
            or (found.table.is_unique(column.name) and column.name == _column_of(found, "slug"))
            or rank(column.name, ROLES["agents"].parts["slug"].names) is not None
        )
    ]
    return fitting[0] if fitting else None


def _column_of(found: FoundRole, part: str) -> str | None:
    return found.parts[part].column if part in found.parts else None


def _own_balances(users: FoundRole, settings: SchemaSettings) -> tuple[FoundRole, tuple[Finding, ...]]:
    """Return the role of the balances in the users' own table."""
    told = settings.role("users").columns.get("balance")
    configured = RoleSettings(columns={"user": "", **({"balance": told} if told else {})})
    found = find_columns("balances", users.table, configured, tables={})
    findings = tuple(finding for finding in found.findings if not finding.object.endswith(".user_id"))
    choices = {"user": users.parts["id"]} if "id" in users.parts else {}
    if "balance" in found.choices:
        choices["balance"] = found.choices["balance"]
    return FoundRole(users.table, "the users' table has them", (), choices), findings


def _mismatches(roles: dict[str, FoundRole]) -> Iterator[Finding]:
    """Look for references of another type than what they refer to: they cannot be compared."""
    for role, part, target in (
        ("executions", "user", "users"),
        ("executions", "agent", "agents"),
        ("balances", "user", "users"),
        ("ledger", "user", "users"),
        ("ledger", "execution", "executions"),
    ):
        if role not in roles or part not in roles[role].parts or "id" not in roles[target].parts:
            continue
        column = roles[role].table.column(roles[role].parts[part].column)
        named = roles[target].table.column(roles[target].parts["id"].column)
        if column is None or named is None or column.base_type == named.base_type:
            continue
        if {column.base_type, named.base_type} <= {"smallint", "integer", "bigint"}:
            continue
        place = f"{roles[role].table.name}.{column.name}"
        msg = (
            f"{place} is of type {column.type}, but {roles[target].table.name}.{named.name}, "
            f"which it seems to refer to, is of type {named.type}."
        )
        hint = f'Name the right column: [profiles.NAME.schema.{target}] id = "COLUMN"'
        yield key_mismatch.CHECK.finding(place, msg, hint)
