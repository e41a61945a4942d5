"""The marketplace as commands see it: every role with its table and words, and how charges are made.

It puts together what the other modules of this package find, and refuses a database that a command cannot
work with.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC

from msgspec import Struct
from msgspec.structs import replace

from agentctl.core.catalog.introspection import Catalog, introspect
from agentctl.core.database.connection import Connection
from agentctl.core.database.zones import require_zone
from agentctl.core.errors import SchemaLacks
from agentctl.core.findings.finding import Finding, errors_among
from agentctl.core.mapping import rows
from agentctl.core.mapping.accounts import find_accounts, resolve_accounts
from agentctl.core.mapping.assembly import (
    assemble_agents,
    assemble_executions,
    assemble_ledger,
    list_casts,
    list_usable_columns,
)
from agentctl.core.mapping.chargeability import charging_findings
from agentctl.core.mapping.checks.time_without_zone import find_times_without_zone
from agentctl.core.mapping.discovery import Discovery, FoundRole, discover
from agentctl.core.mapping.functions import Deducting, find_deduct
from agentctl.core.mapping.key_targets import check_key_targets
from agentctl.core.mapping.keys import resolve_keys
from agentctl.core.mapping.money import Money
from agentctl.core.mapping.settings import NO_SETTINGS, RoleSettings, SchemaSettings
from agentctl.core.mapping.shared_links import set_aside_shared_link
from agentctl.core.mapping.state_dates import find_unknown_dates
from agentctl.core.mapping.table_role import Agents, Executions, Ledger, TableRole
from agentctl.core.mapping.unmapped_words import find_unmapped_words
from agentctl.core.mapping.versions import find_unordered, tie_versions
from agentctl.core.mapping.words import find_unconfirmed_words

_WRITTEN_STATES = ("running", "success", "failed")
_OF_EVERY_RUN = frozenset({"agents", "executions"})
"""The roles without which nothing can be run, charged or not."""


class Marketplace(Struct, frozen=True):
    """The roles that agentctl's commands work with.

    Attributes:
        users: the payers; `rows` has their balances.
        balances: the table where balances are written: the users' or a separate one.
        ledger: None if the database keeps none.
        deducting: how charges are made.
        obstacles: findings that affect every run.
        charge_obstacles: findings that affect runs which charge.

    """

    catalog: Catalog
    settings: SchemaSettings
    users: TableRole
    balances: TableRole
    agents: Agents
    executions: Executions
    ledger: Ledger | None
    deducting: Deducting
    obstacles: tuple[Finding, ...] = ()
    charge_obstacles: tuple[Finding, ...] = ()

    @property
    def session_zone(self) -> str | None:
        """The zone in which the session writes times that have none; None for the database's own."""
        return None if self.settings.zone is None else str(self.settings.zone)

    def read_again(self, connection: Connection) -> "Marketplace":
        """Read the catalog again, and find every role again."""
        return read_marketplace(connection, self.settings)

    def require_runnable(self, *, charge: bool) -> None:
        """Refuse a run that could not be recorded, or whose charge could not be made and refunded.

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
            raise SchemaLacks(
                f"agentctl found no ledger in database {self.catalog.server.database}.",
                hint='If there is one: [profiles.NAME.schema.ledger] table = "TABLE"',
            )
        return self.ledger


class Reading(Struct, frozen=True):
    """Everything that was found in a catalog.

    Attributes:
        marketplace: None if it cannot be worked with.
        schemas: the configured schemas; empty if the search path was used.

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
    return get_marketplace(catalog_for(connection, settings), settings)


def catalog_for(
    connection: Connection,
    settings: SchemaSettings,
    *,
    also: tuple[str, ...] = (),
    visibility: bool = False,
) -> Catalog:
    """Introspect the configured schemas or the search path, and the schemas that are named elsewhere.

    Raises:
        ConfigError: the database does not know the configured time zone.

    """
    if settings.zone is not None and settings.zone is not UTC:
        require_zone(connection, settings.zone)
    everything = (*settings.named_schemas, *also)
    return introspect(connection, schemas=settings.schemas, also=everything, visibility=visibility)


def get_marketplace(catalog: Catalog, settings: SchemaSettings = NO_SETTINGS) -> Marketplace:
    """Find every role in a catalog.

    Raises:
        SchemaLacks: a table or a required column is missing or cannot be told; all of them are named.

    """
    reading = read(catalog, settings)
    if reading.marketplace is None:
        raise refusal(catalog, reading.findings)
    return reading.marketplace


def read(catalog: Catalog, settings: SchemaSettings = NO_SETTINGS) -> Reading:
    """Find every role in a catalog as far as possible; what is missing becomes findings."""
    discovery = resolve_accounts(discover(catalog, settings))
    discovery = tie_versions(resolve_keys(discovery, settings, catalog), settings)
    discovery = check_key_targets(catalog, set_aside_shared_link(discovery))
    if errors_among(discovery.findings):
        findings = (*discovery.findings, *(finding for _, finding in discovery.unwritable))
        return Reading(catalog, discovery, None, findings, settings.schemas)
    market = _assemble_marketplace(catalog, settings, discovery)
    findings = (*discovery.findings, *market.obstacles, *market.charge_obstacles)
    return Reading(catalog, discovery, market, findings, settings.schemas)


