"""Makes a catalog of what statements have created: types followed, conditions printed, everything in order.

Whoever reads it may do everything: a text tells nothing of roles that is worth more than a guess.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pglast import ast

from agentctl.core.catalog.introspection import (
    Argument,
    Catalog,
    Column,
    Constraint,
    Function,
    Index,
    RowSecurity,
    Server,
    Table,
)
from agentctl.core.database.quoting import quoted
from agentctl.core.schema_files.conditions import Operand, condition_text
from agentctl.core.schema_files.drafts import (
    ArgumentDraft,
    ColumnDraft,
    ConstraintDraft,
    FunctionDraft,
    IndexDraft,
    Key,
    Spoken,
    TableDraft,
    TypeUse,
    UserType,
)
from agentctl.core.schema_files.naming import qualified
from agentctl.core.schema_files.store import Full, Store
from agentctl.core.schema_files.type_names import below, spelled, type_use

_VALUE = "VALUE"


def assemble(store: Store, *, database: str, search_path: tuple[str, ...]) -> Catalog:
    """Return the catalog of everything in a store.

    Args:
        store: read, not changed.
        database: what to call it.
        search_path: what the first tables are of; their types need no schema.

    """
    return _Assembly(replace(store, path=search_path), search_path).catalog(database)


@dataclass(frozen=True, slots=True)
class _Assembly:
    store: Store
    path: tuple[str, ...]

    def catalog(self, database: str) -> Catalog:
        functions = [one for overloads in self.store.functions.values() for one in overloads]
        made = [self._function(one) for one in functions]
        return Catalog(
            server=Server("", 0, database, "", self.path, read_only=True, bypasses_row_security=True),
            tables=tuple(
                self._table(table)
                for table in sorted(
                    self.store.tables.values(), key=lambda one: (*self._rank(one.schema), one.name)
                )
            ),
            functions=tuple(sorted(made, key=lambda one: (*self._rank(one.schema), one.name, one.signature))),
        )

    def _rank(self, schema: str) -> tuple[int, str]:
        return (self.path.index(schema) if schema in self.path else len(self.path), schema)

    def _table(self, table: TableDraft) -> Table:
        return Table(
            table.schema,
            table.name,
            table.kind,
            tuple(self._column(column) for column in table.columns.values()),
            tuple(self._constraint(table, table.constraints[name]) for name in sorted(table.constraints)),
            tuple(_index(table, table.indexes[name]) for name in sorted(table.indexes)),
            RowSecurity(enabled=table.row_security, active=False, policies=()),
            estimated_rows=-1,
            triggers=tuple(table.triggers[name] for name in sorted(table.triggers)),
            insertable=table.insertable,
        )

    def _column(self, column: ColumnDraft) -> Column:
        base = below(column.type)
        labels = base.of.labels if base and isinstance(base.of, UserType) and not base.array else None
        return Column(
            column.name,
            self._spelled(column.type),
            self._spelled(base, bare=True),
            nullable=column.nullable and not _refuses_null(column.type),
            default=column.default,
            generated=column.generated,
            enum_labels=labels,
            readable=True,
            insertable=True,
            updatable=True,
            sequence=column.sequence,
            sequence_usable=True if column.sequence else None,
            domain_checks=tuple(self._domain_checks(column.type)),
        )

    def _domain_checks(self, use: TypeUse | None) -> Iterator[str]:
        if use is None or use.array or not isinstance(use.of, UserType):
            return
        value = self._operand(_VALUE, use.of.base)
        for node in use.of.checks.values():
            yield f"CHECK ({condition_text(node, {'value': value}, self._kind)})"

    def _constraint(self, table: TableDraft, made: ConstraintDraft) -> Constraint:
        to = made.reference
        return Constraint(
            made.name,
            made.kind,
            made.columns,
            to.schema if to else None,
            to.table if to else None,
            self._target(made),
            self._definition(table, made),
            made.validated,
        )

    def _target(self, made: ConstraintDraft) -> tuple[str, ...] | None:
        to = made.reference
        if to is None:
            return None
        table = self.store.tables.get(Full(to.schema, to.table))
        return to.columns or (table.primary_key if table else None) or None

    def _definition(self, table: TableDraft, made: ConstraintDraft) -> str:
        columns = ", ".join(map(quoted, made.columns))
        if made.kind == "check":
            return f"CHECK ({self._condition(table, made.check)}){made.suffix}"
        if made.reference is None:
            head, blank, nulls = made.kind.upper(), " ", made.suffix
            return f"{head}{nulls}{blank}({columns})"
        to = made.reference
        name = quoted(to.table) if to.schema in self.path else qualified(to.schema, to.table)
        keys = ", ".join(map(quoted, self._target(made) or ()))
        return f"FOREIGN KEY ({columns}) REFERENCES {name}({keys}){to.actions}{made.suffix}"

    def _condition(self, table: TableDraft, spoken: Spoken | None) -> str:
        operands = {
            said: self._operand(quoted(now), table.columns[now].type)
            for said, now in (spoken.columns.items() if spoken else ())
            if now in table.columns
        }
        return condition_text(spoken.node if spoken else None, operands, self._kind)

    def _operand(self, text: str, use: TypeUse | None) -> Operand:
        base = below(use)
        is_enum = bool(
            base and isinstance(base.of, UserType) and base.of.labels is not None and not base.array
        )
        return Operand(text, self._spelled(base, bare=True), is_enum=is_enum)

    def _kind(self, node: ast.TypeName) -> Operand:
        return self._operand("", type_use(self.store, node))

    def _function(self, function: FunctionDraft) -> Function:
        return Function(
            function.schema,
            function.name,
            tuple(self._argument(one) for one in function.arguments),
            ", ".join(self._signature(one) for one in function.arguments if one.mode != "t"),
            self._returns(function),
            security_definer=function.security_definer,
            settings=function.settings,
            executable=True,
            public=True,
            asks_who=function.asks_who,
        )

    def _argument(self, argument: ArgumentDraft) -> Argument:
        return Argument(
            argument.name, self._spelled(argument.type, bare=True), argument.mode, argument.optional
        )

    def _signature(self, argument: ArgumentDraft) -> str:
        mode = {"o": "OUT ", "b": "INOUT ", "v": "VARIADIC "}.get(argument.mode, "")
        name = f"{quoted(argument.name)} " if argument.name else ""
        return f"{mode}{name}{self._spelled(argument.type, bare=True)}"

    def _returns(self, function: FunctionDraft) -> str:
        rows = [one for one in function.arguments if one.mode == "t"]
        if rows:
            return f"TABLE({', '.join(self._signature(one) for one in rows)})"
        given = [one.type for one in function.arguments if one.mode in "ob"]
        use = function.returns or (given[0] if len(given) == 1 else TypeUse("record" if given else "void"))
        return f"{'SETOF ' if function.set_of else ''}{self._spelled(use, bare=True)}"

    def _spelled(self, use: TypeUse | None, *, bare: bool = False) -> str:
        return spelled(use, lambda schema: schema in self.path, bare=bare)


def _refuses_null(use: TypeUse | None) -> bool:
    while use is not None and isinstance(use.of, UserType) and not use.array:
        if use.of.not_null:
            return True
        use = use.of.base
    return False


def _index(table: TableDraft, index: IndexDraft) -> Index:
    unique = "UNIQUE " if index.unique else ""
    keys = ", ".join(f"{_key(key)}{key.order}" for key in index.keys)
    included = f" INCLUDE ({', '.join(map(quoted, index.included))})" if index.included else ""
    condition = f" WHERE ({index.condition})" if index.condition else ""
    return Index(
        index.name,
        index.method,
        tuple(_key(key) for key in index.keys),
        index.unique,
        valid=index.valid,
        partial=index.condition is not None,
        definition=f"CREATE {unique}INDEX {quoted(index.name)} ON {qualified(table.schema, table.name)}"
        f" USING {index.method} ({keys}){included}{condition}",
    )


def _key(key: Key) -> str:
    return quoted(key.column) if key.column else key.expression
