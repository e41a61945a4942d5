"""Shows agents: a list with prices, and one with its form."""

from collections.abc import Sequence

from agentctl.core.agents.form import Field, Form, spell_value
from agentctl.core.hint_text import shell_command
from agentctl.core.models import Agent
from agentctl.render.blocks import Cell, Facts, Table, Text, Tone, Toned, View
from agentctl.render.envelope import agent_name_data


def list_data(agents: Sequence[Agent]) -> dict[str, object]:
    """Return the agents as programs read them."""
    return {"agents": [agent_data(agent) for agent in agents]}


def agent_data(agent: Agent) -> dict[str, object]:
    """Return an agent as programs read it, without its form."""
    return {
        **agent_name_data(agent),
        "description": agent.description,
        "category": agent.category,
        "price": agent.price,
        "active": agent.active,
        "state": agent.state,
        "deleted": agent.deleted,
        "webhook_url": agent.public_url,
        "required_platforms": list(agent.platforms),
    }


def one_data(agent: Agent, form: Form) -> dict[str, object]:
    """Return an agent with its inputs."""
    return {"agent": agent_data(agent), "inputs": [_field_data(field) for field in form.fields]}


def list_view(agents: Sequence[Agent]) -> View:
    """Show the agents, one on each line."""
    if not agents:
        return [Text("There are no agents.")]
    rows = tuple(
        (agent.slug, agent.name, agent.category, agent.price, _describe_state(agent)) for agent in agents
    )
    return [Table(("agent", "name", "category", "price", "state"), rows, numbers=frozenset({"price"}))]


def one_view(agent: Agent, form: Form) -> View:
    """Show an agent, its inputs, and the command that runs it."""
    yield Facts(
        (
            ("Agent", Toned(agent.name, Tone.STRONG)),
            ("Slug", agent.slug),
            ("Id", agent.id),
            ("Description", agent.description),
            ("Category", agent.category),
            ("Price", None if agent.price is None else f"{agent.price} credits"),
            ("State", _describe_state(agent)),
            ("Webhook", agent.public_url),
            ("Platforms", ", ".join(agent.platforms) or None),
        )
    )
    if form.fields:
        rows = tuple(_field_row(field) for field in form.fields)
        yield Table(("input", "type", "required", "default", "options", "label"), rows)
    else:
        yield Text("The agent has no form: any inputs are sent as they are.", Tone.DIM)
    inputs = (f"{field.name}=..." for field in form.fields if field.required)
    yield Text(shell_command("agentctl run", agent.slug, *inputs), Tone.DIM)


def _describe_state(agent: Agent) -> Cell:
    if agent.deleted:
        return Toned("deleted", Tone.BAD)
    if not agent.active:
        return Toned(agent.state if agent.state and not agent.withheld else "inactive", Tone.WARNING)
    if agent.has_invalid_price:
        return Toned("no valid price", Tone.BAD)
    if not agent.public_url:
        return Toned("no webhook", Tone.WARNING)
    return Toned("active", Tone.GOOD)


def _field_data(field: Field) -> dict[str, object]:
    return {
        "name": field.name,
        "label": field.label,
        "type": field.kind,
        "required": field.required,
        "options": [option.value for option in field.options],
        "default": None if field.secret else field.default,
    }


def _field_row(field: Field) -> tuple[Cell, ...]:
    return (
        field.name,
        field.kind,
        "yes" if field.required else None,
        _show_default(field),
        ", ".join(spell_value(option.value) for option in field.options) or None,
        field.label,
    )


def _show_default(field: Field) -> str | None:
    if field.default is None:
        return None
    return "***" if field.secret else spell_value(field.default)
