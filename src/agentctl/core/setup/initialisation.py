"""Looks at a database for the first time, in all of its schemas if need be, and makes a configuration for it.

It writes neither to the database nor to a file.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from agentctl.core.agents import agent_table
from agentctl.core.catalog.introspection import introspect
from agentctl.core.credits.derived_balance import find_sums
from agentctl.core.database.connection import Connection
from agentctl.core.errors import Refused
from agentctl.core.findings.finding import Finding
from agentctl.core.mapping import Reading, SchemaSettings, agents_of, read
from agentctl.core.models import Agent
from agentctl.core.schema_check.schema_check import check_schema
from agentctl.core.setup import suggestion
from agentctl.core.webhook import addresses
from agentctl.core.webhook.endpoint import Target, target_of
from agentctl.core.webhook.special_networks import Kind

_NECESSARY = ("users", "agents", "executions", "ledger")


class Initialised(Struct, frozen=True):
    """A configuration, and what to report about it.

    Attributes:
        configuration: the file's text, and its meaning.
        allow_hosts: the private hosts that it allows, each with its port.
        refused_hosts: link-local hosts and metadata services, which it does not allow.
        variables: environment variables to set, one for each agent without a webhook.
        findings: the findings of schema-check under this configuration.

    """

    configuration: suggestion.Configuration
    reading: Reading
    allow_hosts: tuple[str, ...]
    refused_hosts: tuple[str, ...]
    variables: tuple[str, ...]
    findings: tuple[Finding, ...]


def initialise(
    connection: Connection, *, profile: str, database_url: str, environment: Mapping[str, str]
) -> Initialised:
    """Find out everything about a database, and make a configuration of it.

    Args:
        connection: to the database.
        profile: the name of the new profile.
        database_url: the text that the file holds.
        environment: may hold the webhooks of agents for which the database has none.

    """
    reading = read_nearby(connection)
    table = agents_of(reading)
    known = agent_table.list_agents(connection, table) if table else ()
    urls = (agent.webhook_url or environment.get(name_variable(agent), "") for agent in known)
    hosts, refused = _find_private_hosts(urls)
    silent = [(agent, name_variable(agent)) for agent in known if not agent.webhook_url]
    in_rows = find_sums(connection, reading.marketplace) if reading.marketplace else ()
    findings = check_schema(reading, in_rows).findings
    configuration = suggestion.configuration(
        reading,
        suggestion.Profile(profile, database_url, allow_hosts=hosts, silent_agents=silent),
        findings,
    )
    return Initialised(
        configuration=configuration,
        reading=reading,
        allow_hosts=hosts,
        refused_hosts=refused,
        variables=tuple(name for _, name in silent),
        findings=findings,
    )


def read_nearby(connection: Connection) -> Reading:
    """Read the schemas of the search path, and all others if a role or the users' addresses are missing."""
    near = read(introspect(connection))
    if set(_NECESSARY) <= set(near.discovery.roles) and _has_addresses(near):
        return near
    far = read(introspect(connection, everywhere=True))
    if any(finding.id == "role-ambiguous" for finding in far.findings):
        return far
    if len(far.discovery.roles) <= len(near.discovery.roles) and _has_addresses(far) == _has_addresses(near):
        return near
    schemas = _list_schemas(far)
    return read(introspect(connection, schemas=schemas), SchemaSettings(schemas=schemas))


def _has_addresses(reading: Reading) -> bool:
    """Whether users have e-mail addresses that can be read."""
    users = reading.discovery.roles.get("users")
    email = users.table.column(users.parts["email"].column) if users and "email" in users.parts else None
    return email is not None and email.readable


def _list_schemas(reading: Reading) -> tuple[str, ...]:
    """Return the schemas of the roles' tables and of the search path, which may hold the functions."""
    used = [role.table.schema for role in reading.discovery.roles.values()]
    deducting = reading.marketplace.deducting.function if reading.marketplace else None
    used += [deducting.function.schema] if deducting else []
    return tuple(dict.fromkeys((*used, *reading.catalog.server.search_path)))


def _find_private_hosts(urls: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the hosts that a run would refuse, with ports: those to allow, and those never to allow."""
    private: dict[str, bool] = {}
    for url in urls:
        try:
            target = target_of(url)
        except Refused:
            continue
        entry = addresses.entry_for(target.host, target.port)
        if entry not in private and (kinds := _list_kinds(target)):
            private[entry] = not kinds & addresses.NEVER_BY_NAME and addresses.names_host(entry)
    return (
        tuple(entry for entry, is_fit in private.items() if is_fit),
        tuple(entry for entry, is_fit in private.items() if not is_fit),
    )


def _list_kinds(target: Target) -> set[Kind]:
    """Return why a host is not called: because of its name, else because of each of its addresses."""
    if kind := addresses.why_refused(target.host):
        return {kind}
    try:
        resolved: Sequence[str] = asyncio.run(addresses.resolve(target.host, target.port))
    except (OSError, UnicodeError):
        resolved = ()
    return {kind for address in resolved if (kind := addresses.why_refused(address)) is not None}


def name_variable(agent: Agent) -> str:
    """Return the name of an environment variable for an agent's webhook: `SEO_BLOG_WEBHOOK_URL`."""
    return f"{re.sub('[^A-Z0-9]+', '_', agent.slug.upper()).strip('_') or 'AGENT'}_WEBHOOK_URL"
