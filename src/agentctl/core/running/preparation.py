"""Prepares a run before anything is written: who pays, for which agent, with which inputs.

It only reads, and refuses what cannot run. What it returns is enough to charge, to call and to settle.
"""

from datetime import timedelta

from msgspec import Struct

from agentctl.core.agents import agent_table, inputs
from agentctl.core.agents.form import read_form
from agentctl.core.config.profiles import Profile
from agentctl.core.credits import users
from agentctl.core.credits.foresight import foresee_chargeability
from agentctl.core.credits.key_values import compose_samples, require_fitting_keys
from agentctl.core.credits.movements import require_chargeable
from agentctl.core.database.connection import Connection
from agentctl.core.database.row_identity import IDENTITY, DatabaseIdentity, identify_database
from agentctl.core.database.statements import Statement
from agentctl.core.errors import InvalidInputs, Refused, SchemaLacks, UsageError
from agentctl.core.findings.finding import errors_among
from agentctl.core.hint_text import shell_command, toml_key, toml_text
from agentctl.core.mapping import Agents, Marketplace, read_marketplace
from agentctl.core.mapping.price_columns import offer_price_columns
from agentctl.core.mapping.writability import writing_findings
from agentctl.core.models import STALE_AFTER, Agent, Credits, User, Verbatim
from agentctl.core.webhook.endpoint import Endpoint, check_endpoint


class RunRequest(Struct, frozen=True):
    """What an operator asked for.

    Attributes:
        agent: slug, id or name.
        user: id or e-mail address; None for the profile's.
        items: `NAME=TEXT`, `NAME:=JSON`, `NAME=@FILE`.
        input_text: the text of an input file, a JSON object.
        timeout: over the whole webhook call; None for the profile's.
        charge: False for an operator's test run.

    """

    agent: str
    user: str | None = None
    items: tuple[str, ...] = ()
    input_text: str | None = None
    idempotency_key: str | None = None
    timeout: timedelta | None = None
    charge: bool = True


class Prepared(Struct, frozen=True):
    """A run that could begin now.

    Attributes:
        agent: the agent as it is run, with the configured price and webhook.
        listed: the agent as the database has it.
        whereabouts: which database it is; None where the server does not tell.

    """

    market: Marketplace
    agent: Agent
    listed: Agent
    user: User
    agent_inputs: inputs.GivenInputs
    endpoint: Endpoint
    timeout: timedelta
    price: Credits
    warnings: tuple[str, ...]
    whereabouts: DatabaseIdentity | None


def prepare(
    connection: Connection, profile: Profile, request: RunRequest, *, ask: inputs.Ask | None
) -> Prepared:
    """Find agent and user, convert and check the inputs, and look at the webhook's URL.

    Args:
        connection: any; nothing is written.
        profile: the settings.
        request: what the operator asked for.
        ask: asks a person for a required input that is missing; None where nobody can be asked.

    Raises:
        UsageError, InvalidInputs, Refused, SetupError: the run cannot begin.

    """
    market = read_marketplace(connection, profile.schema)
    payer = _choose_payer(profile, request)
    with connection.reading_ahead(_foresee(market, request, payer)):
        return _prepare(connection, market, profile, request, payer=payer, ask=ask)


def _foresee(market: Marketplace, request: RunRequest, payer: str) -> tuple[Statement, ...]:
    """Return what is asked of the database, so that it leaves in one flight.

    The last may be refused, which would leave those behind it without an answer.
    """
    return (
        *agent_table.compose_lookup(market.agents, request.agent),
        users.compose_lookup(market.users, payer),
        *compose_samples(market, charge=request.charge),
        *(foresee_chargeability(market) if request.charge else ()),
        IDENTITY,
    )


