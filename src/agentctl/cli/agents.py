"""`agentctl agents`: what can be run, its price and its inputs, and whether the webhooks are there."""

from typing import TYPE_CHECKING, Annotated

import typer

from agentctl.cli.reply import Reply
from agentctl.cli.session import Session
from agentctl.core.errors import FindingsFound, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agentctl.core.agents.reachability import Checked


def agents(
    session: Session,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[AGENT | check [AGENT]...]",
            help=(
                "Slug, id or name of an agent to show with its inputs. Use the id of an agent that "
                "is called check."
            ),
        ),
    ] = None,
) -> Reply:
    """List the agents with prices and inputs; with `check`, test whether their webhooks exist.

    The check starts nothing: it asks n8n with a CORS preflight which methods are registered. It covers all
    active agents, or those that are named. The exit code is 6 if a webhook does not exist.

    \b
    Examples:
      agentctl agents
      agentctl agents seo-blog
      agentctl agents check
      agentctl agents check seo-blog --quiet || echo "missing"
      agentctl agents --json | jq -r '.data.agents[].slug'
    """
    match words or []:
        case []:
            return _list_agents(session)
        case ["check", *names]:
            return _check_webhooks(session, names)
        case [agent]:
            return _show_agent(session, agent)
    raise UsageError("Only one agent can be shown at a time.", hint="See: agentctl agents --help")


def _list_agents(session: Session) -> Reply:
    from agentctl.core.agents import agent_table as core
    from agentctl.render import agents as render

    with session.connected(reads=True) as (connection, market, profile):
        listed = core.list_agents(connection, market.agents)
    completed = [profile.as_far_as_known(agent) for agent in listed]
    return Reply.of(render.list_data, render.list_view, completed)


def _show_agent(session: Session, agent: str) -> Reply:
    from agentctl.core.agents import agent_table as core
    from agentctl.core.agents.form import read_form
    from agentctl.render import agents as render

    with (
        session.connected(reads=True) as (connection, market, profile),
        connection.reading_ahead(core.compose_lookup(market.agents, agent)),
    ):
        completed = profile.as_far_as_known(core.get_agent(connection, market.agents, agent))
    form = read_form(completed.raw_form)
    return Reply.of(render.one_data, render.one_view, completed, form)


def _check_webhooks(session: Session, names: "Sequence[str]") -> Reply:
    from agentctl.core.agents import agent_table as core
    from agentctl.core.agents.reachability import check_agents
    from agentctl.core.mapping import read_marketplace
    from agentctl.render import agents_check as render

    screen = session.progress_screen()
    with session.marketplace(reads=True) as (database, profile):
        with database.connect() as connection:
            table = read_marketplace(connection, profile.schema).agents
            if names:
                chosen = [core.get_agent(connection, table, name) for name in names]
            else:
                chosen = [agent for agent in core.list_agents(connection, table) if agent.active]
        completed = [profile.as_far_as_known(agent) for agent in chosen]
        checked = check_agents(
            completed, profile, progress=lambda total: screen.progress("Checking webhooks", total)
        )
    return Reply(
        data=lambda: render.check_data(checked),
        view=lambda: render.check_view(checked),
        error=_make_error(checked),
    )


def _make_error(checked: "Sequence[Checked]") -> FindingsFound | None:
    wrong = [each.agent.slug for each in checked if each.is_finding]
    if not wrong:
        return None
    return FindingsFound(
        f"{len(wrong)} of {len(checked)} webhooks have problems: {', '.join(wrong)}.",
        hint="Details: agentctl agents check",
        code="webhooks",
    )
