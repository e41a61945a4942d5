"""Shows the state of each agent's webhook, and what to do about those that are not there."""

from collections.abc import Sequence

from agentctl.core.agents.reachability import Checked, State
from agentctl.render.blocks import Table, Text, Tone, Toned, View
from agentctl.render.envelope import agent_name_data


def check_data(checked: Sequence[Checked]) -> dict[str, object]:
    """Return the states as programs read them."""
    return {
        "agents": [
            {
                **agent_name_data(each.agent),
                "url": each.url,
                "state": each.look.state,
                "message": each.look.message,
                "hint": each.look.hint,
            }
            for each in checked
        ]
    }


def check_view(checked: Sequence[Checked]) -> View:
    """Show each agent on a line, and a paragraph for each whose webhook is not registered."""
    if not checked:
        yield Text("There are no active agents.")
        return
    rows = tuple((each.agent.slug, _describe_state(each), each.url) for each in checked)
    yield Table(("agent", "state", "webhook"), rows)
    for each in checked:
        if each.look.state is not State.REGISTERED:
            hint = f" {each.look.hint}" if each.look.hint else ""
            yield Text(f"{each.agent.slug}: {each.look.message}{hint}")


def _describe_state(checked: Checked) -> Toned:
    word = checked.look.state.replace("_", " ")
    if checked.look.state is State.REGISTERED:
        return Toned(word, Tone.GOOD)
    return Toned(word, Tone.BAD if checked.is_finding else Tone.WARNING)
