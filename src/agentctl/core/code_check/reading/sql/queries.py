"""Reads queries: what SELECT, FROM and WITH name, and what columns they return."""

from pglast import ast

from agentctl.core.code_check.reading.sql.collecting import Collector
from agentctl.core.code_check.reading.sql.expressions import taken_apart
from agentctl.core.code_check.reading.sql.relations import aliased, called, of_function, with_names
from agentctl.core.code_check.reading.sql.scopes import NOTHING, OPAQUE, Level, Relation, Scope, united
from agentctl.core.code_check.reading.uses import Purpose
from agentctl.core.sql.column_names import (
    is_set_operation,
    is_star,
    name_column,
    name_columns_of_values,
)
from agentctl.core.sql.names import list_names


class QueryReader:
    """Reads the queries of one statement; what they use goes to a collector."""

    def __init__(self, collector: Collector) -> None:
        self.collector = collector

    def query(self, node: object, scope: Scope) -> Relation:
        """Read a query; return what it consists of for what stands around it."""
        return self._select(node, scope) if isinstance(node, ast.SelectStmt) else OPAQUE

    def expressions(self, *nodes: object, scope: Scope, purpose: Purpose, made: Relation = NOTHING) -> None:
        """Read expressions.

        Args:
            nodes: of the grammar, or tuples of them.
            scope: where they stand.
            purpose: of the columns in them.
            made: what the query returns, where its names go before those of the scope.

        """
        parts = taken_apart(*nodes)
        for column, compared in parts.columns:
            path = list_names(column.fields)
            if len(path) > 1 or not (made.open or made.names.intersection(path)):
                self.collector.column(column, scope, purpose, compared)
        for call in parts.calls:
            self.collector.call(call)
        for query in parts.queries:
            self.query(query, scope)

    def with_clause(self, node: ast.WithClause | None, scope: Scope) -> Scope:
        """Read the queries that WITH names; return the scope in which they have their names."""
        queries = [one for one in (node.ctes if node else None) or () if isinstance(one, ast.CommonTableExpr)]
        if node and node.recursive:
            for query in queries:
                scope = scope.having(query.ctename or "", OPAQUE)
        for query in queries:
            found = self._named_query(query, scope, recursive=bool(node and node.recursive))
            scope = scope.having(query.ctename or "", found)
        return scope

    def from_clause(self, nodes: object, scope: Scope, level: Level) -> Level:
        """Read the relations of a FROM clause into a level."""
        for node in nodes if isinstance(nodes, tuple) else ():
            self.relation(node, scope, level)
        return level

    def relation(self, node: object, scope: Scope, level: Level) -> None:
        """Read one relation of a FROM clause into a level."""
        if isinstance(node, ast.RangeVar):
            self._table(node, scope, level)
        elif isinstance(node, ast.JoinExpr):
            self._join(node, scope, level)
        elif isinstance(node, ast.RangeSubselect):
            found = self.query(node.subquery, scope.inside(level) if node.lateral else scope)
            level.add(aliased(found, node.alias), *called(node.alias))
        elif isinstance(node, ast.RangeTableSample):
            self.relation(node.relation, scope, level)
        elif isinstance(node, ast.Node):
            self.expressions(node, scope=scope.inside(level), purpose=Purpose.SELECTED)
            found = of_function(node) if isinstance(node, ast.RangeFunction) else OPAQUE
            level.add(found, *called(getattr(node, "alias", None), node))

    def targets(self, nodes: object, scope: Scope, level: Level) -> Relation:
        """Read what is selected or returned; return the columns that this makes."""
        targets = [one for one in nodes if isinstance(one, ast.ResTarget)] if isinstance(nodes, tuple) else []
        self.expressions(*(one.val for one in targets), scope=scope, purpose=Purpose.SELECTED)
        return united(self._column(one, scope, level) for one in targets)

    def _column(self, target: ast.ResTarget, scope: Scope, level: Level) -> Relation:
        """Return one column as a relation: a star makes many of it."""
        value = target.val
        if is_star(value):
            path = list_names(value.fields) if isinstance(value, ast.ColumnRef) else None
            return united(level.visible) if path == () else (path and scope.relation(path)) or OPAQUE
        name = target.name or name_column(value)
        return OPAQUE if name is None else Relation(names=frozenset({name}))

    def _select(self, node: ast.SelectStmt, scope: Scope) -> Relation:
        scope = self.with_clause(node.withClause, scope)
        if is_set_operation(node):
            return self._set_operation(node, scope)
        if node.valuesLists:
            return self._values(node, scope)
        level = self.from_clause(node.fromClause, scope, Level())
        scope = scope.inside(level)
        made = self.targets(node.targetList, scope, level)
        self.expressions(node.whereClause, node.havingClause, scope=scope, purpose=Purpose.FILTERED)
        self.expressions(node.windowClause, scope=scope, purpose=Purpose.SELECTED)
        self.expressions(
            node.groupClause, node.distinctClause, scope=scope, purpose=Purpose.SELECTED, made=made
        )
        self.expressions(node.sortClause, scope=scope, purpose=Purpose.ORDERED, made=made)
        self.expressions(node.limitCount, node.limitOffset, scope=scope, purpose=Purpose.SELECTED)
        return made

    def _table(self, node: ast.RangeVar, scope: Scope, level: Level) -> None:
        named = None if node.schemaname else scope.queries.get(node.relname or "")
        found = self.collector.table(node) if named is None else named
        level.add(aliased(found, node.alias), *called(node.alias, node))

    def _join(self, node: ast.JoinExpr, scope: Scope, level: Level) -> None:
        first = len(level.visible)
        self.relation(node.larg, scope, level)
        middle = len(level.visible)
        self.relation(node.rarg, scope, level)
        sides = united(level.visible[first:middle]), united(level.visible[middle:])
        self._using(node, sides)
        self.expressions(node.quals, scope=scope.inside(level), purpose=Purpose.FILTERED)
        for alias in (node.alias, node.join_using_alias):
            if alias is not None:
                joined = aliased(united(sides), alias)
                level.add(Relation(names=joined.names), *called(alias))
                level.named[(alias.aliasname or "",)] = joined

    def _using(self, node: ast.JoinExpr, sides: tuple[Relation, Relation]) -> None:
        """Read the columns of USING, each of which both sides have, where it is certain where they stand."""
        right = node.rarg
        if not node.usingClause or not isinstance(right, ast.RangeVar):
            return
        offsets = self.collector.offsets_of_names(right.location)
        for name, offset in zip(list_names(node.usingClause), offsets, strict=False):
            for side in sides:
                self.collector.column_at(side.sources(name), name, Purpose.FILTERED, offset)

    def _named_query(self, node: ast.CommonTableExpr, scope: Scope, *, recursive: bool) -> Relation:
        names = list_names(node.aliascolnames)
        query = node.ctequery
        if recursive and isinstance(query, ast.SelectStmt) and is_set_operation(query):
            inner = self.with_clause(query.withClause, scope)
            found = with_names(self.query(query.larg, inner), names)
            self.query(query.rarg, inner.having(node.ctename or "", found))
        else:
            found = with_names(self.query(query, scope), names)
        return with_names(found, _added_by_search(node))

    def _set_operation(self, node: ast.SelectStmt, scope: Scope) -> Relation:
        """Read the arms of a UNION, however many; the first names the columns."""
        waiting, arms = [node], []
        while waiting:
            arm = waiting.pop()
            if not is_set_operation(arm) or (arm is not node and arm.withClause):
                arms.append(arm)
            else:
                waiting += [one for one in (arm.rarg, arm.larg) if one is not None]
        found = [self._select(arm, scope) for arm in arms]
        for sorting in (node.limitCount, node.limitOffset):
            self.expressions(sorting, scope=scope, purpose=Purpose.SELECTED)
        return found[0] if found else OPAQUE

    def _values(self, node: ast.SelectStmt, scope: Scope) -> Relation:
        self.expressions(node.valuesLists, scope=scope, purpose=Purpose.SELECTED)
        return Relation(names=frozenset(name_columns_of_values(node)))


def _added_by_search(node: ast.CommonTableExpr) -> tuple[str, ...]:
    """Return the columns that SEARCH and CYCLE add to a query of WITH."""
    search, cycle = node.search_clause, node.cycle_clause
    names = (
        search and search.search_seq_column,
        cycle and cycle.cycle_mark_column,
        cycle and cycle.cycle_path_column,
    )
    return tuple(name for name in names if name)
