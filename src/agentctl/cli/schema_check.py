"""`agentctl schema-check`: the live schema compared with what agentctl, a deploy and its code need."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import replace

from agentctl.cli.reply import Reply
from agentctl.cli.schema_formats import SHOWN_BY_FRAME, Format, deliver, only_format, text_of
from agentctl.cli.session import Session
from agentctl.core.errors import FindingsFound
from agentctl.core.hint_text import count_things
from agentctl.render.blocks import Code, View
from agentctl.render.clean import clean_line

if TYPE_CHECKING:
    from agentctl.cli.schema_subject import Subject
    from agentctl.core.code_check.code_report import CodeReport
    from agentctl.core.findings.finding import Finding
    from agentctl.core.schema_check.schema_report import SchemaReport
    from agentctl.core.schema_files.baseline import Baseline

_MOST_NAMED = 12
"""Objects of findings that one line can name."""


def schema_check(
    session: Session,
    require: Annotated[
        str | None,
        typer.Option(
            metavar="minimal|full|COLUMN,...", help="Fail if any of these optional columns is missing."
        ),
    ] = None,
    code: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PATH", help="Also check the application code in this file or folder (repeatable)."
        ),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="With --code, list what could not be resolved, and all columns.")
    ] = False,
    schema_from: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Read the schema from SQL or a baseline instead of the database."),
    ] = None,
    output_format: Annotated[Format, typer.Option("--format", help="Format of the report.")] = Format.TABLE,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the report to this file.")
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Fail if the schema has drifted from this baseline.")
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(
            "--write-baseline", metavar="FILE", help="Record the schema in this file, after comparing."
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Leave out findings with this id (repeatable).")
    ] = None,
    suggest: Annotated[
        bool,
        typer.Option("--suggest", help="Print only the [schema] mapping that fits this database, as TOML."),
    ] = False,
) -> Reply:
    """Check that the live schema has what agentctl and the next deploy need. Never writes to the database.

    The exit code is 0 if no problems are found, and 6 otherwise. `agentctl explain ID` explains each
    finding.

    \b
    Examples:
      agentctl schema-check
      agentctl schema-check --require full
      agentctl schema-check --require inputs,result --quiet && ./deploy
      agentctl schema-check --code src --code supabase/migrations
      agentctl schema-check --code src --schema-from schema.sql --format github
      agentctl schema-check --suggest
      agentctl schema-check --write-baseline schema.json
      agentctl schema-check --baseline schema.json --format github
      agentctl schema-check --baseline schema.json --format sarif -o schema.sarif
      agentctl schema-check --format junit -o schema.xml --ignore index-missing
    """
    from agentctl.cli.schema_subject import subject_of
    from agentctl.core.extras import require_code_reader
    from agentctl.core.schema_check.schema_check import check_schema, parse_required
    from agentctl.core.schema_check.selection import list_checks, parse_ignored
    from agentctl.core.schema_files.baseline import compare, read_baseline, write_baseline

    output_format = only_format(session, output_format)
    required, ignored = parse_required(require), parse_ignored(ignore or ())
    if code or schema_from:
        require_code_reader("--code" if code else "--schema-from")
    if code:
        from agentctl.core.code_check.reading.source_files import require_paths

        require_paths(code)
    recorded = read_baseline(baseline) if baseline else None
    with subject_of(session, schema_from) as subject:
        report = check_schema(subject.reading, subject.in_rows, required=required, live=subject.live)
        if suggest:
            return _suggest_mapping(subject, report)
        read = _read_code(session, code, subject) if code else None
    whole = bool(code) or bool(recorded and recorded.whole)
    drift = compare(recorded, _make_baseline(subject, report, whole=recorded.whole)) if recorded else ()
    if record:
        write_baseline(record, _make_baseline(subject, report, whole=whole))
    findings = (*report.findings, *(read.findings if read else ()), *drift)
    report = replace(report, findings=tuple(finding for finding in findings if finding.id not in ignored))
    reply = _make_reply(report, read, output_format, verbose=verbose)
    if output is None and output_format in SHOWN_BY_FRAME:
        return reply
    checks = list_checks(ignored, baseline=bool(baseline), code=bool(code))
    text = text_of(output_format, reply, report.findings, checks=checks, default_file=baseline)
    return deliver(session, reply, text, output, output_format)


def _suggest_mapping(subject: "Subject", report: "SchemaReport") -> Reply:
    from agentctl.core.setup.suggestion import Profile, configuration

    text = configuration(subject.reading, Profile(subject.profile.name), report.findings).text
    return Reply(data=lambda: {"toml": text}, view=lambda: [Code(text, "toml")])


def _read_code(session: Session, paths: list[Path], subject: "Subject") -> "CodeReport":
    from agentctl.core.code_check.code_report import read_project, report_code, schemas_beyond
    from agentctl.core.code_check.reading.source_files import find_sources

    settings = subject.profile.code
    sources = find_sources(paths, exclude=settings.exclude)
    with session.progress_screen().progress("Reading code", len(sources.files), rate="files") as on_progress:
        project = read_project(sources, paths, on_progress)
    catalog = subject.catalog_with(schemas_beyond(subject.reading.catalog, project))
    return report_code(project, subject.reading, settings, catalog=catalog, whole=subject.whole)


def _make_baseline(subject: "Subject", report: "SchemaReport", *, whole: bool) -> "Baseline":
    """Take down the tables and functions of the roles, or all that the schemas have."""
    from agentctl.core.schema_files.baseline import record

    catalog = subject.reading.catalog
    if whole:
        return record(catalog.tables, catalog.functions, whole=True)
    tables = [state.table for state in report.tables if state.table]
    return record(tables, [state.function for state in report.functions])


def _make_reply(
    report: "SchemaReport", code: "CodeReport | None", output_format: Format, *, verbose: bool
) -> Reply:
    from agentctl.core.findings.finding import errors_among
    from agentctl.render import schema_check as render
    from agentctl.render.code import code_data, code_view

    def view() -> View:
        yield from render.report_view(report)
        if code is not None:
            yield from code_view(code, verbose=verbose)

    errors = errors_among(report.findings)
    return Reply(
        data=lambda: render.report_data(report) | ({"code": code_data(code)} if code else {}),
        view=view,
        error=_report_errors(errors, output_format) if errors else None,
    )


def _report_errors(errors: "tuple[Finding, ...]", output_format: Format) -> FindingsFound:
    in_code = [error.object for error in errors if error.excerpt is not None]
    in_schema = [error.object for error in errors if error.excerpt is None]
    parts = [f"The schema has {_name_objects(in_schema, output_format)}."] if in_schema else []
    parts += [f"The code has {_name_objects(in_code, output_format)}."] if in_code else []
    what = " --code PATH" if in_code else ""
    return FindingsFound(" ".join(parts), hint=f"Details: agentctl schema-check{what}")


def _name_objects(objects: list[str], output_format: Format) -> str:
    count = count_things(len(objects), "problem")
    # GitHub's runner takes commands from stderr, too: no name that is not ours goes there.
    if output_format is Format.GITHUB:
        return count
    names = list(dict.fromkeys(map(clean_line, objects)))
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{count}: {', '.join(names[:_MOST_NAMED])}{more}"
