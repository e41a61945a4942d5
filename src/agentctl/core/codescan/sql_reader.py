"""Reads SQL that application code ships: queries, writes and calls become uses.

What changes the schema is passed over, what is no PostgreSQL is told statement by statement. It never raises.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator

from pglast import ast

from agentctl.core.codescan.sql.collecting import Collector, Locate
from agentctl.core.codescan.sql.grammar import NotUnderstood, parse
from agentctl.core.codescan.sql.scopes import Scope
from agentctl.core.codescan.sql.statements import Statement, split
from agentctl.core.codescan.sql.writes import StatementReader
from agentctl.core.codescan.uses import CodeReading, Unparsed, Use

Parsed = tuple[Statement, tuple[ast.Node, ...]]
_SETS_PATH = re.compile(r"select\s+(?:pg_catalog\s*\.\s*)?set_config\s*\(\s*'search_path'", re.IGNORECASE)
_HARMLESS_PATH = frozenset({"public", "$user", "pg_catalog", "pg_temp", "extensions"})


def read_sql(
    text: str, *, file: str, locate: Locate | None = None, made: frozenset[str] = frozenset()
) -> CodeReading:
    """Read every statement of a text.

    Args:
        text: SQL, with the placeholders of any driver and the commands of psql.
        file: that it stands in.
        locate: tells line and column of an offset in the text; without it the text is the whole file.
        made: names of tables that are made elsewhere in the code, beside those that this text makes itself.

    """
    collector = Collector(file, locate or Lines(text).locate, made)
    parsed = list(_parsed(text, collector))
    collector.made |= frozenset(name for _, nodes in parsed for node in nodes for name in _made(node))
    for statement, nodes in parsed:
        collector.statement = statement
        _read(collector, nodes)
    return CodeReading(
        uses=tuple(sorted(collector.uses, key=_order)),
        unresolved=tuple(collector.unresolved),
        unparsed=tuple(collector.unparsed),
    )


def tables_made(text: str) -> frozenset[str]:
    """Return the names of the tables and views that SQL makes or changes itself."""
    collector = Collector("", Lines(text).locate, frozenset())
    return frozenset(name for _, nodes in _parsed(text, collector) for node in nodes for name in _made(node))


class Lines:
    """The lines of a text."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def locate(self, offset: int) -> tuple[int, int]:
        """Return line and column of an offset, both from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


def _parsed(text: str, collector: Collector) -> Iterator[Parsed]:
    """Parse what can be; what cannot is noted."""
    for statement in split(text):
        collector.statement = statement
        if statement.template is not None:
            collector.leave_open("SQL that is put together at run time", statement.template)
            continue
        try:
            yield statement, parse(statement)
        except NotUnderstood as error:
            collector.unparsed.append(Unparsed(collector.place(error.offset), error.why))


def _read(collector: Collector, nodes: tuple[ast.Node, ...]) -> None:
    """Read one statement; one that is nested too deeply leaves nothing behind."""
    before = len(collector.uses), len(collector.unresolved)
    try:
        for node in nodes:
            _statement(node, collector)
    except RecursionError:
        del collector.uses[before[0] :], collector.unresolved[before[1] :]
        collector.unparsed.append(Unparsed(collector.place(0), "nested too deeply"))


def _statement(node: object, collector: Collector) -> None:
    reader = StatementReader(collector)
    match node:
        case ast.ExplainStmt() | ast.PrepareStmt() | ast.DeclareCursorStmt() | ast.CreateTableAsStmt():
            _statement(node.query, collector)
        case ast.CopyStmt():
            reader.copy(node)
        case ast.VariableSetStmt(name="search_path"):
            _lose_path(node, collector)
        case ast.SelectStmt() | ast.InsertStmt() | ast.UpdateStmt() | ast.DeleteStmt() | ast.MergeStmt():
            reader.query(node, Scope())
            if _SETS_PATH.match(collector.statement.text):
                _lose(collector)


def _lose_path(node: ast.VariableSetStmt, collector: Collector) -> None:
    """Notice a search path that may lead to other schemas than the one that uses are compared with."""
    values = [one.val for one in node.args or () if isinstance(one, ast.A_Const)]
    names = {one.sval for one in values if isinstance(one, ast.String)}
    if not names or not names <= _HARMLESS_PATH:
        _lose(collector)


def _lose(collector: Collector) -> None:
    if not collector.lost:
        collector.leave_open("tables behind a search path that the code sets itself")
    collector.lost = True


def _made(node: object) -> Iterator[str]:
    """Return the tables that a statement makes or changes."""
    made: object = None
    match node:
        case ast.CreateStmt() | ast.AlterTableStmt() | ast.RenameStmt():
            made = node.relation
        case ast.CreateForeignTableStmt():
            made = node.base.relation if node.base else None
        case ast.CreateTableAsStmt():
            made = node.into.rel if node.into else None
        case ast.SelectStmt():
            made = node.intoClause.rel if node.intoClause else None
        case ast.ViewStmt():
            made = node.view
    if isinstance(made, ast.RangeVar) and made.relname:
        yield made.relname
    if isinstance(node, ast.RenameStmt) and node.newname:
        yield node.newname


def _order(use: Use) -> tuple[int, int]:
    return use.place.line, use.place.column
