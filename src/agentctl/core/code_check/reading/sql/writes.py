"""Reads statements that write: the columns that INSERT, UPDATE, MERGE and COPY set, and their literals.

It resolves no name itself and knows nothing of columns that a statement does not mention.
"""

from collections.abc import Iterable, Iterator, Sequence

from pglast import ast
from pglast.enums import CmdType

from agentctl.core.code_check.reading.sql.literals import list_literals
from agentctl.core.code_check.reading.sql.queries import QueryReader
from agentctl.core.code_check.reading.sql.relations import list_names_of
from agentctl.core.code_check.reading.sql.scopes import OPAQUE, Level, Relation, Scope
from agentctl.core.code_check.reading.sql.values import (
    find_assigned_value,
    find_expression_to_read,
    list_cells,
    turn_rows,
)
from agentctl.core.code_check.reading.uses import ConflictUse, Purpose, RowWrite, Verb, Written
from agentctl.core.sql.names import list_names

Assignment = tuple[ast.ResTarget, Sequence[object]]
"""A column, with the values that it gets as the grammar has them; None is one that cannot be seen."""


class StatementReader(QueryReader, frozen=True):
    """Reads any statement that WITH may hold, and those that only stand alone."""

    def query(self, node: object, scope: Scope) -> Relation:
        """Read a query or a statement that writes; return what it returns."""
        if not isinstance(node, ast.InsertStmt | ast.UpdateStmt | ast.DeleteStmt | ast.MergeStmt):
            return super().query(node, scope)
        scope = self.with_clause(node.withClause, scope)
        table, level = self._read_target_table(node.relation)
        match node:
            case ast.InsertStmt():
                self._read_insert(node, table, scope, level)
            case ast.UpdateStmt():
                self._read_update(node, table, scope, level)
            case ast.DeleteStmt():
                self.from_clause(node.usingClause, scope, level)
                self.expressions(node.whereClause, scope=scope.inside(level), purpose=Purpose.FILTERED)
            case ast.MergeStmt():
                self._read_merge(node, table, scope, level)
        return self._read_returning(node.returningClause, table, scope, level)

    def copy(self, node: ast.CopyStmt) -> None:
        """Read COPY: it writes rows, or reads columns."""
        if node.relation is None:
            self.query(node.query, Scope())
            return
        table = self.collector.table(node.relation)
        names = list_names(node.attlist)
        offsets = self.collector.offsets_of_names(node.relation.location) if names else ()
        places = list(zip(names, offsets, strict=False))
        if node.is_from:
            written = [Written(name, self.collector.location_at(offset)) for name, offset in places]
            self._note_row(table, Verb.INSERT, written, node.relation, complete=bool(names))
        else:
            for name, offset in places:
                self.collector.column_at(table, name, Purpose.SELECTED, offset)

    def _read_insert(self, node: ast.InsertStmt, table: Relation, scope: Scope, level: Level) -> None:
        self.query(node.selectStmt, scope)
        columns = list(node.cols or ())
        assignments = list(zip(columns, list_cells(node.selectStmt, len(columns)), strict=True))
        known = bool(columns) or node.selectStmt is None
        self._note_write(table, Verb.INSERT, assignments, node.relation, complete=known)
        self._read_conflict(node, table, scope, level)

    def _read_conflict(self, node: ast.InsertStmt, table: Relation, scope: Scope, level: Level) -> None:
        clause = node.onConflictClause
        if clause is None:
            return
        self._read_conflict_target(clause.infer, table)
        around = Level(level.visible[:], {**level.named, ("excluded",): table})
        inside = scope.inside(around)
        if clause.infer:
            elements = [element.expr for element in clause.infer.indexElems or ()]
            self.expressions(*elements, clause.infer.whereClause, scope=inside, purpose=Purpose.FILTERED)
        if clause.targetList:
            self._read_assignments(clause.targetList, table, inside, node.relation)
        self.expressions(clause.whereClause, scope=inside, purpose=Purpose.FILTERED)

    def _read_conflict_target(self, infer: ast.InferClause | None, table: Relation) -> None:
        elements = (infer.indexElems if infer else None) or ()
        names = tuple(
            element.name
            for element in elements
            if element.name and not element.opclass and not element.collation
        )
        if not infer or not names or len(names) < len(elements) or not table.tables:
            return
        offsets = self.collector.offsets_of_names(infer.location)
        if not infer.whereClause:
            location = self.collector.location_at(offsets[0] if offsets else infer.location)
            self.collector.uses.append(ConflictUse(table.tables[0], names, location))
            return
        for name, offset in zip(names, offsets, strict=False):
            self.collector.column_at(table, name, Purpose.FILTERED, offset)

    def _read_update(self, node: ast.UpdateStmt, table: Relation, scope: Scope, level: Level) -> None:
        self.from_clause(node.fromClause, scope, level)
        inside = scope.inside(level)
        self._read_assignments(node.targetList, table, inside, node.relation)
        self.expressions(node.whereClause, scope=inside, purpose=Purpose.FILTERED)

    def _read_merge(self, node: ast.MergeStmt, table: Relation, scope: Scope, level: Level) -> None:
        self.relation(node.sourceRelation, scope, level)
        inside = scope.inside(level)
        self.expressions(node.joinCondition, scope=inside, purpose=Purpose.FILTERED)
        for clause in node.mergeWhenClauses or ():
            self.expressions(clause.condition, scope=inside, purpose=Purpose.FILTERED)
            if clause.commandType == CmdType.CMD_UPDATE:
                self._read_assignments(clause.targetList, table, inside, node.relation)
            elif clause.commandType == CmdType.CMD_INSERT:
                self._read_merge_insert(clause, table, inside, node.relation)

    def _read_merge_insert(
        self, clause: ast.MergeWhenClause, table: Relation, scope: Scope, target: ast.RangeVar | None
    ) -> None:
        columns, values = list(clause.targetList or ()), clause.values or ()
        self.expressions(values, scope=scope, purpose=Purpose.SELECTED)
        assignments = list(zip(columns, turn_rows([values], len(columns)), strict=True))
        self._note_write(table, Verb.INSERT, assignments, target, complete=bool(columns) or not values)

    def _read_target_table(self, node: ast.RangeVar | None) -> tuple[Relation, Level]:
        """Read the table that is written to, which is never a query of WITH."""
        level = Level()
        table = self.collector.table(node) if node else OPAQUE
        level.add(table, *list_names_of(node.alias if node else None, node))
        return table, level

    def _read_assignments(
        self,
        targets: Iterable[ast.ResTarget] | None,
        table: Relation,
        scope: Scope,
        target: ast.RangeVar | None,
    ) -> None:
        """Read the assignments of an UPDATE."""
        columns = list(targets or ())
        self.expressions(
            *(find_expression_to_read(column.val) for column in columns),
            scope=scope,
            purpose=Purpose.SELECTED,
        )
        assignments = [(column, [find_assigned_value(column.val)]) for column in columns]
        self._note_write(table, Verb.UPDATE, assignments, target, complete=True)

    def _note_write(
        self,
        table: Relation,
        verb: Verb,
        assignments: Sequence[Assignment],
        target: ast.RangeVar | None,
        *,
        complete: bool,
    ) -> None:
        """Note the row that is written, and the columns whose names are filled in at run time."""
        put_in = [column.location for column, _ in assignments if self.collector.is_put_in(column.location)]
        for offset in put_in:
            self.collector.leave_open("a column that is named at run time", offset)
        written = self._list_written(table, assignments)
        self._note_row(table, verb, written, target, complete=complete and not put_in)

    def _note_row(
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

    def _list_written(self, table: Relation, assignments: Iterable[Assignment]) -> Iterator[Written]:
        """Yield the columns that get a value; a column that always gets its DEFAULT is only named."""
        for target, values in assignments:
            name = target.name or ""
            own = [value for value in values if not isinstance(value, ast.SetToDefault)]
            if self.collector.is_put_in(target.location):
                continue
            if own:
                known = () if target.indirection else list_literals(own)
                location = self.collector.location_at(target.location)
                yield Written(name, location, known, always=len(own) == len(values))
            else:
                self.collector.column_at(table, name, Purpose.WRITTEN, target.location or 0)

    def _read_returning(
        self, clause: ast.ReturningClause | None, table: Relation, scope: Scope, level: Level
    ) -> Relation:
        """Read what a statement returns, of rows as they were and as they are."""
        if clause is None:
            return Relation()
        names = {option.value or "" for option in clause.options or ()} | {"old", "new"}
        level.named = {**{(name,): table for name in names}, **level.named}
        return self.targets(clause.exprs, scope.inside(level), level)
