"""Shows what schema-check found."""

from agentctl.core.catalog.introspection import Server
from agentctl.core.findings.finding import Finding, Severity
from agentctl.core.schema_check.schema_report import ColumnState, IndexState, RoleState, SchemaReport
from agentctl.render.blocks import Cell, Facts, Table, Text, Tone, Toned, View
from agentctl.render.clean import clean_line

_WIDEST = 100
"""Characters of a line of code that are shown, and how many of them before the place if there are more."""
_BEFORE = 40
_TONES = {Severity.ERROR: Tone.BAD, Severity.WARNING: Tone.WARNING, Severity.INFO: Tone.DIM}


def report_data(report: SchemaReport) -> dict[str, object]:
    """Return the report as programs read it."""
    return {
        "tracking": report.tracking,
        "server_version": report.server.version or None,
        "database": report.server.database,
        "tables": {
            state.role: {"name": state.name, "found": state.table is not None} for state in report.tables
        },
        "mapping": {state.role: _role_data(state) for state in report.tables if state.table},
        "columns": [_column_data(state) for state in report.columns],
        "missing": list(report.missing),
        "indexes": [
            {"name": index.name, "present": index.present, "valid": index.valid} for index in report.indexes
        ],
        "functions": [
            {
                "name": state.function.name,
                "arguments": state.function.signature,
                "returns": state.function.returns,
                "usable": state.usable,
            }
            for state in report.functions
        ],
        "findings": [_finding_data(finding) for finding in report.findings],
    }


def report_view(report: SchemaReport) -> View:
    """Show the report: the database, the seven columns, then what should be looked at."""
    yield Facts((*_describe_origin(report.server), ("Tracking", Toned(report.tracking, Tone.STRONG))))
    rows = tuple(
        (
            state.role,
            state.full_name or state.name,
            Toned("found", Tone.GOOD) if state.table else Toned("missing", Tone.BAD),
            state.why or None,
        )
        for state in report.tables
    )
    yield Table(("role", "table", "state", "found by"), rows, title="Tables")
    yield Table(
        ("column", "state", "holds", "kept instead"),
        tuple(_column_row(state) for state in report.columns),
        title="Optional columns of the executions",
    )
    functions = tuple(
        (
            f"{state.function.name}({state.function.signature})",
            state.function.returns,
            Toned("usable", Tone.GOOD) if state.usable else Toned("not usable", Tone.BAD),
        )
        for state in report.functions
    )
    if functions:
        yield Table(("function", "returns", "state"), functions, title="Credit functions")
    if report.indexes:
        yield Table(("index", "state"), tuple(map(_index_row, report.indexes)), title="Indexes")
    if not report.findings:
        yield Text("No problems found.", Tone.GOOD)
    for finding in report.findings:
        yield from _finding_blocks(finding)


def _describe_origin(server: Server) -> tuple[tuple[str, Cell], ...]:
    """Tell what was looked at: a database, or the file that stands for one."""
    if not server.version:
        return (("Schema from", server.database),)
    return (
        ("Database", server.database),
        ("Server", f"PostgreSQL {server.version}"),
        ("Role", server.role),
        ("Search path", ", ".join(server.search_path) or "empty"),
    )


def _role_data(state: RoleState) -> dict[str, object]:
    return {
        "table": state.full_name,
        "why": state.why or None,
        "others": list(state.others),
        "columns": {
            part: {"column": choice.column, "why": choice.why, "others": list(choice.others)}
            for part, choice in (state.columns or {}).items()
        },
    }


def _column_data(state: ColumnState) -> dict[str, object]:
    return {
        "name": state.expected.name,
        "present": state.column is not None,
        "type": state.column.type if state.column else None,
        "expected_type": state.expected.type,
        "compatible": state.compatible,
        "visible": state.column.visible if state.column else None,
        "purpose": state.expected.purpose,
        "kept_instead": state.expected.kept_instead,
    }


def _column_row(state: ColumnState) -> tuple[Cell, ...]:
    if state.column is None:
        return (
            state.expected.name,
            Toned("missing", Tone.DIM),
            state.expected.purpose,
            state.expected.kept_instead,
        )
    word = Toned(state.column.type, Tone.GOOD if state.compatible else Tone.BAD)
    name, column = state.expected.name, state.column.name
    return (name if name == column else f"{name}: {column}", word, state.expected.purpose, None)


def _index_row(index: IndexState) -> tuple[Cell, ...]:
    if not index.present:
        return (index.name, Toned("missing", Tone.DIM))
    return (index.name, Toned("valid", Tone.GOOD) if index.valid else Toned("invalid", Tone.BAD))


def _finding_data(finding: Finding) -> dict[str, object]:
    file, line, column = finding.location or (None, None, None)
    in_code = {} if finding.excerpt is None else {"column": column, "excerpt": finding.excerpt}
    return {
        "id": finding.id,
        "severity": finding.severity,
        "object": finding.object,
        "message": finding.message,
        "hint": finding.hint,
        "file": file,
        "line": line or None,
        **in_code,
    }


def _finding_blocks(finding: Finding) -> View:
    """Show a finding: what is wrong, the code's own line with a mark below the place, and what settles it."""
    text = f"{finding.severity} [{finding.id}] {finding.message}"
    if finding.excerpt is not None:  # names of files and of what stands in them begin no line
        text = clean_line(f"{finding.location}: {text}")
    yield Text(text, _TONES[finding.severity])
    if finding.excerpt and finding.location:
        yield Text(_quote_line(finding.excerpt, finding.location.column))
    if finding.hint:
        yield Text(_indent_text(finding.hint), Tone.DIM)


def _quote_line(line: str, column: int) -> str:
    """Return the part of a line that a place is in, and below it a mark at the place.

    No line of the code begins a line here: a CI service might take it for a command.
    """
    if column > len(line):  # it is a piece out of a line that is longer still
        return f"  | {clean_line(line).strip()}"
    start = max(0, column - 1 - _BEFORE) if len(line) > _WIDEST else 0
    before, rest = line[start : column - 1], line[column - 1 : start + _WIDEST]
    cut = clean_line(before).lstrip()
    return f"  | {cut}{clean_line(rest).rstrip()}\n  | {' ' * len(cut)}^"


def _indent_text(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.split("\n"))
