"""Reads SQL that application code ships: queries, writes and calls become uses.

What changes the schema is passed over, what is no PostgreSQL is told statement by statement. It never raises.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pglast import ast

from agentctl.core.code_check.reading.sql.collecting import Collector, Locate
from agentctl.core.code_check.reading.sql.definitions import made_by
from agentctl.core.code_check.reading.sql.readable import ReadableStatement, split_readable_statements
from agentctl.core.code_check.reading.sql.scopes import Scope
from agentctl.core.code_check.reading.sql.writes import StatementReader
from agentctl.core.code_check.reading.uses import CodeReading, Unparsed, Use
from agentctl.core.sql.lines import Lines
from agentctl.core.sql.parsing import TOO_DEEP, NotParsed, parse

_SETS_PATH = re.compile(r"select\s+(?:pg_catalog\s*\.\s*)?set_config\s*\(\s*'search_path'", re.IGNORECASE)
_HARMLESS_PATH = frozenset({"public", "$user", "pg_catalog", "pg_temp", "extensions"})


def read_sql(text: str, *, file: str, made: frozenset[str] = frozenset()) -> CodeReading:
    """Read every statement of a file.

    Args:
        text: SQL, with the placeholders of any driver and the commands of psql.
        file: its name, for places.
        made: names of tables that are made elsewhere in the code, beside those that this text makes itself.

    """
    return read_texts([(text, Lines(text).locate)], file=file, made=made)


def read_texts(
    texts: Iterable[tuple[str, Locate]], *, file: str, made: frozenset[str] = frozenset(), lost: bool = False
) -> CodeReading:
    """Read every statement of several texts that stand in one file.

    Args:
        texts: each with what tells line and column of an offset in it.
        file: its name, for places.
        made: as in `read_sql`.
        lost: whether it is not known in which schema a table without one is.

    """
    collector = Collector(file, made)
    parsed = [one for text, locate in texts for one in _parsed(text, locate, collector)]
    collector.made |= frozenset(name for one in parsed for node in one.nodes for name in made_by(node))
    paths = [one for one in parsed if any(_sets_path(node, one.statement) for node in one.nodes)]
    collector.lost = lost or bool(paths)
    for one in paths[:1]:
        collector.begin(one.statement, one.locate)
        collector.leave_open("tables behind a search path that the code sets itself")
    for one in parsed:
        collector.begin(one.statement, one.locate)
        _read(collector, one.nodes)
    return CodeReading(
        uses=tuple(sorted(dict.fromkeys(collector.uses), key=_order)),
        unresolved=tuple(collector.unresolved),
        unparsed=tuple(collector.unparsed),
    )


def tables_made(text: str) -> frozenset[str]:
    """Return the names of the tables and views that SQL makes or changes itself."""
    parsed = _parsed(text, Lines(text).locate, Collector("", frozenset()))
    return frozenset(name for one in parsed for node in one.nodes for name in made_by(node))


@dataclass(frozen=True, slots=True)
class _Parsed:
    statement: ReadableStatement
    nodes: tuple[ast.Node, ...]
    locate: Locate


def _parsed(text: str, locate: Locate, collector: Collector) -> Iterator[_Parsed]:
    """Parse what can be; what cannot is noted."""
    for statement in split_readable_statements(text):
        collector.begin(statement, locate)
        if statement.template is not None:
            collector.leave_open("SQL that is built at run time", statement.template)
            continue
        try:
            yield _Parsed(statement, parse(statement.text, depth=statement.depth), locate)
        except NotParsed as error:
            collector.unparsed.append(Unparsed(collector.location_at(error.offset), error.message))


def _read(collector: Collector, nodes: tuple[ast.Node, ...]) -> None:
    """Read one statement; one that is nested too deeply leaves nothing behind."""
    before = len(collector.uses), len(collector.unresolved)
    try:
        for node in nodes:
            _statement(node, collector)
    except RecursionError:
        del collector.uses[before[0] :], collector.unresolved[before[1] :]
        collector.unparsed.append(Unparsed(collector.location_at(0), TOO_DEEP))


def _statement(node: object, collector: Collector) -> None:
    reader = StatementReader(collector)
    match node:
        case ast.ExplainStmt() | ast.PrepareStmt() | ast.DeclareCursorStmt() | ast.CreateTableAsStmt():
            _statement(node.query, collector)
        case ast.CopyStmt():
            reader.copy(node)
        case ast.SelectStmt() | ast.InsertStmt() | ast.UpdateStmt() | ast.DeleteStmt() | ast.MergeStmt():
            reader.query(node, Scope())


def _sets_path(node: object, statement: ReadableStatement) -> bool:
    """Whether a statement sets a search path that may lead to other schemas than those of the role."""
    if isinstance(node, ast.VariableSetStmt) and node.name == "search_path":
        values = [one.val for one in node.args or () if isinstance(one, ast.A_Const)]
        names = {one.sval for one in values if isinstance(one, ast.String)}
        return not names or not names <= _HARMLESS_PATH
    return isinstance(node, ast.SelectStmt) and bool(_SETS_PATH.match(statement.text))


def _order(use: Use) -> tuple[int, int]:
    return use.location.line, use.location.column
