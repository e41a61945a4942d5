"""Shows what init has found and written."""

from pathlib import Path

from agentctl.core.errors import FindingsFound
from agentctl.core.findings.finding import errors_among
from agentctl.core.schema_check.schema_report import role_states
from agentctl.core.setup.initialisation import Initialised
from agentctl.render.blocks import Table, Text, Tone, View


def init_data(done: Initialised, path: Path) -> dict[str, object]:
    """Return what was written as programs read it."""
    return {
        "path": str(path),
        "tables": {state.role: state.full_name for state in role_states(done.reading)},
        "allow_hosts": list(done.allow_hosts),
        "refused_hosts": list(done.refused_hosts),
        "environment": list(done.variables),
        "findings": [{"id": finding.id, "object": finding.object} for finding in errors_among(done.findings)],
    }


def init_view(done: Initialised, path: Path) -> View:
    """Show the tables, and what the operator is to look at."""
    yield Table(
        ("role", "table", "found by"),
        tuple((state.role, state.full_name, state.why or None) for state in role_states(done.reading)),
    )
    yield Text(f"Written: {path} (mode 0600). Review it, then run: agentctl schema-check", Tone.GOOD)
    if done.allow_hosts:
        hosts = ", ".join(done.allow_hosts)
        yield Text(f"Webhooks at private addresses are now allowed for: {hosts}.", Tone.WARNING)
    if done.refused_hosts:
        hosts = ", ".join(done.refused_hosts)
        what = "link-local or a cloud's metadata service, which no agent's webhook should be"
        yield Text(f"Not allowed: {hosts}. That is {what}; check who wrote these agents.", Tone.WARNING)
    if done.variables:
        yield Text(f"Set these to the agents' webhooks: {', '.join(done.variables)}.", Tone.WARNING)


def undecided(done: Initialised, path: Path) -> FindingsFound | None:
    """Return the error that says what is left to decide."""
    errors = errors_among(done.findings)
    if not errors:
        return None
    listed = "\n".join(f"  {finding.message}" for finding in errors)
    return FindingsFound(
        f"{path} is written. This is left for you to decide:\n{listed}",
        hint="For the lines to choose from, run: agentctl schema-check.",
    )
