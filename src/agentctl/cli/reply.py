"""The result of a command: data for programs, a view for people, and an error if there is one.

A command returns a reply instead of printing and exiting; frame.py prints it and returns the exit code.
"""

from collections.abc import Callable, Generator, Mapping
from typing import ParamSpec

from msgspec import Struct

from agentctl.core.errors import AgentctlError, ExitCode
from agentctl.render.blocks import View

P = ParamSpec("P")


def _show_nothing() -> View:
    return ()


class Stream(Struct, frozen=True):
    """A list of any length that is printed as JSON while it is read.

    Attributes:
        member: what the list is called in `data` of the JSON envelope.
        read: yields its items as programs read them; what it raises ends the list.
        beside: the other members of `data`.

    """

    member: str
    read: Callable[[], Generator[Mapping[str, object], None, None]]
    beside: Mapping[str, object]


class Reply(Struct, frozen=True):
    """The result of one command.

    Attributes:
        data: returns `data` of the JSON envelope.
        view: returns what people see; only one of the two is called.
        aside: returns what people see on stderr, after the view.
        error: set if the command did its work and the result is bad news.
        stream: what takes the place of all these with --json.

    """

    data: Callable[[], Mapping[str, object] | None] = lambda: None
    view: Callable[[], View] = _show_nothing
    aside: Callable[[], View] = _show_nothing
    error: AgentctlError | None = None
    stream: Stream | None = None

    @staticmethod
    def of(
        data: Callable[P, Mapping[str, object]], view: Callable[P, View], *shown: P.args, **options: P.kwargs
    ) -> "Reply":
        """Return the reply whose data and view are made of the same values."""
        return Reply(data=lambda: data(*shown, **options), view=lambda: view(*shown, **options))

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of the command."""
        return self.error.exit_code if self.error else ExitCode.OK
