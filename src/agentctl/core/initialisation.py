"""Looks at a database for the first time, in all of its schemas if need be, and makes a configuration of it.

It writes nothing: neither to the database nor to a file.
"""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from agentctl.core import agents, suggestion
from agentctl.core.addresses import canonical_host, resolve, why_refused
from agentctl.core.catalog import introspect
from agentctl.core.database import Connection
from agentctl.core.findings import Finding
from agentctl.core.mapping import Reading, SchemaSettings, agents_of, read
from agentctl.core.models import Agent
from agentctl.core.schema_check import check_schema

_NECESSARY = ("users", "agents", "executions", "ledger")


@dataclass(frozen=True, slots=True)
class Initialised:
    """A configuration, and what there is to say about it.

    Attributes:
        text: of the file.
        allow_hosts: private hosts that were put into it.
        variables: environment variables that are to be set, one for each agent without a webhook.
        findings: of schema-check, under this configuration.

    """

    text: str
    reading: Reading
    allow_hosts: tuple[str, ...]
    variables: tuple[str, ...]
    findings: tuple[Finding, ...]


def initialise(
    connection: Connection, *, profile: str, database_url: str, environment: Mapping[str, str]
) -> Initialised:
    """Find everything that can be found, and write it down as a configuration.

    Args:
        connection: to the database.
        profile: the name of the profile that is made.
        database_url: as it is to stand in the file.
        environment: may have the webhooks of agents that the database knows none of.

    """
    reading = _looked_around(connection)
    table = agents_of(reading)
    known = agents.list_agents(connection, table) if table else ()
    urls = (agent.webhook_url or environment.get(variable_of(agent), "") for agent in known)
    hosts = tuple(_private_hosts(urls))
    silent = [(agent, variable_of(agent)) for agent in known if not agent.webhook_url]
    findings = check_schema(reading).findings
    text = suggestion.configuration(
        reading,
        suggestion.Profile(profile, database_url, allow_hosts=hosts, silent_agents=silent),
        findings,
    )
    return Initialised(text, reading, hosts, tuple(name for _, name in silent), findings)


def _looked_around(connection: Connection) -> Reading:
    """Look into the schemas of the search path, and where they lack a role, into all others, too."""
    near = read(introspect(connection))
    if set(_NECESSARY) <= set(near.discovery.roles):
        return near
    far = read(introspect(connection, everywhere=True))
    if any(finding.id == "role-ambiguous" for finding in far.findings):
        return far
    if len(far.discovery.roles) <= len(near.discovery.roles):
        return near
    schemas = _schemas_of(far)
    return read(introspect(connection, schemas=schemas), SchemaSettings(schemas=schemas))


def _schemas_of(reading: Reading) -> tuple[str, ...]:
    """Return the schemas that the roles' tables are in, and the search path's: functions may be there."""
    used = [found.table.schema for found in reading.discovery.roles.values()]
    deducting = reading.marketplace.deducting.function if reading.marketplace else None
    used += [deducting.function.schema] if deducting else []
    return tuple(dict.fromkeys((*used, *reading.catalog.server.search_path)))


def _private_hosts(urls: Iterable[str]) -> Iterator[str]:
    """Yield the hosts of webhooks that would be refused for their address, each once."""
    seen: set[str] = set()
    for url in urls:
        try:
            parts = urlsplit(url)
            host, port = canonical_host(parts.hostname or ""), parts.port or 443
        except ValueError:
            continue
        if host and host not in seen and _is_private(host, port):
            yield host
        seen.add(host)


def _is_private(host: str, port: int) -> bool:
    try:
        addresses: Sequence[str] = asyncio.run(resolve(host, port))
    except (OSError, UnicodeError):
        addresses = ()
    return why_refused(host) is not None or any(why_refused(address) for address in addresses)


def variable_of(agent: Agent) -> str:
    """Return the name of an environment variable for an agent's webhook: `SEO_BLOG_WEBHOOK_URL`."""
    return f"{re.sub('[^A-Z0-9]+', '_', agent.slug.upper()).strip('_') or 'AGENT'}_WEBHOOK_URL"
