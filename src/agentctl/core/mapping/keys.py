"""Finds the columns by which other tables refer to users and agents, and the column of the balances.

Most refer to the primary key. But executions may refer to an agent by its code, and Supabase's tables often
refer to a user by the id that the `auth` schema has assigned. An agent's id is whatever executions refer to.
"""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace
from psycopg import sql

from agentctl.core.catalog.introspection import Catalog, Column, Constraint, Table
from agentctl.core.database.quoting import Printed, compose
from agentctl.core.findings.finding import Finding, Severity, errors_among
from agentctl.core.mapping.checks import key_mismatch
from agentctl.core.mapping.columns import Choice, find_columns
from agentctl.core.mapping.discovery import Discovery, FoundRole
from agentctl.core.mapping.function_body import prove_columns
from agentctl.core.mapping.key_casts import find_cast
from agentctl.core.mapping.settings import RoleSettings, SchemaSettings
from agentctl.core.mapping.version_names import find_reference
from agentctl.core.mapping.vocabulary import OWN_BALANCE_PARTS, ROLES, WHOLE, rank


def resolve_keys(discovery: Discovery, settings: SchemaSettings, catalog: Catalog) -> Discovery:
    """Set the ids of users and agents to the columns that others refer to, and add the role of balances."""
    roles = dict(discovery.roles)
    if not {"users", "agents", "executions"} <= set(roles):
        return discovery
    for role, part in (("users", "user"), ("agents", "agent")):
        if "id" not in settings.role(role).columns:
            roles[role] = _correct_id(roles[role], roles["executions"], part)
    findings = [*discovery.findings]
    if "balances" not in roles:
        own, more = _find_own_balances(
            roles["users"], settings, prove_columns(catalog, "balances", roles["users"].table)
        )
        findings += more
        if "balance" in own.parts or not errors_among(more):  # else another table may have them
            roles["balances"] = own
    mismatches, unwritable = _read_as_keys(roles)
    return Discovery(roles, (*findings, *mismatches), (*discovery.unwritable, *unwritable))


def _read_as_keys(roles: dict[str, FoundRole]) -> tuple[list[Finding], list[tuple[str, Finding]]]:
    """Read references as the type of their keys; return mismatches, and those that forbid only writing."""
    findings, unwritable = [], []
    for role, part, cast, finding in _find_mismatches(roles):
        parts = dict(roles[role].parts)
        if cast is not None:
            parts[part] = replace(parts[part], read_as=cast)
            unwritable += [(role, finding)] if cast != "uuid" else []
        else:
            findings.append(finding)
            if finding.severity is not Severity.ERROR:  # it does without the reference
                del parts[part]
        roles[role] = replace(roles[role], parts=parts)
    return findings, unwritable


def _correct_id(role_table: FoundRole, executions: FoundRole, part: str) -> FoundRole:
    """Return a role whose id is the column that executions refer to."""
    link = executions.parts.get(part)
    column = executions.table.column(link.column) if link else None
    if link is None or column is None or "id" not in role_table.parts:
        return role_table
    reference = find_reference(executions.table, link.column)
    named = _find_by_foreign_key(role_table.table, *reference) if reference is not None else None
    own = role_table.table.column(role_table.parts["id"].column)
    if named is None and own is not None and own.base_type == column.base_type:
        return role_table
    if named is None:
        named = _find_by_type(role_table, column.base_type, link.column)
    if named is None or named == role_table.parts["id"].column:
        return role_table
    why = f"{executions.table.name}.{link.column} refers to it"
    return replace(role_table, parts={**role_table.parts, "id": Choice(named, why)})


def _find_by_foreign_key(table: Table, key: Constraint, referred: str) -> str | None:
    if key.refers_to(table):
        return referred
    # Both refer to a third table, as profiles.user_id and agent_executions.user_id refer to Supabase's
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


def _find_by_type(role_table: FoundRole, base_type: str, link: str) -> str | None:
    """Return the first column of that type that is named like the link or a slug, or is the unique slug."""
    fitting = [
        column.name
        for column in role_table.table.columns
        if column.base_type == base_type
        and (
            column.name == link
            or (role_table.table.is_unique(column.name) and column.name == _find_column(role_table, "slug"))
            or rank(column.name, ROLES["agents"].parts["slug"].names) is not None
        )
    ]
    return fitting[0] if fitting else None


def _find_column(role_table: FoundRole, part: str) -> str | None:
    return role_table.parts[part].column if part in role_table.parts else None


def _find_own_balances(
    users: FoundRole, settings: SchemaSettings, proved: Mapping[str, str]
) -> tuple[FoundRole, tuple[Finding, ...]]:
    """Return the role of balances that are in the users' own table."""
    named = settings.role("users").columns
    configured = RoleSettings(
        columns={"user": "", **{part: named[part] for part in OWN_BALANCE_PARTS if part in named}}
    )
    own = find_columns("balances", users.table, configured, tables={}, proved=proved)
    findings = tuple(finding for finding in own.findings if not finding.object.endswith(".user_id"))
    choices = {"user": users.parts["id"]} if "id" in users.parts else {}
    choices |= {part: own.choices[part] for part in OWN_BALANCE_PARTS if part in own.choices}
    return FoundRole(users.table, "the users' table has them", (), choices), findings


def _find_mismatches(
    roles: Mapping[str, FoundRole],
) -> Iterator[tuple[str, str, str | None, Finding]]:
    """Yield the references whose type differs from their target's, and the type as which they can be read."""
    for role, part, target in (
        ("executions", "user", "users"),
        ("executions", "agent", "agents"),
        ("balances", "user", "users"),
        ("ledger", "user", "users"),
        ("ledger", "execution", "executions"),
    ):
        if role not in roles or part not in roles[role].parts or "id" not in roles[target].parts:
            continue
        if roles[role].parts[part].account is not None:
            continue  # it has the key of an account
        column = roles[role].table.column(roles[role].parts[part].column)
        key = roles[target].table.column(roles[target].parts["id"].column)
        if column is None or key is None or column.base_type == key.base_type:
            continue
        if not {column.base_type, key.base_type} <= WHOLE:
            cast = find_cast(roles[role].table, column, key)
            reference, referent = (role, roles[role].table, column), (target, roles[target].table, key)
            is_optional = cast is None and (role, part) == ("ledger", "execution")
            yield role, part, cast, _explain_mismatch(reference, referent, part, is_optional=is_optional)


def _explain_mismatch(
    reference: tuple[str, Table, Column],
    referent: tuple[str, Table, Column],
    part: str,
    *,
    is_optional: bool,
) -> Finding:
    (role, table, column), (target, owner, key) = reference, referent
    name = f"{table.name}.{column.name}"
    return key_mismatch.CHECK.finding(
        name,
        f"{name} is of type {column.type}, but {owner.name}.{key.name}, which it seems to refer to, is of "
        f"type {key.type}.",
        f'If another column is meant: [profiles.NAME.schema.{role}] {part} = "COLUMN", or '
        f'[profiles.NAME.schema.{target}] id = "COLUMN"; or change its type: '
        f"{_convert_column(table, column, key)}",
        is_special=is_optional,
    )


def _convert_column(table: Table, column: Column, key: Column) -> str:
    return compose(
        "ALTER TABLE {table} ALTER {column} TYPE {type} USING {column}::{type};",
        table=table.identifier,
        column=sql.Identifier(column.name),
        type=Printed(key.type),
    ).as_string()