def _prepare(
    connection: Connection,
    market: Marketplace,
    profile: Profile,
    request: RunRequest,
    *,
    payer: str,
    ask: inputs.Ask | None,
) -> Prepared:
    whereabouts = identify_database(connection)
    listed = agent_table.get_agent(connection, market.agents, request.agent)
    agent = profile.completed(listed)
    market.require_runnable(charge=request.charge)
    require_fitting_keys(connection, market, charge=request.charge)
    price = _read_price(profile, agent, market.agents) if request.charge else 0
    user = users.get_user(connection, market.users, payer)
    if price:
        require_chargeable(connection, market, user.id)
    endpoint = _build_endpoint(profile, agent, market.agents)
    _require_writable(market)
    resolved = _resolve_inputs(agent, request, ask=ask)
    timeout = request.timeout or profile.webhook.timeout
    return Prepared(
        market=market,
        agent=agent,
        listed=listed,
        user=user,
        agent_inputs=resolved,
        endpoint=endpoint,
        timeout=timeout,
        price=price,
        warnings=(*_warn_of_credentials(agent, resolved), *_warn_of_timeout(timeout)),
        whereabouts=whereabouts,
    )


def _resolve_inputs(agent: Agent, request: RunRequest, *, ask: inputs.Ask | None) -> inputs.GivenInputs:
    form = read_form(agent.raw_form)
    try:
        return inputs.resolve_inputs(form, items=request.items, input_file_text=request.input_text, ask=ask)
    except InvalidInputs as error:
        hint = f"See what it takes: {shell_command('agentctl agents', agent.slug)}"
        raise InvalidInputs(error.problems, hint=hint) from None


def _choose_payer(profile: Profile, request: RunRequest) -> str:
    if request.user:
        return request.user
    if profile.user is None:
        msg = "No user to charge."
        hint = (
            f"Pass --user EMAIL, or set user in [{toml_key('profiles', profile.name)}] of the configuration."
        )
        raise UsageError(msg, hint=hint, code="user_missing")
    return profile.user.resolve()


def _read_price(profile: Profile, agent: Agent, agents: Agents) -> Credits:
    """Return what an agent costs.

    Raises:
        Refused: there is no price, or it is not an amount that can be charged.

    """
    if agent.price is None:
        msg = f"The database does not say what {agent.slug} costs."
        rest = f"price = 10 in [{_name_section(profile, agent)}], or run it with --no-charge."
        section = toml_key("profiles", profile.name, "schema", "agents")
        offer = offer_price_columns(agents.table, {*agents.columns.values()}, section)
        hint = f"Set {rest}" if "price" in agents else f"{offer}set {rest}"
        raise Refused(msg, hint=hint, code="agent_without_price")
    if isinstance(agent.price, Verbatim) or agent.price < 0:
        msg = f"The agent {agent.slug} has the price {agent.price}, which cannot be charged."
        hint = "A price is a number that is not negative: correct it in the database."
        raise Refused(msg, hint=hint, code="agent_price_invalid")
    return agent.price


def require_unchanged(connection: Connection, prepared: Prepared) -> None:
    """Refuse a run whose agent has changed since it was prepared, perhaps minutes ago.

    Call it under the user's lock, right before the charge.

    Raises:
        Refused: the agent is gone, deleted, inactive, or has another price or version.

    """
    listed = agent_table.find_agent(connection, prepared.market.agents, prepared.listed.id)
    if listed is None:
        raise agent_table.removed(prepared.agent.slug)
    _require_available(listed, prepared.market.agents)
    if listed.version != prepared.listed.version:
        versions = f"version {listed.version} now; it was {prepared.listed.version}"
        msg = f"The agent {listed.slug} has {versions} when this run was prepared."
        raise Refused(msg, hint="Nothing was written. Run it again.", code="agent_version_changed")
    configured = prepared.agent.price != prepared.listed.price
    if prepared.price and not configured and listed.price != prepared.price:
        price = "has no price any more" if listed.price is None else f"now costs {listed.price} credits"
        msg = f"The agent {listed.slug} {price}: it was {prepared.price} when this run was prepared."
        raise Refused(msg, hint="Nothing was written. Run it again.", code="agent_price_changed")


