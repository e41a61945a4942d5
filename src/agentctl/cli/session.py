"""What every command shares: its common options, the profile, the database, and the two screens.

Opening any of them happens when a command asks for it, so that none pays for what it does not use.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO

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
        """Show that something goes on, until the block ends."""

    def progress(
        self, text: str, total: int, *, rate: str | None = None
    ) -> AbstractContextManager[Callable[[int], None]]:
        """Show how far something is, until the block ends; what it yields is told how much is done.

        With `rate`, the unit, also how fast it goes.
        """


@dataclass(frozen=True, slots=True)
class Session:
    """One invocation of one command.

    Attributes:
        profile_name: from --profile.
        config: from --config.
        json: whether one JSON object is all that stdout gets.
        quiet: whether success is silent.

    """

    profile_name: str | None = None
    config: Path | None = None
    json: bool = False
    quiet: bool = False

    def profile_alone(self) -> "Profile":
        """Return the profile where no database is needed."""
        from agentctl.core.config.profiles import load_profile

        return load_profile(config=self.config, profile=self.profile_name, needs_database=False)

    @contextmanager
    def marketplace(self, *, reads: bool = False) -> Iterator[tuple["Database", "Profile"]]:
        """Yield the configured database and its profile, or the sandbox where nothing is configured.

        With `reads`, for a command that only reads, no statement may take longer than the profile says.
        """
        from agentctl.core.config.profiles import load_profile
        from agentctl.core.config.toml_sections import Value
        from agentctl.core.database.connection import read_database_url

        profile = load_profile(config=self.config, profile=self.profile_name)
        if profile.database_url is not None:
            database = read_database_url(profile.database_url.resolve(), source=profile.database_url.place)
            yield replace(database, answer_within=profile.read_timeout if reads else None), profile
            return
        from agentctl.sandbox.server import running

        self.note("Nothing is configured: using the embedded sandbox.", tone=Tone.DIM)
        webhook = replace(profile.webhook, allow_hosts=("127.0.0.1",))
        profile = replace(profile, user=Value(_SANDBOX_USER, place="sandbox"), webhook=webhook)
        with running() as url:
            yield read_database_url(url, source="sandbox"), profile

    @contextmanager
    def connected(self, *, reads: bool = False) -> Iterator[tuple["Connection", "Marketplace", "Profile"]]:
        """Yield a connection, the roles that were found in the database, and the profile."""
        from agentctl.core.mapping import read_marketplace

        with self.marketplace(reads=reads) as (database, profile), database.connect() as connection:
            yield connection, read_marketplace(connection, profile.schema), profile

    def note(self, text: str, *, tone: Tone = Tone.PLAIN) -> None:
        """Say something on stderr that is not data."""
        if not self.quiet:
            screen_for(sys.stderr).show([Text(text, tone)])

    def progress_screen(self) -> Screen:
        """Return what shows progress: nothing does in a pipe, with --json or with --quiet."""
        from agentctl.render.plain import PlainScreen

        shown = not self.json and not self.quiet
        return screen_for(sys.stderr) if shown else PlainScreen(sys.stderr)

    def can_ask(self) -> bool:
        """Whether a person is there to answer a question."""
        return not self.json and not self.quiet and sys.stdin.isatty() and colourful(sys.stderr)

    def confirm(self, question: str, *, flag: str) -> bool:
        """Ask a yes-or-no question.

        Raises:
            UsageError: nobody can answer; the flag that answers is named.

        """
        if not self.can_ask():
            msg = f"{question} No terminal to ask on; pass {flag}."
            raise UsageError(msg, hint=f"Pass {flag} to go ahead.", code="confirmation_needed")
        import typer

        return typer.confirm(clean_line(question), err=True)


def colourful(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a stream is a terminal that wants more than plain text."""
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def screen_for(stream: TextIO) -> Screen:
    """Return what draws on a stream: Rich on a terminal, plain text elsewhere."""
    if colourful(stream):
        from agentctl.render.terminal import TerminalScreen

        return TerminalScreen(stream)
    from agentctl.render.plain import PlainScreen

    return PlainScreen(stream)
