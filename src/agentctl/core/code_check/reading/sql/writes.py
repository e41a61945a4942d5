"""Reads what writes: the columns that INSERT, UPDATE, MERGE and COPY set, and the literals that they get.

It decides no name itself, and knows nothing of columns that a statement does not mention.
"""

from collections.abc import Iterable, Iterator, Sequence

from pglast import ast
from pglast.enums import CmdType

from agentctl.core.code_check.reading.sql.literals import literals
from agentctl.core.code_check.reading.sql.queries import QueryReader
from agentctl.core.code_check.reading.sql.relations import called
from agentctl.core.code_check.reading.sql.scopes import OPAQUE, Level, Relation, Scope
from agentctl.core.code_check.reading.sql.values import assigned, cells, columnwise, read_for
from agentctl.core.code_check.reading.uses import ConflictUse, Purpose, RowWrite, Verb, Written
from agentctl.core.sql.names import list_names

Assignment = tuple[ast.ResTarget, Sequence[object]]
"""A column, with the values that it gets as the grammar has them; None is one that cannot be seen."""


class StatementReader(QueryReader):
    """Reads any statement that WITH may hold, and those that only stand alone."""

    def query(self, node: object, scope: Scope) -> Relation:
        """Read a query or a statement that writes; return what it returns."""
        match node:
            case ast.InsertStmt():
                return self._insert(node, scope)
            case ast.UpdateStmt():
                return self._update(node, scope)
            case ast.DeleteStmt():
                return self._delete(node, scope)
            case ast.MergeStmt():
                return self._merge(node, scope)
        return super().query(node, scope)

    def copy(self, node: ast.CopyStmt) -> None:
        """Read COPY: what goes in are rows, what comes out are columns."""
        if node.relation is None:
            self.query(node.query, Scope())
            return
        table = self.collector.table(node.relation)
        names = list_names(node.attlist)
        offsets = self.collector.offsets_of_names(node.relation.location) if names else ()
        places = list(zip(names, offsets, strict=False))
        if node.is_from:
            written = [Written(name, self.collector.location_at(offset)) for name, offset in places]
            self._row(table, Verb.INSERT, written, node.relation, complete=bool(names))
        else:
            for name, offset in places:
                self.collector.column_at(table.sources(name), name, Purpose.SELECTED, offset)

    def _insert(self, node: ast.InsertStmt, scope: Scope) -> Relation:
        scope = self.with_clause(node.withClause, scope)
        table, level = self._target(node.relation)
        self.query(node.selectStmt, scope)
        columns = list(node.cols or ())
        assignments = list(zip(columns, cells(node.selectStmt, len(columns)), strict=True))
        known = bool(columns) or node.selectStmt is None
        self._write(table, Verb.INSERT, assignments, node.relation, complete=known)
        self._conflict(node, table, scope, level)
        return self._returning(node.returningClause, table, scope, level)

    def _conflict(self, node: ast.InsertStmt, table: Relation, scope: Scope, level: Level) -> None:
        clause = node.onConflictClause
        if clause is None:
            return
        self._conflict_target(clause.infer, table)
        around = Level(level.visible[:], {**level.named, ("excluded",): table})
        inside = scope.inside(around)
        if clause.infer:
            elements = [one.expr for one in clause.infer.indexElems or ()]
            self.expressions(*elements, clause.infer.whereClause, scope=inside, purpose=Purpose.FILTERED)
        if clause.targetList:
            self._set(clause.targetList, table, inside, node.relation)
        self.expressions(clause.whereClause, scope=inside, purpose=Purpose.FILTERED)

    def _conflict_target(self, infer: ast.InferClause | None, table: Relation) -> None:
        elements = (infer.indexElems if infer else None) or ()
        names = tuple(one.name for one in elements if one.name and not one.opclass and not one.collation)
        if not infer or not names or len(names) < len(elements) or not table.tables:
            return
        offsets = self.collector.offsets_of_names(infer.location)
        if not infer.whereClause:
            location = self.collector.location_at(offsets[0] if offsets else infer.location)
            self.collector.uses.append(ConflictUse(table.tables[0], names, location))
            return
        for name, offset in zip(names, offsets, strict=False):
            self.collector.column_at(table.sources(name), name, Purpose.FILTERED, offset)

    def _update(self, node: ast.UpdateStmt, scope: Scope) -> Relation:
        scope = self.with_clause(node.withClause, scope)
        table, level = self._target(node.relation)
        self.from_clause(node.fromClause, scope, level)
        inside = scope.inside(level)
        self._set(node.targetList, table, inside, node.relation)
        self.expressions(node.whereClause, scope=inside, purpose=Purpose.FILTERED)
        return self._returning(node.returningClause, table, scope, level)

    def _delete(self, node: ast.DeleteStmt, scope: Scope) -> Relation:
        scope = self.with_clause(node.withClause, scope)
        table, level = self._target(node.relation)
        self.from_clause(node.usingClause, scope, level)
        self.expressions(node.whereClause, scope=scope.inside(level), purpose=Purpose.FILTERED)
        return self._returning(node.returningClause, table, scope, level)

    def _merge(self, node: ast.MergeStmt, scope: Scope) -> Relation:
        scope = self.with_clause(node.withClause, scope)
        table, level = self._target(node.relation)
        self.relation(node.sourceRelation, scope, level)
        inside = scope.inside(level)
        self.expressions(node.joinCondition, scope=inside, purpose=Purpose.FILTERED)
        for clause in node.mergeWhenClauses or ():
            self.expressions(clause.condition, scope=inside, purpose=Purpose.FILTERED)
            if clause.commandType == CmdType.CMD_UPDATE:
                self._set(clause.targetList, table, inside, node.relation)
            elif clause.commandType == CmdType.CMD_INSERT:
                self._merge_insert(clause, table, inside, node.relation)
        return self._returning(node.returningClause, table, scope, level)

    def _merge_insert(
        self, clause: ast.MergeWhenClause, table: Relation, scope: Scope, target: ast.RangeVar | None
    ) -> None:
        columns, values = list(clause.targetList or ()), clause.values or ()
        self.expressions(values, scope=scope, purpose=Purpose.SELECTED)
        assignments = list(zip(columns, columnwise([values], len(columns)), strict=True))
        self._write(table, Verb.INSERT, assignments, target, complete=bool(columns) or not values)

    def _target(self, node: ast.RangeVar | None) -> tuple[Relation, Level]:
        """Read the table that is written to, which WITH cannot name."""
        level = Level()
        table = self.collector.table(node) if node else OPAQUE
        level.add(table, *called(node.alias if node else None, node))
        return table, level

    def _set(
        self,
        targets: Iterable[ast.ResTarget] | None,
        table: Relation,
        scope: Scope,
        target: ast.RangeVar | None,
    ) -> None:
        """Read the assignments of an UPDATE."""
        columns = list(targets or ())
        self.expressions(*(read_for(one.val) for one in columns), scope=scope, purpose=Purpose.SELECTED)
        assignments = [(one, [assigned(one.val)]) for one in columns]
        self._write(table, Verb.UPDATE, assignments, target, complete=True)

    def _write(
        self,
        table: Relation,
        verb: Verb,
        assignments: Sequence[Assignment],
        target: ast.RangeVar | None,
        *,
        complete: bool,
    ) -> None:
        """Note the row that is written, and what is put in for one of its columns at run time."""
        put_in = [one.location for one, _ in assignments if self.collector.is_put_in(one.location)]
        for offset in put_in:
            self.collector.leave_open("a column that is named at run time", offset)
        written = self._written(table, assignments)
        self._row(table, verb, written, target, complete=complete and not put_in)

    def _row(
        self,
        table: Relation,
        verb: Verb,
        written: Iterable[Written],
        target: ast.RangeVar | None,
        *,
        complete: bool,
    ) -> None:
        columns = tuple(written)
        if table.tables and target is not None:
            location = self.collector.location_in_path(target.location, bool(target.schemaname))
            self.collector.uses.append(RowWrite(table.tables[0], verb, columns, complete, location))

    def _written(self, table: Relation, assignments: Iterable[Assignment]) -> Iterator[Written]:
        """Return what gets a value; a column that always gets its DEFAULT is named, and is not written."""
        for target, values in assignments:
            name, own = target.name or "", [one for one in values if not isinstance(one, ast.SetToDefault)]
            if self.collector.is_put_in(target.location):
                continue
            if own:
                given = () if target.indirection else literals(own)
                location = self.collector.location_at(target.location)
                yield Written(name, location, given, always=len(own) == len(values))
            else:
                sources, offset = table.sources(name), target.location or 0
                self.collector.column_at(sources, name, Purpose.WRITTEN, offset)

    def _returning(
        self, clause: ast.ReturningClause | None, table: Relation, scope: Scope, level: Level
    ) -> Relation:
        """Read what a statement returns, of rows as they were and as they are."""
        if clause is None:
            return Relation()
        names = {option.value or "" for option in clause.options or ()} | {"old", "new"}
        level.named = {**{(name,): table for name in names}, **level.named}
        return self.targets(clause.exprs, scope.inside(level), level)