def _require_available(agent: Agent, agents: Agents) -> None:
    if agent.withheld is not None and not agent.deleted:
        raise _explain_date(agent, agents, agent.withheld)
    if agent.deleted or not agent.active:
        state = "deleted" if agent.deleted else "inactive"
        word = agent.state if agent.state is not None and not agent.deleted else state
        hint = "See what can be run: agentctl agents."
        if word == agent.state:
            line = f"[profiles.NAME.schema.agents.states] active = {toml_text(word)}"
            hint += f" If an agent that is {word} can be run: {line}"
        raise Refused(f"The agent {agent.slug} is {word}.", hint=hint, code=f"agent_{state}")


def _explain_date(agent: Agent, agents: Agents, column: str) -> Refused:
    """Return the error for an agent that is not active because of a date, with the line that ignores it."""
    dates = agents.dates
    is_start = column in {date.name for date in dates.active_from}
    others = [
        date.name for date in (dates.active_from if is_start else dates.inactive_from) if date.name != column
    ]
    key, why = ("active_from", "empty or still to come") if is_start else ("inactive_from", "set")
    line = f"[profiles.NAME.schema.agents] {key} = [{', '.join(map(toml_text, others))}]"
    return Refused(
        f"The agent {agent.slug} is inactive: its {column} is {why}.",
        hint=f"See what can be run: agentctl agents. If {column} says nothing of that: {line}",
        code="agent_inactive",
    )


def _name_section(profile: Profile, agent: Agent) -> str:
    """Return the name of an agent's section in the configuration."""
    return f"{toml_key('profiles', profile.name, 'agents')}.{toml_text(agent.slug)}"


def _require_writable(market: Marketplace) -> None:
    """Refuse a run whose rows the database would certainly refuse, with the line that settles it.

    Raises:
        SchemaLacks: a row of the run cannot be written.

    """
    for finding in errors_among(writing_findings(market)):
        raise SchemaLacks(finding.message, hint=finding.hint, code=finding.id.replace("-", "_"))


def _build_endpoint(profile: Profile, agent: Agent, agents: Agents) -> Endpoint:
    """Return the agent's webhook, checked.

    Raises:
        Refused: the agent may not be run, has no webhook, or has one that must not be called.

    """
    _require_available(agent, agents)
    settings = profile.agent(agent)
    if not agent.webhook_url:
        msg = f"The agent {agent.slug} has no webhook URL."
        hint = f"Set it in the database, or as webhook_url in [{_name_section(profile, agent)}]."
        raise Refused(msg, hint=hint, code="agent_without_webhook")
    secret = profile.webhook.signing_secret
    endpoint = Endpoint(
        url=agent.webhook_url,
        headers={name: value.resolve() for name, value in profile.webhook.headers.items()},
        allow_hosts=profile.webhook.allow_hosts,
        signing_secret=secret.resolve() if secret else None,
        idempotent=settings.idempotent,
        success_when=settings.success_when,
    )
    check_endpoint(endpoint)
    return endpoint


def _warn_of_credentials(agent: Agent, resolved: inputs.GivenInputs) -> tuple[str, ...]:
    if not agent.platforms or resolved.credentials is not None:
        return ()
    platforms = ", ".join(agent.platforms)
    warning = (
        f"{agent.slug} expects credentials for {platforms}, which the web application sends and "
        "agentctl cannot decrypt. Pass them as `credentials` in --input-file."
    )
    return (warning,)


def _warn_of_timeout(timeout: timedelta) -> tuple[str, ...]:
    if timeout < STALE_AFTER:
        return ()
    warning = (
        f"This call may take longer than the {STALE_AFTER.seconds // 60} minutes after which "
        "`agentctl reconcile` on another machine treats a run as dead: pass a longer "
        "--stale-after there."
    )
    return (warning,)
