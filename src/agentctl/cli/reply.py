"""What a command hands back: data for programs, a view for people, and what went wrong, if anything did.

A command returns one instead of printing and exiting; the frame prints it and knows the exit code.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agentctl.core.errors import AgentctlError, ExitCode
from agentctl.render.blocks import View


def _show_nothing() -> View:
    return ()


@dataclass(frozen=True, slots=True)
class Reply:
    """The result of one command.

    Attributes:
        data: makes `data` of the JSON envelope.
        view: makes what people see; only one of the two is called.
        aside: makes what people see on stderr, after the view.
        error: set where the command did its work and the news is bad.

    """

    data: Callable[[], Mapping[str, object] | None] = lambda: None
    view: Callable[[], View] = _show_nothing
    aside: Callable[[], View] = _show_nothing
    error: AgentctlError | None = None

    @property
    def exit_code(self) -> ExitCode:
        """The code to exit with."""
        return self.error.exit_code if self.error else ExitCode.OK
