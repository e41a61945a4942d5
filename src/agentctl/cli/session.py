"""What commands share: common options, the profile, the database, and the two screens.

Each is opened when a command asks for it, so that no command pays for what it does not use.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO

from msgspec import Struct
from msgspec.structs import replace

from agentctl.core.errors import UsageError
from agentctl.render.blocks import Text, Tone, View
from agentctl.render.clean import clean_line

if TYPE_CHECKING:
    from agentctl.core.config.profiles import Profile
    from agentctl.core.database.connection import Connection, Database
    from agentctl.core.mapping import Marketplace

_SANDBOX_USER = "demo@example.com"


class Screen(Protocol):
    """Something that can draw blocks."""

    def show(self, view: View) -> None:
        """Draw them."""

    def busy(self, text: str) -> AbstractContextManager[object]:
        """Show that work is going on, until the block ends."""

    def progress(
        self, text: str, total: int, *, rate: str | None = None
    ) -> AbstractContextManager[Callable[[int], None]]:
        """Show progress until the block ends; the yielded function is called with the amount done.

        With `rate`, a unit, the speed is shown as well.
        """


class Session(Struct, frozen=True):
    """One invocation of one command.

    Attributes:
        profile_name: the value of --profile.
        config: the value of --config.
        json: whether stdout gets one JSON object and nothing else.
        quiet: whether a success prints nothing.

    """

    profile_name: str | None = None
    config: Path | None = None
    json: bool = False
    quiet: bool = False

    def profile_alone(self) -> "Profile":
        """Return the profile for a command that needs no database."""
        from agentctl.core.config.profiles import load_profile

        return load_profile(config=self.config, profile=self.profile_name, needs_database=False)

    @contextmanager
    def marketplace(self, *, reads: bool = False) -> Iterator[tuple["Database", "Profile"]]:
        """Yield the configured database and its profile, or the sandbox if nothing is configured.

        With `reads`, for a command that only reads, the profile limits the time of each statement.
        """
        from agentctl.core.config.profiles import load_profile
        from agentctl.core.config.toml_sections import Value
        from agentctl.core.database.connection import read_database_url

        profile = load_profile(config=self.config, profile=self.profile_name)
        if profile.database_url is not None:
            database = read_database_url(profile.database_url.resolve(), source=profile.database_url.origin)
            yield replace(database, answer_within=profile.read_timeout if reads else None), profile
            return
        from agentctl.sandbox.server import running

        self.note("Nothing is configured: using the embedded sandbox.", tone=Tone.DIM)
        webhook = replace(profile.webhook, allow_hosts=("127.0.0.1",))
        profile = replace(profile, user=Value(_SANDBOX_USER, origin="sandbox"), webhook=webhook)
        with running() as url:
            yield read_database_url(url, source="sandbox"), profile

    @contextmanager
    def connected(self, *, reads: bool = False) -> Iterator[tuple["Connection", "Marketplace", "Profile"]]:
        """Yield a connection, the roles of the database's tables, and the profile."""
        from agentctl.core.mapping import read_marketplace

        with self.marketplace(reads=reads) as (database, profile), database.connect() as connection:
            yield connection, read_marketplace(connection, profile.schema), profile

    def note(self, text: str, *, tone: Tone = Tone.PLAIN) -> None:
        """Print a line on stderr."""
        if not self.quiet:
            screen_for(sys.stderr).show([Text(text, tone)])

    def progress_screen(self) -> Screen:
        """Return the screen for progress; it shows none in a pipe, with --json or with --quiet."""
        from agentctl.render.plain import PlainScreen

        shown = not self.json and not self.quiet
        return screen_for(sys.stderr) if shown else PlainScreen(sys.stderr)

    def can_ask(self) -> bool:
        """Tell whether a person can answer a question."""
        return not self.json and not self.quiet and sys.stdin.isatty() and colourful(sys.stderr)

    def confirm(self, question: str, *, flag: str) -> bool:
        """Ask a yes-or-no question.

        Raises:
            UsageError: nobody can answer; the hint names the flag that does.

        """
        if not self.can_ask():
            raise UsageError(
                f"{question} No terminal to ask on; pass {flag}.",
                hint=f"Pass {flag} to go ahead.",
                code="confirmation_needed",
            )
        import typer

        return typer.confirm(clean_line(question), err=True)


def colourful(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether a stream is a terminal that shows more than plain text."""
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def screen_for(stream: TextIO) -> Screen:
    """Return the screen for a stream: Rich on a terminal, plain text elsewhere."""
    if colourful(stream):
        from agentctl.render.terminal import TerminalScreen

        return TerminalScreen(stream)
    from agentctl.render.plain import PlainScreen

    return PlainScreen(stream)
