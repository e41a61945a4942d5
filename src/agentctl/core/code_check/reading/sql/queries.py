"""Reads queries: what SELECT, FROM and WITH name, and which columns they return."""

from msgspec import Struct
from pglast import ast

from agentctl.core.code_check.reading.sql.collecting import Collector
from agentctl.core.code_check.reading.sql.expressions import take_apart
from agentctl.core.code_check.reading.sql.relations import (
    apply_alias,
    list_names_of,
    read_function,
    with_names,
)
from agentctl.core.code_check.reading.sql.scopes import NOTHING, OPAQUE, Level, Relation, Scope, unite
from agentctl.core.code_check.reading.uses import Purpose
from agentctl.core.sql.column_names import (
    is_set_operation,
    is_star,
    name_column,
    name_columns_of_values,
)
from agentctl.core.sql.names import list_names


class QueryReader(Struct, frozen=True):
    """Reads the queries of one statement; what they use goes to a collector."""

    collector: Collector

    def query(self, node: object, scope: Scope) -> Relation:
        """Read a query; return it as a relation of the surrounding query."""
        return self._read_select(node, scope) if isinstance(node, ast.SelectStmt) else OPAQUE

    def expressions(self, *nodes: object, scope: Scope, purpose: Purpose, output: Relation = NOTHING) -> None:
        """Read expressions.

        Args:
            nodes: of the grammar, or tuples of them.
            scope: where they stand.
            purpose: of the columns in them.
            output: what the query returns, where its names go before those of the scope.

        """
        parts = take_apart(*nodes)
        for column, compared in parts.columns:
            path = list_names(column.fields)
            if len(path) > 1 or not (output.open or output.names.intersection(path)):
                self.collector.column(column, scope, purpose, compared)
        for call in parts.calls:
            self.collector.call(call)
        for query in parts.queries:
            self.query(query, scope)

    def with_clause(self, node: ast.WithClause | None, scope: Scope) -> Scope:
        """Read the queries that WITH names; return the scope in which they have their names."""
        queries = [
            item for item in (node.ctes if node else None) or () if isinstance(item, ast.CommonTableExpr)
        ]
        if node and node.recursive:
            for query in queries:
                scope = scope.having(query.ctename or "", OPAQUE)
        for query in queries:
            columns = self._read_named_query(query, scope, recursive=bool(node and node.recursive))
            scope = scope.having(query.ctename or "", columns)
        return scope

    def from_clause(self, nodes: tuple[object, ...] | None, scope: Scope, level: Level) -> Level:
        """Read the relations of a FROM clause into a level."""
        for node in nodes or ():
            self.relation(node, scope, level)
        return level

    def relation(self, node: object, scope: Scope, level: Level) -> None:
        """Read one relation of a FROM clause into a level."""
        if isinstance(node, ast.RangeVar):
            self._read_table(node, scope, level)
        elif isinstance(node, ast.JoinExpr):
            self._read_join(node, scope, level)
        elif isinstance(node, ast.RangeSubselect):
            columns = self.query(node.subquery, scope.inside(level) if node.lateral else scope)
            level.add(apply_alias(columns, node.alias), *list_names_of(node.alias))
        elif isinstance(node, ast.RangeTableSample):
            self.relation(node.relation, scope, level)
        elif isinstance(node, ast.Node):
            self.expressions(node, scope=scope.inside(level), purpose=Purpose.SELECTED)
            columns = read_function(node) if isinstance(node, ast.RangeFunction) else OPAQUE
            level.add(columns, *list_names_of(getattr(node, "alias", None), node))

    def targets(self, nodes: tuple[object, ...] | None, scope: Scope, level: Level) -> Relation:
        """Read what is selected or returned; return the resulting columns."""
        targets = [target for target in nodes or () if isinstance(target, ast.ResTarget)]
        self.expressions(*(target.val for target in targets), scope=scope, purpose=Purpose.SELECTED)
        return unite(self._read_target(target, scope, level) for target in targets)

    def _read_target(self, target: ast.ResTarget, scope: Scope, level: Level) -> Relation:
        """Return a selected value as a relation; a star has many columns."""
        value = target.val
        if is_star(value):
            path = list_names(value.fields) if isinstance(value, ast.ColumnRef) else None
            return unite(level.visible) if path == () else (path and scope.relation(path)) or OPAQUE
        name = target.name or name_column(value)
        return OPAQUE if name is None else Relation(names=frozenset({name}))

    def _read_select(self, node: ast.SelectStmt, scope: Scope) -> Relation:
        scope = self.with_clause(node.withClause, scope)
        if is_set_operation(node):
            return self._read_set_operation(node, scope)
        if node.valuesLists:
            return self._read_values(node, scope)
        level = self.from_clause(node.fromClause, scope, Level())
        scope = scope.inside(level)
        output = self.targets(node.targetList, scope, level)
        self.expressions(node.whereClause, node.havingClause, scope=scope, purpose=Purpose.FILTERED)
        self.expressions(node.windowClause, scope=scope, purpose=Purpose.SELECTED)
        self.expressions(
            node.groupClause, node.distinctClause, scope=scope, purpose=Purpose.SELECTED, output=output
        )
        self.expressions(node.sortClause, scope=scope, purpose=Purpose.ORDERED, output=output)
        self.expressions(node.limitCount, node.limitOffset, scope=scope, purpose=Purpose.SELECTED)
        return output

    def _read_table(self, node: ast.RangeVar, scope: Scope, level: Level) -> None:
        named = None if node.schemaname else scope.queries.get(node.relname or "")
        columns = self.collector.table(node) if named is None else named
        level.add(apply_alias(columns, node.alias), *list_names_of(node.alias, node))

    def _read_join(self, node: ast.JoinExpr, scope: Scope, level: Level) -> None:
        first = len(level.visible)
        self.relation(node.larg, scope, level)
        middle = len(level.visible)
        self.relation(node.rarg, scope, level)
        sides = unite(level.visible[first:middle]), unite(level.visible[middle:])
        self._read_using(node, sides)
        self.expressions(node.quals, scope=scope.inside(level), purpose=Purpose.FILTERED)
        for alias in (node.alias, node.join_using_alias):
            if alias is not None:
                joined = apply_alias(unite(sides), alias)
                level.add(Relation(names=joined.names), *list_names_of(alias))
                level.named[(alias.aliasname or "",)] = joined

    def _read_using(self, node: ast.JoinExpr, sides: tuple[Relation, Relation]) -> None:
        """Read the columns of USING, which both sides have, where their offsets are certain."""
        right = node.rarg
        if not node.usingClause or not isinstance(right, ast.RangeVar):
            return
        offsets = self.collector.offsets_of_names(right.location)
        for name, offset in zip(list_names(node.usingClause), offsets, strict=False):
            for side in sides:
                self.collector.column_at(side, name, Purpose.FILTERED, offset)

    def _read_named_query(self, node: ast.CommonTableExpr, scope: Scope, *, recursive: bool) -> Relation:
        names = list_names(node.aliascolnames)
        query = node.ctequery
        if recursive and isinstance(query, ast.SelectStmt) and is_set_operation(query):
            inner = self.with_clause(query.withClause, scope)
            columns = with_names(self.query(query.larg, inner), names)
            self.query(query.rarg, inner.having(node.ctename or "", columns))
        else:
            columns = with_names(self.query(query, scope), names)
        return with_names(columns, _list_search_columns(node))

    def _read_set_operation(self, node: ast.SelectStmt, scope: Scope) -> Relation:
        """Read the arms of a UNION, however many; the first names the columns."""
        waiting, arms = [node], []
        while waiting:
            arm = waiting.pop()
            if not is_set_operation(arm) or (arm is not node and arm.withClause):
                arms.append(arm)
            else:
                waiting += [side for side in (arm.rarg, arm.larg) if side is not None]
        columns = [self._read_select(arm, scope) for arm in arms]
        for sorting in (node.limitCount, node.limitOffset):
            self.expressions(sorting, scope=scope, purpose=Purpose.SELECTED)
        return columns[0] if columns else OPAQUE

    def _read_values(self, node: ast.SelectStmt, scope: Scope) -> Relation:
        self.expressions(node.valuesLists, scope=scope, purpose=Purpose.SELECTED)
        return Relation(names=frozenset(name_columns_of_values(node)))


def _list_search_columns(node: ast.CommonTableExpr) -> tuple[str, ...]:
    """Return the columns that SEARCH and CYCLE add to a query of WITH."""
    search, cycle = node.search_clause, node.cycle_clause
    names = (
        search and search.search_seq_column,
        cycle and cycle.cycle_mark_column,
        cycle and cycle.cycle_path_column,
    )
    return tuple(name for name in names if name)
