"""Makes a catalog of what statements have created: types followed, conditions printed, everything in order.

Whoever reads it may do everything: a text tells nothing of roles that is worth more than a guess.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pglast import ast

from agentctl.core.catalog.check_constraint import Check
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
from agentctl.core.schema_files.condition_text import print_condition
from agentctl.core.schema_files.conditions import Operand, read_condition
from agentctl.core.schema_files.drafts import (
    ArgumentDraft,
    ColumnDraft,
    ConstraintDraft,
    FunctionDraft,
    IndexDraft,
    Key,
    TableDraft,
    TypeUse,
    UserType,
)
from agentctl.core.schema_files.naming import qualified
from agentctl.core.schema_files.store import Full, Store
from agentctl.core.schema_files.type_names import below, spelled, type_use

_VALUE = "value"
"""How the CHECK of a domain calls what it judges, which PostgreSQL prints in capitals."""


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

    def _domain_checks(self, use: TypeUse | None) -> Iterator[Check]:
        if use is None or use.array or not isinstance(use.of, UserType):
            return
        value = self._operand(_VALUE, use.of.base)
        for node in use.of.checks.values():
            condition = read_condition(node, {_VALUE: value}, self._kind)
            yield Check(f"CHECK ({print_condition(condition, str.upper)})", condition)

    def _constraint(self, table: TableDraft, made: ConstraintDraft) -> Constraint:
        to, check = made.reference, self._check(table, made)
        return Constraint(
            made.name,
            made.kind,
            made.columns,
            to.schema if to else None,
            to.table if to else None,
            self._target(made),
            check.definition if check else self._definition(made),
            made.validated,
            check,
        )

    def _target(self, made: ConstraintDraft) -> tuple[str, ...] | None:
        to = made.reference
        if to is None:
            return None
        table = self.store.tables.get(Full(to.schema, to.table))
        return to.columns or (table.primary_key if table else None) or None

    def _definition(self, made: ConstraintDraft) -> str:
        columns = ", ".join(map(quoted, made.columns))
        if made.reference is None:
            head, blank, nulls = made.kind.upper(), " ", made.suffix
            return f"{head}{nulls}{blank}({columns})"
        to = made.reference
        name = quoted(to.table) if to.schema in self.path else qualified(to.schema, to.table)
        keys = ", ".join(map(quoted, self._target(made) or ()))
        return f"FOREIGN KEY ({columns}) REFERENCES {name}({keys}){to.actions}{made.suffix}"

    def _check(self, table: TableDraft, made: ConstraintDraft) -> Check | None:
        if made.kind != "check":
            return None
        columns = made.check.columns if made.check else {}
        operands = {
            written: self._operand(now, table.columns[now].type)
            for written, now in columns.items()
            if now in table.columns
        }
        condition = read_condition(made.check.node if made.check else None, operands, self._kind)
        return Check(f"CHECK ({print_condition(condition)}){made.suffix}", condition)

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
