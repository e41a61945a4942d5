"""`agentctl agents`: what can be run, at what price, with which inputs."""

from typing import Annotated

import typer

from agentctl.cli.reply import Reply
from agentctl.cli.session import Session


def agents(
    session: Session,
    agent: Annotated[
        str | None,
        typer.Argument(metavar="AGENT", help="Slug, id or name: show this one with its inputs."),
    ] = None,
) -> Reply:
    """What can be run, its price and its inputs.

    \b
    Examples:
      agentctl agents
      agentctl agents seo-blog
      agentctl agents --json | jq -r '.data.agents[].slug'
    """
    from agentctl.core import agents as core
    from agentctl.core.forms import read_form
    from agentctl.render import agents as render

    with session.connected() as (connection, market):
        if agent is None:
            found = core.list_agents(connection, market.agents)
            return Reply(data=lambda: render.list_data(found), view=lambda: render.list_view(found))
        one = core.get_agent(connection, market.agents, agent)
    form = read_form(one.raw_form)
    return Reply(data=lambda: render.one_data(one, form), view=lambda: render.one_view(one, form))
