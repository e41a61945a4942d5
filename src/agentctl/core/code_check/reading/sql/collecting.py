"""Collects the uses of one text, with their locations in its file.

What it gets is certain; it judges nothing.
"""

import re
from collections.abc import Callable

from msgspec import Struct, field
from pglast import ast

from agentctl.core.code_check.reading.sql.literals import list_literals
from agentctl.core.code_check.reading.sql.readable import ReadableStatement
from agentctl.core.code_check.reading.sql.scopes import OPAQUE, Relation, Scope
from agentctl.core.code_check.reading.uses import (
    CallUse,
    CodeLiteral,
    ColumnUse,
    Named,
    Purpose,
    TableUse,
    Unparsed,
    Unresolved,
    Use,
    Written,
)
from agentctl.core.location import Location
from agentctl.core.sql import builtins
from agentctl.core.sql.names import list_names

Locate = Callable[[int], tuple[int, int]]
"""Tells line and column, from 1, of an offset in a text."""
_NAME = re.compile(r'(?:[uU]&)?"(?:[^"]|"")*"|[^\W\d][\w$]*')
_DOT = re.compile(r"\s*\.\s*")
_IN_PARENTHESES = re.compile(r"\(([^()]*)\)")


class Collector(Struct):
    """What has been collected so far.

    Attributes:
        file: the file that holds the text.
        made_tables: tables that the code itself makes or changes, whose columns are therefore unknown.
        lost: whether the schema of a table that is named without one is unknown.
        statement: the statement that is being read.

    """

    file: str
    made_tables: frozenset[str] = frozenset()
    lost: bool = False
    statement: ReadableStatement = field(default_factory=lambda: ReadableStatement("", 0))
    uses: list[Use] = field(default_factory=list)
    unresolved: list[Unresolved] = field(default_factory=list)
    unparsed: list[Unparsed] = field(default_factory=list)
    _locate: Locate = lambda offset: (1, offset + 1)

    def begin(self, statement: ReadableStatement, locate: Locate) -> None:
        """Continue with another statement, whose text has its own offsets."""
        self.statement = statement
        self._locate = locate

    def location_at(self, offset: int | None) -> Location:
        """Return where something stands in the file."""
        line, column = self._locate(self.statement.start + (offset or 0))
        return Location(self.file, line, column)

    def location_in_path(self, offset: int | None, position: int) -> Location:
        """Return where the name at `position` of a path such as `a.b.c` stands."""
        start = at = offset or 0
        for _ in range(position):
            name = _NAME.match(self.statement.text, at)
            dot = _DOT.match(self.statement.text, name.end()) if name else None
            if dot is None:
                return self.location_at(start)
            at = dot.end()
        return self.location_at(at)

    def is_put_in(self, offset: int | None) -> bool:
        """Whether the source has a placeholder there, for which anything may be filled in."""
        return offset in self.statement.placeholders

    def leave_open(self, what: str, offset: int | None = 0) -> None:
        """Note something that stays unknown."""
        self.unresolved.append(Unresolved(what, self.location_at(offset)))

    def table(self, node: ast.RangeVar) -> Relation:
        """Note a table of the live database; return it as a relation."""
        named = Named(node.relname or "", node.schemaname)
        if self.is_put_in(node.location):
            self.leave_open("a table that is named at run time", node.location)
            return OPAQUE
        if named.name in self.made_tables or builtins.is_relation(named.schema, named.name):
            return OPAQUE
        if self.lost and named.schema is None:
            return OPAQUE
        before = sum(part is not None for part in (node.catalogname, node.schemaname))
        self.uses.append(TableUse(named, self.location_in_path(node.location, before)))
        return Relation(tables=(named,))

    def column(
        self, node: ast.ColumnRef, scope: Scope, purpose: Purpose, compared: tuple[CodeLiteral, ...] = ()
    ) -> None:
        """Note a column, if the tables to which it can belong are certain."""
        path = list_names(node.fields)
        if len(path) != len(node.fields or ()) or self.is_put_in(node.location):
            return
        if sources := scope.sources(path):
            location = self.location_in_path(node.location, len(path) - 1)
            self.uses.append(ColumnUse(sources, path[-1], purpose, location, compared))

    def call(self, node: ast.FuncCall) -> None:
        """Note a function that is called with arguments by name."""
        path = list_names(node.funcname)
        if builtins.is_function(path):
            return
        arguments = tuple(
            Written(argument.name or "", self.location_at(argument.location), list_literals([argument.arg]))
            for argument in node.args or ()
            if isinstance(argument, ast.NamedArgExpr)
        )
        schema = path[-2] if len(path) > 1 else None
        location = self.location_in_path(node.location, len(path) - 1)
        complete = len(arguments) == len(node.args or ())
        self.uses.append(CallUse(path[-1], schema, arguments, complete, location))

    def column_at(self, relation: Relation, name: str, purpose: Purpose, offset: int) -> None:
        """Note a column of a relation, if the tables to which it can belong are certain."""
        if sources := relation.sources(name):
            self.uses.append(ColumnUse(sources, name, purpose, self.location_at(offset)))

    def offsets_of_names(self, offset: int | None) -> tuple[int, ...]:
        """Return the offsets of the names in the next parentheses, which the grammar leaves out."""
        parentheses = _IN_PARENTHESES.search(self.statement.text, offset or 0)
        if parentheses is None:
            return ()
        return tuple(name.start() for name in _NAME.finditer(self.statement.text, *parentheses.span(1)))
