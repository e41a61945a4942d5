"""Reads SQL that application code ships: queries, writes and calls become uses.

Statements that change the schema are skipped; those that PostgreSQL does not know are reported one by one. It
never raises.
"""

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct
from pglast import ast

from agentctl.core.code_check.reading.sql.collecting import Collector, Locate
from agentctl.core.code_check.reading.sql.definitions import list_tables_made_by
from agentctl.core.code_check.reading.sql.readable import ReadableStatement, split_readable_statements
from agentctl.core.code_check.reading.sql.scopes import Scope
from agentctl.core.code_check.reading.sql.writes import StatementReader
from agentctl.core.code_check.reading.uses import CodeReading, Unparsed
from agentctl.core.sql.lines import Lines
from agentctl.core.sql.parsing import TOO_DEEP, NotParsed, parse

_SETS_PATH = re.compile(r"select\s+(?:pg_catalog\s*\.\s*)?set_config\s*\(\s*'search_path'", re.IGNORECASE)
_HARMLESS_PATH = frozenset({"public", "$user", "pg_catalog", "pg_temp", "extensions"})


def read_sql(text: str, *, file: str) -> CodeReading:
    """Read every statement of a file.

    Args:
        text: SQL, with the placeholders of any driver and the commands of psql.
        file: its name, for locations.

    """
    return read_texts([(text, Lines(text).locate)], file=file)


def read_texts(texts: Iterable[tuple[str, Locate]], *, file: str, lost: bool = False) -> CodeReading:
    """Read every statement of several texts that stand in one file.

    Args:
        texts: each with a function that finds the line and column of an offset in it.
        file: its name, for locations.
        lost: whether the schema of a table that is named without one is unknown.

    """
    collector = Collector(file)
    parsed = [item for text, locate in texts for item in _parse_statements(text, locate, collector)]
    collector.made_tables = frozenset(
        name for item in parsed for node in item.nodes for name in list_tables_made_by(node)
    )
    paths = [item for item in parsed if any(_sets_path(node, item.statement) for node in item.nodes)]
    collector.lost = lost or bool(paths)
    for item in paths[:1]:
        collector.begin(item.statement, item.locate)
        collector.leave_open("tables behind a search path that the code sets itself")
    for item in parsed:
        collector.begin(item.statement, item.locate)
        _read_parsed(collector, item.nodes)
    return CodeReading(
        uses=tuple(sorted(dict.fromkeys(collector.uses), key=lambda use: use.location)),
        unresolved=tuple(collector.unresolved),
        unparsed=tuple(collector.unparsed),
    )


class _Parsed(Struct, frozen=True):
    statement: ReadableStatement
    nodes: tuple[ast.Node, ...]
    locate: Locate


def _parse_statements(text: str, locate: Locate, collector: Collector) -> Iterator[_Parsed]:
    """Yield the parsed statements; those that cannot be parsed are noted."""
    for statement in split_readable_statements(text):
        collector.begin(statement, locate)
        if statement.template is not None:
            collector.leave_open("SQL that is built at run time", statement.template)
            continue
        try:
            yield _Parsed(statement, parse(statement.text, depth=statement.depth), locate)
        except NotParsed as error:
            collector.unparsed.append(Unparsed(collector.location_at(error.offset), error.message))


def _read_parsed(collector: Collector, nodes: tuple[ast.Node, ...]) -> None:
    """Read one statement; a statement that is nested too deeply leaves nothing behind."""
    before = len(collector.uses), len(collector.unresolved)
    try:
        for node in nodes:
            _read_statement(node, collector)
    except RecursionError:
        del collector.uses[before[0] :], collector.unresolved[before[1] :]
        collector.unparsed.append(Unparsed(collector.location_at(0), TOO_DEEP))


def _read_statement(node: object, collector: Collector) -> None:
    reader = StatementReader(collector)
    match node:
        case ast.ExplainStmt() | ast.PrepareStmt() | ast.DeclareCursorStmt() | ast.CreateTableAsStmt():
            _read_statement(node.query, collector)
        case ast.CopyStmt():
            reader.copy(node)
        case ast.SelectStmt() | ast.InsertStmt() | ast.UpdateStmt() | ast.DeleteStmt() | ast.MergeStmt():
            reader.query(node, Scope())


def _sets_path(node: object, statement: ReadableStatement) -> bool:
    """Whether a statement sets a search path that may lead to other schemas than those of the role."""
    if isinstance(node, ast.VariableSetStmt) and node.name == "search_path":
        values = [constant.val for constant in node.args or () if isinstance(constant, ast.A_Const)]
        names = {constant.sval for constant in values if isinstance(constant, ast.String)}
        return not names or not names <= _HARMLESS_PATH
    return isinstance(node, ast.SelectStmt) and bool(_SETS_PATH.match(statement.text))
