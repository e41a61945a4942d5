"""The marketplace as commands see it: every role with its table and words, and how charges are made.

It puts together what the other modules of this package have found, and refuses where a command could not
work.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from agentctl.core.catalog.introspection import Catalog, introspect
from agentctl.core.database.connection import Connection
from agentctl.core.errors import SchemaLacks
from agentctl.core.findings.finding import Finding, errors_among
from agentctl.core.mapping import rows
from agentctl.core.mapping.chargeability import charging_findings
from agentctl.core.mapping.discover import Discovery, FoundRole, discover
from agentctl.core.mapping.functions import Deducting, find_deduct
from agentctl.core.mapping.keys import resolve_keys
from agentctl.core.mapping.optional_columns import BY_NAME
from agentctl.core.mapping.settings import NOTHING_TOLD, RoleSettings, SchemaSettings
from agentctl.core.mapping.table_role import Executions, Ledger, TableRole
from agentctl.core.mapping.vocabulary import KIND_STOPGAPS, KIND_WORDS, STATUS_WORDS, is_needed
from agentctl.core.mapping.words import Sign, Words, find_sign, find_words, unconfirmed, unmapped

_WRITTEN_STATES = ("running", "success", "failed")


@dataclass(frozen=True, slots=True)
class Marketplace:
    """The roles that agentctl's commands work with.

    Attributes:
        users: who pays; their rows have the balances.
        balances: where balances are written: the users' table, or one of its own.
        ledger: None where the database keeps none.
        deducting: the function that charges, if there is one.
        obstacles: to every run; `charge_obstacles`: to those that charge.

    """

    catalog: Catalog
    settings: SchemaSettings
    users: TableRole
    balances: TableRole
    agents: TableRole
    executions: Executions
    ledger: Ledger | None
    deducting: Deducting
    obstacles: tuple[Finding, ...] = ()
    charge_obstacles: tuple[Finding, ...] = ()

    def again(self, connection: Connection) -> "Marketplace":
        """Read the catalog once more, and find everything anew."""
        return read_marketplace(connection, self.settings)

    def require_runnable(self, *, charge: bool) -> None:
        """Refuse a run that could not be recorded, or whose charge could not be made and given back.

        Raises:
            SchemaLacks: with the reason, and the line that settles it.

        """
        for finding in errors_among((*self.obstacles, *(self.charge_obstacles if charge else ()))):
            raise SchemaLacks(finding.message, hint=finding.hint, code=finding.id.replace("-", "_"))

    def require_ledger(self) -> Ledger:
        """Return the ledger.

        Raises:
            SchemaLacks: the database keeps none.

        """
        if self.ledger is None:
            msg = f"agentctl found no ledger in database {self.catalog.server.database}."
            raise SchemaLacks(msg, hint='If there is one: [profiles.NAME.schema.ledger] table = "TABLE"')
        return self.ledger


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that was made of a catalog.

    Attributes:
        marketplace: None where it cannot be worked with.
        schemas: that were looked into, where they were named.

    """

    catalog: Catalog
    discovery: Discovery
    marketplace: Marketplace | None
    findings: tuple[Finding, ...]
    schemas: tuple[str, ...] = ()


def read_marketplace(connection: Connection, settings: SchemaSettings) -> Marketplace:
    """Introspect a database and find every role in it.

    Raises:
        SchemaLacks: a table or a required column is missing or cannot be told; all of them are named.

    """
    return marketplace(catalog_for(connection, settings), settings)


def catalog_for(
    connection: Connection,
    settings: SchemaSettings,
    *,
    also: tuple[str, ...] = (),
    visibility: bool = False,
) -> Catalog:
    """Introspect the schemas that the settings speak of, or else those on the search path; and others."""
    everything = (*settings.named_schemas, *also)
    return introspect(connection, schemas=settings.schemas, also=everything, visibility=visibility)


def marketplace(catalog: Catalog, settings: SchemaSettings = NOTHING_TOLD) -> Marketplace:
    """Find every role in a catalog.

    Raises:
        SchemaLacks: a table or a required column is missing or cannot be told; all of them are named.

    """
    reading = read(catalog, settings)
    if reading.marketplace is None:
        raise refusal(catalog, reading.findings)
    return reading.marketplace


def read(catalog: Catalog, settings: SchemaSettings = NOTHING_TOLD) -> Reading:
    """Make of a catalog what can be made of it."""
    discovery = resolve_keys(discover(catalog, settings), settings)
    if errors_among(discovery.findings):
        return Reading(catalog, discovery, None, discovery.findings, settings.schemas)
    found = _assembled(catalog, settings, discovery)
    findings = (*discovery.findings, *found.obstacles, *found.charge_obstacles)
    return Reading(catalog, discovery, found, findings, settings.schemas)


