"""Finds agents by slug if there is such a column, else by id, by name, or by slugified name.

It reads the agents' table only; the caller decides whether an agent may be run.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any

from agentctl.core.database.connection import Connection
from agentctl.core.database.quoting import compose
from agentctl.core.database.row_values import read_amount, read_json, read_text
from agentctl.core.database.statements import Statement
from agentctl.core.errors import Refused
from agentctl.core.mapping import TableRole
from agentctl.core.models import Agent, AgentRef, Key
from agentctl.core.strict_json import write_json


def slugify(name: str) -> str:
    """Write a name as people type it: `SEO Blog` -> `seo-blog`, accents dropped, other scripts kept."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", "-", plain.casefold()).strip("-")


def list_agents(connection: Connection, agents: TableRole) -> tuple[Agent, ...]:
    """Return every agent that is not deleted, by name.

    Raises:
        PermissionDenied: row level security hides all of them.

    """
    rows = connection.run(compose_list(agents)).fetchall()
    if not rows:
        agents.require_visible_rows()
    all_agents = map(_read_agent, rows)
    return tuple(sorted((agent for agent in all_agents if not agent.deleted), key=lambda agent: agent.name))


def compose_list(agents: TableRole) -> Statement:
    """Return the statement that reads every agent."""
    return Statement(compose("SELECT * FROM {} AS a", agents.rows))


def get_agent(connection: Connection, agents: TableRole, key: str) -> Agent:
    """Return the one agent that a key names.

    A deleted agent is returned only if no other agent fits.

    Raises:
        Refused: no agent fits, or more than one does; the message lists them.
        PermissionDenied: row level security hides all agents.

    """
    names, likely = compose_lookup(agents, key)
    known = connection.run(names).fetchall()
    if not known:
        agents.require_visible_rows()
    row = _choose_row(known, key)
    rows = {row["id"]: row for row in connection.run(likely).fetchall()}
    agent = _read_agent(rows[row["id"]]) if row["id"] in rows else find_agent(connection, agents, row["id"])
    if agent is None:
        raise removed(key)
    return agent


def compose_lookup(agents: TableRole, key: str) -> tuple[Statement, Statement]:
    """Return the statements that read which agents there are, and those that a key most likely names.

    The two leave together: hardly anybody writes a name in another way than the table has it.
    """
    known = compose("SELECT id, slug, name, deleted FROM {} AS a", agents.rows)
    likely = compose(
        "SELECT * FROM {} AS a WHERE id::text = lower(%(key)s) "
        "OR slug::text = %(key)s OR name::text = %(key)s "
        "OR btrim(regexp_replace(lower(name::text), '[^[:alnum:]]+', '-', 'g'), '-') = lower(%(key)s)",
        agents.rows,
    )
    return Statement(known), Statement(likely, {"key": key})


def removed(name: str) -> Refused:
    """Return the error for an agent that existed when the command began."""
    return Refused(
        f"The agent {name!r} was removed a moment ago.",
        hint="See what can be run: agentctl agents.",
        code="agent_not_found",
    )


def find_agent(connection: Connection, agents: TableRole, agent: Key) -> Agent | None:
    """Return the agent with exactly this id, or None."""
    row = connection.run(compose_agent(agents, agent)).fetchone()
    return _read_agent(row) if row else None


def compose_agent(agents: TableRole, agent: Key) -> Statement:
    """Return the statement that reads the agent with this id."""
    return Statement(compose("SELECT * FROM {} AS a WHERE id = %(id)s", agents.rows), {"id": agent})


def _choose_row(known: list[dict[str, Any]], key: str) -> dict[str, Any]:
    tiers: tuple[Callable[[dict[str, Any]], bool], ...] = (
        lambda row: bool(row["slug"] == key),
        lambda row: str(row["id"]) == key.lower(),
        lambda row: bool(row["name"] == key),
        lambda row: bool(key) and slugify(read_text(row["name"]) or "") == key.casefold(),
        lambda row: _slug_of(row) == key.casefold(),
    )
    for fits in tiers:
        fitting = [row for row in known if fits(row)]
        fitting = [row for row in fitting if not row["deleted"]] or fitting
        if len(fitting) > 1:
            listed = "\n".join(f"  {row['id']}  {row['name']}" for row in fitting)
            raise Refused(
                f"{len(fitting)} agents match {key!r}:\n{listed}",
                hint="Use the id of one of them.",
                code="agent_ambiguous",
            )
        if fitting:
            return fitting[0]
    raise Refused(f"There is no agent {key!r}.", hint=_suggest_nearest(known, key), code="agent_not_found")


def _suggest_nearest(known: Iterable[dict[str, Any]], key: str) -> str:
    slugs = [_slug_of(row) for row in known if not row["deleted"]]
    near = get_close_matches(slugify(key), slugs, n=3)
    return f"Did you mean {' or '.join(near)}?" if near else "See what can be run: agentctl agents."


def _read_agent(row: dict[str, Any]) -> Agent:
    return Agent(
        id=row["id"],
        slug=_slug_of(row),
        name=read_text(row["name"]) or str(row["id"]),
        description=read_text(row["description"]),
        category=read_text(row["category"]),
        price=read_amount(row["price"]),
        active=row["active"] is not False,
        deleted=row["deleted"],
        raw_form=read_json(row["form"]),
        webhook_url=read_text(row["webhook"]),
        platforms=_read_platforms(row["platforms"]),
        state=read_text(row["state"]),
        version=row["version"],
        withheld=row["withheld"],
    )


def _slug_of(row: dict[str, Any]) -> str:
    """Return an agent's slug, or else its name as people type it, or else its id."""
    return read_text(row["slug"]) or slugify(read_text(row["name"]) or "") or str(row["id"])


def _read_platforms(value: object) -> tuple[str, ...]:
    """Return the platforms of an array or of JSON, whatever it holds."""
    listed = value if isinstance(value, list) else [value] if value else []
    named = (item for item in listed if item is not None)
    return tuple(item if isinstance(item, str) else write_json(item, default=str) for item in named)


def ref(row: dict[str, Any]) -> AgentRef:
    """Read an agent's name from a row that has agent_id, agent_slug and agent_name."""
    name, slug = read_text(row["agent_name"]), read_text(row["agent_slug"])
    return AgentRef(id=row["agent_id"], slug=slug or (slugify(name) if name else None), name=name)
