"""Shows agents: a list with prices, and one with its form."""

from collections.abc import Mapping, Sequence

from agentctl.core.forms import Field, Form
from agentctl.core.models import Agent
from agentctl.render.blocks import Facts, Table, Text, Tone, Toned, View


def agent_data(agent: Agent) -> dict[str, object]:
    """Return an agent as programs read it, without its form."""
    return {
        "id": agent.id,
        "slug": agent.slug,
        "name": agent.name,
        "description": agent.description,
        "category": agent.category,
        "price": agent.price,
        "active": agent.active,
        "webhook_url": agent.webhook_url,
        "required_platforms": list(agent.platforms),
    }