def agents_of(reading: Reading) -> Agents | None:
    """Return the agents' table, even if other roles cannot be found; None if there is none."""
    agents = reading.discovery.roles.get("agents")
    if agents is None or not {"id", "name"} <= set(agents.parts):
        return None
    return assemble_agents(agents, RoleSettings(), None)


def _assemble_marketplace(catalog: Catalog, settings: SchemaSettings, discovery: Discovery) -> Marketplace:
    roles = discovery.roles
    agents = assemble_agents(roles["agents"], settings.role("agents"), settings.zone)
    accounts = {role: find_accounts(found_role, roles) for role, found_role in roles.items()}
    executions = assemble_executions(
        catalog, roles["executions"], settings.role("executions"), accounts["executions"]
    )
    executions = replace(executions, zone=settings.zone)
    ledger = (
        assemble_ledger(catalog, roles["ledger"], settings.role("ledger"), accounts["ledger"])
        if "ledger" in roles
        else None
    )
    ledger = replace(ledger, zone=settings.zone) if ledger is not None else None
    users, user_columns = roles["users"].table, list_usable_columns("users", roles["users"])
    balances, balance_columns = roles["balances"].table, list_usable_columns("balances", roles["balances"])
    balance_casts = list_casts(roles["balances"])
    user_rows = rows.user_rows(users, user_columns, balances, balance_columns, balance_casts)
    key = users.column(user_columns["id"])
    money = _find_money(roles)
    deducting = find_deduct(catalog, settings.deduct, user_type=key.base_type if key else "", money=money)
    user_role = TableRole(users, user_columns, user_rows)
    balance_role = TableRole(
        balances, balance_columns, user_rows, settings.role("balances").constant, balance_casts
    )
    charging = charging_findings(
        agents, executions, ledger, deducting, users=user_role, balances=balance_role
    )
    return Marketplace(
        catalog=catalog,
        settings=settings,
        users=user_role,
        balances=balance_role,
        agents=agents,
        executions=executions,
        ledger=ledger,
        deducting=deducting,
        obstacles=(
            *(finding for role, finding in discovery.unwritable if role in _OF_EVERY_RUN),
            *_find_unmapped_statuses(executions),
            *find_unconfirmed_words("executions", executions.name, executions.statuses),
            *find_unordered(roles["agents"]),
            *find_unknown_dates(agents.table, settings.role("agents")),
            *find_times_without_zone((executions, ledger), catalog.server.time_zone),
        ),
        charge_obstacles=tuple(_list_charge_obstacles(discovery, charging)),
    )


def _list_charge_obstacles(discovery: Discovery, charging: Iterable[Finding]) -> Iterator[Finding]:
    """Yield what keeps agentctl from charging; a ledger that was set aside is not said to be missing, too."""
    unwritable = [item for item in discovery.unwritable if item[0] not in _OF_EVERY_RUN]
    yield from (finding for _, finding in unwritable)
    lacks_ledger = "ledger" in dict(unwritable) and "ledger" not in discovery.roles
    yield from (finding for finding in charging if not lacks_ledger or finding.id != "ledger-unlinked")


def _find_unmapped_statuses(executions: Executions) -> Iterator[Finding]:
    if "status" in executions:
        yield from find_unmapped_words("executions", executions.name, executions.statuses, _WRITTEN_STATES)


def _find_money(roles: Mapping[str, FoundRole]) -> Money | None:
    """Return where balances and ledger are, or None where no balance was found."""
    balances, ledger = roles["balances"], roles.get("ledger")
    if "balance" not in balances.parts:
        return None
    entries = {part: choice.column for part, choice in ledger.parts.items()} if ledger else {}
    return Money(
        balances.table,
        balances.parts["balance"].column,
        user=balances.parts["user"].column if "user" in balances.parts else "",
        ledger=ledger.table if ledger else None,
        entries=entries,
        users=roles["users"].table,
        user_id=roles["users"].parts["id"].column,
    )


def refusal(catalog: Catalog, findings: Iterable[Finding]) -> SchemaLacks:
    """Return the error that names everything which keeps agentctl from working with a database."""
    errors = errors_among(findings)
    server = catalog.server
    path = ", ".join(server.search_path) or "no schema that this role may use"
    messages = " ".join(finding.message for finding in errors)
    hints = dict.fromkeys(finding.hint for finding in errors if finding.hint)
    return SchemaLacks(
        f"Database {server.database} (role {server.role}, search path: {path}): {messages}",
        hint="\n".join(hints) if len(hints) == 1 else "What to do about each: agentctl schema-check.",
    )
