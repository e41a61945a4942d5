"""Runs one command line from start to end: parses it, runs it, prints the reply, returns the exit code.

No other module prints a reply or decides an exit code.
"""

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import closing, suppress
from io import TextIOWrapper
from itertools import pairwise
from types import FrameType
from typing import TYPE_CHECKING, TextIO

from msgspec import Struct

from agentctl.cli.reply import Reply, Stream
from agentctl.cli.session import screen_for
from agentctl.core.errors import AgentctlError, ExitCode, Interrupted, SetupError, UsageError
from agentctl.render.blocks import Text, Tone
from agentctl.render.clean import write_clean

if TYPE_CHECKING:
    from typer._click.exceptions import ClickException


class Frame(Struct, frozen=True):
    """The facts about a command line that are needed even if it cannot be parsed."""

    command: str
    json: bool
    quiet: bool

    @classmethod
    def of(cls, arguments: Sequence[str]) -> "Frame":
        """Read them off the words before `--`."""
        words = list(arguments[: arguments.index("--")] if "--" in arguments else arguments)
        command = next((word for word in words if not word.startswith("-")), "")
        return cls(
            command=command,
            json="--json" in words or "--format=json" in words or ("--format", "json") in pairwise(words),
            quiet="--quiet" in words or "-q" in words,
        )


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return the exit code."""
    _prepare_streams()
    for cause in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(cause) is signal.SIG_DFL:
            signal.signal(cause, _interrupt_command)
    frame = Frame.of(arguments)
    reply = present(frame, _make_reply(arguments))
    for stream in (sys.stdout, sys.stderr):
        _let_go(stream)
    return reply.exit_code


def _prepare_streams() -> None:
    """Make all output possible: to streams that are closed, and of characters that have no code there."""
    nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - open for as long as the program runs
    sys.stdout, sys.stderr = sys.stdout or nowhere, sys.stderr or nowhere
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _let_go(stream: TextIO) -> None:
    try:
        stream.flush()
    except OSError:
        # The interpreter flushes at exit, and would report the error then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _interrupt_command(_signal: int, _frame: FrameType | None) -> None:
    """End as on Ctrl-C: a certain outcome is settled, an unknown one is reported."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started with nohup, or by a shell with `&`
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)


def _make_reply(arguments: Sequence[str]) -> Reply:
    try:
        returned = _invoke_app(arguments)
    except BaseException as error:  # noqa: BLE001 - the last resort: no traceback reaches an operator
        return _make_error_reply(error)
    return returned if isinstance(returned, Reply) else Reply()  # --help was printed


def _make_error_reply(error: BaseException) -> Reply:
    from typer import Abort
    from typer._click.exceptions import ClickException  # Typer names no public base of its usage errors

    match error:
        case AgentctlError():
            return Reply(error=error)
        case ClickException():
            return Reply(error=UsageError(error.format_message(), hint=_usage_hint(error)))
        case KeyboardInterrupt() | Abort():
            return Reply(error=Interrupted("Interrupted."))
        case UnicodeEncodeError(reason="surrogates not allowed"):  # Python hides such bytes in them
            return Reply(error=UsageError("A text that was given has bytes that are not UTF-8."))
        case Exception():
            return Reply(error=_report_defect(error))
    return Reply()  # SystemExit, as Typer raises it for a closed pipe: a stream has lost its reader


def _invoke_app(arguments: Sequence[str]) -> object:
    from agentctl.cli.app import app

    returned = app(list(arguments), prog_name="agentctl", standalone_mode=False)
    if returned == ExitCode.INTERRUPTED:  # Typer turns Ctrl-C into a number
        raise KeyboardInterrupt
    return returned


def _report_defect(error: Exception) -> AgentctlError:
    if os.environ.get("AGENTCTL_DEBUG"):
        raise error
    return AgentctlError(
        f"Unexpected error: {type(error).__name__}.",
        hint="Set AGENTCTL_DEBUG=1 to see where it happened, and report it.",
        code="defect",
    )


def _usage_hint(error: "ClickException") -> str:
    context = getattr(error, "ctx", None)
    return f"See: {context.command_path if context else 'agentctl'} --help"


def present(frame: Frame, reply: Reply) -> Reply:
    """Print a reply, and return the one whose exit code counts."""
    try:
        if frame.json and reply.stream:
            reply = _print_stream(frame, reply.stream)
        else:
            _print_reply(frame, reply)
        sys.stdout.flush()
    except BrokenPipeError:
        pass  # the reader is gone
    except OSError as error:  # a full disk
        reply = Reply(error=reply.error or SetupError(f"The output cannot be written: {error.strerror}."))
        with suppress(OSError):
            _print_error(reply)
    except Exception as error:  # noqa: BLE001 - the last resort here as well
        return present(frame, Reply(error=_report_defect(error)))
    return reply


def _print_reply(frame: Frame, reply: Reply) -> None:
    if frame.json:
        _print_json(frame, reply)
        return
    if not frame.quiet:
        _print_view(reply)
    _print_error(reply)


def _print_error(reply: Reply) -> None:
    if reply.error is None:
        return
    screen_for(sys.stderr).show([Text(f"error: {reply.error.message}", Tone.BAD)])
    if reply.error.hint:
        screen_for(sys.stderr).show([Text(f"hint: {reply.error.hint}", Tone.DIM)])


def _print_view(reply: Reply) -> None:
    screen_for(sys.stdout).show(reply.view())
    sys.stdout.flush()
    aside = list(reply.aside())
    if aside and sys.stdout.isatty() and sys.stderr.isatty():
        sys.stderr.write("\n")  # on a terminal, it separates stderr from stdout
    screen_for(sys.stderr).show(aside)


def _print_stream(frame: Frame, stream: Stream) -> Reply:
    """Print a long list as JSON while it is read, and return how that ended.

    What fails before the first item is printed as of any command; what fails later ends the list.
    """
    from agentctl.render.envelope import envelope_end, envelope_of_list, to_json

    begin, behind = envelope_of_list(frame.command, stream.member, stream.beside)
    reply, before = Reply(), begin
    with closing(stream.read()) as items:
        try:
            for item in items:
                if frame.quiet:
                    return reply
                write_clean(sys.stdout, before + to_json(item))
                before = ",\n"
        except OSError:  # the output's
            raise
        except BaseException as error:  # noqa: BLE001 - as of any command
            reply = _make_error_reply(error)
    if before is begin and (frame.quiet or reply.error is not None):
        _print_json(frame, reply)
        return reply
    end = envelope_end(exit_code=reply.exit_code, error=reply.error)
    write_clean(sys.stdout, f"{begin if before is begin else ''}{behind}{end}")
    return reply


def _print_json(frame: Frame, reply: Reply) -> None:
    from agentctl.render.envelope import envelope, to_json

    if frame.quiet and reply.error is None:
        return
    whole = envelope(command=frame.command, exit_code=reply.exit_code, data=reply.data(), error=reply.error)
    write_clean(sys.stdout, to_json(whole, indent=2 if sys.stdout.isatty() else None) + "\n")
