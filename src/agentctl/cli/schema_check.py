"""`agentctl schema-check`: the live schema compared with what agentctl and a deploy need."""

import sys
from dataclasses import replace
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentctl.cli.reply import Reply
from agentctl.cli.session import Session
from agentctl.core.errors import FindingsFound, SetupError, UsageError
from agentctl.render.blocks import Code

if TYPE_CHECKING:
    from agentctl.core.finding_kinds import FindingKind
    from agentctl.core.mapping import Reading
    from agentctl.core.schema_report import SchemaReport


class Format(StrEnum):
    """How the report is printed."""

    TABLE = "table"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"
    JUNIT = "junit"


_SHOWN_BY_FRAME = frozenset({Format.TABLE, Format.JSON})


def schema_check(
    session: Session,
    require: Annotated[
        str | None,
        typer.Option(metavar="minimal|full|COLUMN,...", help="Optional columns without which this fails."),
    ] = None,
    output_format: Annotated[
        Format, typer.Option("--format", help="How the report is printed.")
    ] = Format.TABLE,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the report there.")
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Fail where the schema has drifted from this.")
    ] = None,
    write_baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Record the schema there, after comparing.")
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Leave out these findings; repeatable.")
    ] = None,
    suggest: Annotated[
        bool,
        typer.Option("--suggest", help="Print the [schema] mapping that fits, as TOML, and nothing else."),
    ] = False,
) -> Reply:
    """Does the live schema have what agentctl, and the next deploy, need? Never writes to the database.

    Exit code 0 when nothing is wrong, 6 when something is; docs/findings.md tells what each finding means.

    \b
    Examples:
      agentctl schema-check
      agentctl schema-check --require full
      agentctl schema-check --require inputs,result --quiet && ./deploy
      agentctl schema-check --suggest
      agentctl schema-check --write-baseline schema.json
      agentctl schema-check --baseline schema.json --format github
      agentctl schema-check --baseline schema.json --format sarif -o schema.sarif
      agentctl schema-check --format junit -o schema.xml --ignore index-missing
    """
    from agentctl.core import baseline as recording
    from agentctl.core.files import write_atomically
    from agentctl.core.finding_kinds import kinds_looked_for, parse_ignored
    from agentctl.core.mapping import catalog_for, read
    from agentctl.core.schema_check import check_schema, parse_required

    output_format = _only_format(session, output_format)
    required, ignored = parse_required(require), parse_ignored(ignore or ())
    recorded = recording.read_baseline(baseline) if baseline else None
    with session.marketplace() as (database, profile), database.connect() as connection:
        catalog = catalog_for(connection, profile.schema)
    reading = read(catalog, profile.schema)
    report = check_schema(reading, required=required)
    if suggest:
        return _suggestion(reading, report, profile.name)
    tables = [state.table for state in report.tables if state.table]
    current = recording.record(tables, [state.function for state in report.functions])
    findings = (*report.findings, *(recording.compare(recorded, current) if recorded else ()))
    report = replace(report, findings=tuple(one for one in findings if one.id not in ignored))
    if write_baseline:
        recording.write_baseline(write_baseline, current)
    reply = _reply(report, output_format)
    if output is None and output_format in _SHOWN_BY_FRAME:
        return reply
    kinds = kinds_looked_for(ignored, baseline=bool(baseline), code=False)
    text = _text(output_format, reply, report, kinds, baseline)
    if output is not None:
        write_atomically(output, text)
    elif reply.error or not session.quiet:
        _print(text)
    return replace(reply, view=Reply().view)


def _suggestion(reading: "Reading", report: "SchemaReport", profile: str) -> Reply:
    from agentctl.core.suggestion import Profile, configuration

    text = configuration(reading, Profile(profile), report.findings)
    return Reply(data=lambda: {"toml": text}, view=lambda: [Code(text, "toml")])


def _only_format(session: Session, output_format: Format) -> Format:
    if session.json and output_format not in _SHOWN_BY_FRAME:
        msg = f"--json and --format {output_format} cannot go together."
        raise UsageError(msg, hint="See: agentctl schema-check --help")
    return Format.JSON if session.json else output_format


def _reply(report: "SchemaReport", output_format: Format) -> Reply:
    from agentctl.core.findings import errors_among
    from agentctl.render import schema_check as render

    errors = [finding.object for finding in errors_among(report.findings)]
    # GitHub's runner takes commands from stderr, too: no name that is not ours goes there.
    named = "" if output_format is Format.GITHUB else f": {', '.join(errors)}"
    return Reply(
        data=lambda: render.report_data(report),
        view=lambda: render.report_view(report),
        error=_found(len(errors), named) if errors else None,
    )


def _found(count: int, named: str) -> FindingsFound:
    msg = f"The schema has {count} problem{'s' if count > 1 else ''}{named}."
    return FindingsFound(msg, hint="Details: agentctl schema-check")


def _text(
    output_format: Format,
    reply: Reply,
    report: "SchemaReport",
    kinds: "tuple[FindingKind, ...]",
    baseline: Path | None,
) -> str:
    from agentctl.render.envelope import envelope, to_json
    from agentctl.render.github import github_text
    from agentctl.render.junit import junit_text
    from agentctl.render.plain import PlainScreen
    from agentctl.render.sarif import sarif_text

    match output_format:
        case Format.GITHUB:
            return github_text(report.findings)
        case Format.SARIF:
            return sarif_text(report.findings, place=baseline.as_posix() if baseline else None)
        case Format.JUNIT:
            return junit_text(report.findings, kinds)
        case Format.JSON:
            whole = envelope(
                command="schema-check", exit_code=reply.exit_code, data=reply.data(), error=reply.error
            )
            return to_json(whole, indent=2) + "\n"
        case Format.TABLE:
            PlainScreen(stream := StringIO()).show(reply.view())
            return stream.getvalue()


def _print(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        pass  # nobody reads any more; what was found still counts
    except OSError as error:
        msg = f"The output cannot be written: {error.strerror}."
        raise SetupError(msg) from None
