"""`agentctl schema-check`: the live schema compared with what agentctl and a deploy need."""

from enum import StrEnum
from typing import Annotated

import typer

from agentctl.cli.reply import Reply
from agentctl.cli.session import Session
from agentctl.core.errors import FindingsFound


class Format(StrEnum):
    """How the report is printed."""

    TABLE = "table"
    JSON = "json"


def schema_check(
    session: Session,
    require: Annotated[
        str | None,
        typer.Option(metavar="minimal|full|COLUMN,...", help="Optional columns without which this fails."),
    ] = None,
    _output: Annotated[Format, typer.Option("--format", help="How the report is printed.")] = Format.TABLE,
) -> Reply:
    """Does the live schema have what agentctl, and the next deploy, need? Never writes.

    Exit code 0 when nothing is wrong, 6 when something is.

    \b
    Examples:
      agentctl schema-check
      agentctl schema-check --require full
      agentctl schema-check --require inputs,result --quiet && ./deploy
    """
    from agentctl.core.catalog import introspect
    from agentctl.core.findings import errors_among
    from agentctl.core.mapping import read
    from agentctl.core.schema_check import check_schema, parse_required
    from agentctl.render import schema_check as render

    required = parse_required(require)
    with session.marketplace() as (database, profile), database.connect() as connection:
        catalog = introspect(connection, schemas=profile.schema.schemas)
    report = check_schema(read(catalog, profile.schema), required=required)
    errors = [finding.object for finding in errors_among(report.findings)]
    return Reply(
        data=lambda: render.report_data(report),
        view=lambda: render.report_view(report),
        error=_found(errors) if errors else None,
    )


def _found(objects: list[str]) -> FindingsFound:
    msg = f"The schema has {len(objects)} problem{'s' if len(objects) > 1 else ''}: {', '.join(objects)}."
    return FindingsFound(msg, hint="Details: agentctl schema-check")
