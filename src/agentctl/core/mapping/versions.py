"""Recognises agents that have versions: a key of an id and a version, to which executions may refer.

An id has one row for each of its versions then. Which of them is run is decided in rows.py; this finds the
columns. A version is known by its name: a tenant's id beside the agent's makes no version of it.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from agentctl.core.catalog.introspection import Column, Table
from agentctl.core.findings.finding import Finding
from agentctl.core.mapping.checks import version_unordered
from agentctl.core.mapping.columns import Choice
from agentctl.core.mapping.discovery import Discovery, FoundRole
from agentctl.core.mapping.name_words import split_name
from agentctl.core.mapping.settings import SchemaSettings
from agentctl.core.mapping.version_names import ORDERED, is_version_name
from agentctl.core.mapping.vocabulary import LATEST_NAMES, RELEASE_NAMES, ROLES, can_play, rank


def tie_versions(discovery: Discovery, settings: SchemaSettings) -> Discovery:
    """Give agents and executions the columns of the version, where an agent's key has one."""
    roles = dict(discovery.roles)
    if not {"agents", "executions"} <= set(roles) or "id" not in roles["agents"].parts:
        return discovery
    agents, executions = roles["agents"], roles["executions"]
    said = settings.role("agents").columns
    version = agents.parts.get("version") or (None if "version" in said else _find_version(agents))
    if version is None:
        return discovery
    more = {part: choice for part, choice in _find_order(agents.table).items() if part not in said}
    agents = roles["agents"] = replace(agents, parts={**agents.parts, "version": version, **more})
    if "agent_version" not in {*settings.role("executions").columns, *executions.parts}:
        written = _find_reference(executions, agents)
        more = {"agent_version": written} if written is not None else {}
        roles["executions"] = replace(executions, parts={**executions.parts, **more})
    return replace(discovery, roles=roles)


def _find_version(agents: FoundRole) -> Choice | None:
    """Return the column that is an agent's key together with its id."""
    own = agents.parts["id"].column
    if agents.table.is_unique(own):
        return None
    keys = [index for index in agents.table.indexes if index.unique and index.valid and not index.partial]
    for column in agents.table.columns:
        if not is_version_name(column.name) or column.name == own:
            continue
        pairs = ((own, column.name), (column.name, own))
        if any(len(key.columns) == len(pair) and key.begins_with(*pair) for key in keys for pair in pairs):
            return Choice(column.name, f"{own} and it are the key")
    return None


def _find_order(table: Table) -> dict[str, Choice]:
    """Return the columns that say which version is the latest: a flag, and when each was made."""
    flags = [
        column.name
        for column in table.columns
        if column.base_type == "boolean" and rank(column.name, LATEST_NAMES) is not None
    ]
    made = [
        (grade, column.name)
        for column in table.columns
        if can_play(column, ROLES["agents"].parts["made_at"])
        and (grade := rank(column.name, RELEASE_NAMES)) is not None
    ]
    chosen = {"latest": flags[:1], "made_at": [name for _, name in sorted(made)[:1]]}
    return {part: Choice(names[0], "its name and type") for part, names in chosen.items() if names}


def _find_reference(executions: FoundRole, agents: FoundRole) -> Choice | None:
    """Return the executions' column of the version: by a foreign key, or by the name of the link."""
    link, version = executions.parts.get("agent"), agents.parts["version"].column
    if link is None:
        return None
    for key in executions.table.constraints:
        pairs = dict(zip(key.columns, key.foreign_columns or (), strict=False))
        if key.kind == "foreign key" and key.refers_to(agents.table) and link.column in pairs:
            tied = [column for column, target in pairs.items() if target == version]
            if tied:
                return Choice(tied[0], "its foreign key")
    owner = split_name(link.column)[:-1] or split_name(link.column)
    own = agents.table.column(version)
    for column in executions.table.columns:
        is_named = is_version_name(column.name) and split_name(column.name)[: len(owner)] == owner
        if is_named and own is not None and column.base_type == own.base_type:
            return Choice(column.name, f"its name, beside {link.column}")
    return None


def find_unordered(agents: FoundRole) -> Iterator[Finding]:
    """Yield a finding where nothing says which of two active versions is the newer one."""
    version = agents.parts.get("version")
    column = agents.table.column(version.column) if version is not None else None
    if column is not None and not is_ordered(column) and not {"latest", "made_at"} & set(agents.parts):
        yield version_unordered.explain(agents.table, column)


def is_ordered(column: Column) -> bool:
    """Whether a greater version is a newer one: 10 comes after 9, but the text `10` does not."""
    return column.base_type in ORDERED
