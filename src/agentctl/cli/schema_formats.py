"""How schema-check's report is written: by the frame, to a file, or in a format for CI services."""

import sys
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from agentctl.cli.reply import Reply
from agentctl.cli.session import Session
from agentctl.core.errors import SetupError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agentctl.core.findings.finding import Check, Finding


class Format(StrEnum):
    """How the report is printed."""

    TABLE = "table"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"
    JUNIT = "junit"


SHOWN_BY_FRAME = frozenset({Format.TABLE, Format.JSON})


def only_format(session: Session, output_format: Format) -> Format:
    """Return the one format that was asked for.

    Raises:
        UsageError: two were.

    """
    if session.json and output_format not in SHOWN_BY_FRAME:
        msg = f"--json and --format {output_format} cannot be used together."
        raise UsageError(msg, hint="See: agentctl schema-check --help")
    return Format.JSON if session.json else output_format


def text_of(
    output_format: Format,
    reply: Reply,
    findings: "Sequence[Finding]",
    *,
    checks: "tuple[Check, ...]",
    default_file: Path | None,
) -> str:
    """Write a report in a format.

    Args:
        output_format: one of them.
        reply: the report for people, and as JSON.
        findings: what the other formats have of it.
        checks: that were run.
        default_file: the one that SARIF points at where a finding has none.

    """
    from agentctl.render.envelope import envelope, to_json
    from agentctl.render.github import github_text
    from agentctl.render.junit import junit_text
    from agentctl.render.plain import PlainScreen
    from agentctl.render.sarif import sarif_text

    match output_format:
        case Format.GITHUB:
            return github_text(findings)
        case Format.SARIF:
            return sarif_text(findings, default_file=default_file.as_posix() if default_file else None)
        case Format.JUNIT:
            return junit_text(findings, checks)
        case Format.JSON:
            whole = envelope(
                command="schema-check", exit_code=reply.exit_code, data=reply.data(), error=reply.error
            )
            return to_json(whole, indent=2) + "\n"
        case Format.TABLE:
            PlainScreen(stream := StringIO()).show(reply.view())
            return stream.getvalue()


def deliver(session: Session, reply: Reply, text: str, output: Path | None, output_format: Format) -> Reply:
    """Write a report to a file or to stdout, and return what is left for the frame to print."""
    from agentctl.core.files.writing import write_atomically

    if output is not None:
        write_atomically(output, text)
    elif reply.error or not session.quiet:
        _print_report(text, commands=output_format is Format.GITHUB)
    return replace(reply, view=Reply().view)


def _print_report(text: str, *, commands: bool) -> None:
    """Write a report; one that is made of commands for a CI service is meant to be obeyed."""
    from agentctl.render.clean import write_clean

    try:
        if commands:
            sys.stdout.write(text)
        else:
            write_clean(sys.stdout, text)
        sys.stdout.flush()
    except BrokenPipeError:
        pass  # nobody reads any more; what was found still counts
    except OSError as error:
        msg = f"The output cannot be written: {error.strerror}."
        raise SetupError(msg) from None