def agents_of(reading: Reading) -> TableRole | None:
    """Return the agents' table, also where other roles cannot be told."""
    found = reading.discovery.roles.get("agents")
    if found is None or not {"id", "name"} <= set(found.parts):
        return None
    columns = _usable("agents", found)
    return TableRole(found.table, columns, rows.agent_rows(found.table, columns))


def _assembled(catalog: Catalog, settings: SchemaSettings, discovery: Discovery) -> Marketplace:
    columns = {role: _usable(role, found) for role, found in discovery.roles.items()}
    tables = {role: found.table for role, found in discovery.roles.items()}
    users, balances, agents = tables["users"], tables["balances"], tables["agents"]
    constant = {role: settings.role(role).constant for role in tables}
    executions = _executions(
        discovery.roles["executions"], columns["executions"], settings.role("executions")
    )
    ledger = (
        _ledger(discovery.roles["ledger"], columns["ledger"], settings.role("ledger"))
        if "ledger" in tables
        else None
    )
    key = users.column(columns["users"]["id"])
    deducting = find_deduct(catalog, settings.deduct, user_type=key.base_type if key else "")
    agent_role = TableRole(agents, columns["agents"], rows.agent_rows(agents, columns["agents"]))
    user_rows = rows.user_rows(users, columns["users"], balances, columns["balances"])
    return Marketplace(
        catalog=catalog,
        settings=settings,
        users=TableRole(users, columns["users"], user_rows),
        balances=TableRole(balances, columns["balances"], user_rows, constant["balances"]),
        agents=agent_role,
        executions=executions,
        ledger=ledger,
        deducting=deducting,
        obstacles=(
            *unmapped("executions", executions.name, executions.statuses, _WRITTEN_STATES),
            *unconfirmed("executions", executions.name, executions.statuses),
        ),
        charge_obstacles=tuple(charging_findings(agent_role, executions, ledger, deducting)),
    )


def _usable(role: str, found: FoundRole) -> dict[str, str]:
    """Return the parts whose columns can be used: what is optional must be readable, and hold its content."""
    usable = {}
    for part, choice in found.parts.items():
        column = found.table.column(choice.column)
        holds = role != "executions" or part not in BY_NAME or (column and BY_NAME[part].accepts(column))
        if column is not None and holds and (column.readable or is_needed(role, part)):
            usable[part] = choice.column
    return usable


def _executions(found: FoundRole, columns: dict[str, str], settings: RoleSettings) -> Executions:
    status = found.table.column(columns["status"])
    words = find_words(found.table, status, STATUS_WORDS, settings.words, {}) if status else Words({}, {}, "")
    # A state without a word of its own is told by one that is open, too: some know no `running`.
    if "running" not in words.written and "running" not in words.rivals and "pending" in words.written:
        words = words.with_written("running", words.written["pending"])
    table_rows = rows.execution_rows(found.table, columns, words)
    return Executions(found.table, columns, table_rows, settings.constant, words)


def _ledger(found: FoundRole, columns: dict[str, str], settings: RoleSettings) -> Ledger:
    kind = found.table.column(columns["kind"]) if "kind" in columns else None
    amount = found.table.column(columns["amount"])
    kinds = (
        find_words(found.table, kind, KIND_WORDS, settings.words, KIND_STOPGAPS)
        if kind is not None
        else Words({}, {}, "")
    )
    sign, why = (
        (Sign(settings.sign), "configured")
        if settings.sign
        else find_sign(found.table, amount, kind, kinds)
        if amount
        else (None, "")
    )
    table_rows = rows.ledger_rows(found.table, columns, kinds, sign or Sign.SIGNED)
    return Ledger(
        found.table, columns, table_rows, settings.constant, kinds, sign or Sign.SIGNED, why if sign else None
    )


def refusal(catalog: Catalog, findings: Iterable[Finding]) -> SchemaLacks:
    """Return the error that names everything which keeps agentctl from working with a database."""
    errors = errors_among(findings)
    server = catalog.server
    path = ", ".join(server.search_path) or "no schema that this role may use"
    said = " ".join(finding.message for finding in errors)
    msg = f"Database {server.database} (role {server.role}, search path: {path}): {said}"
    hints = dict.fromkeys(finding.hint for finding in errors if finding.hint)
    hint = "\n".join(hints) if len(hints) == 1 else "What to do about each: agentctl schema-check."
    return SchemaLacks(msg, hint=hint)
