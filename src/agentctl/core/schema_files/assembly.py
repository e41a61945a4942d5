"""Makes a catalog of what statements have created: with types resolved, conditions read, everything in order.

The catalog lets its reader do everything: what SQL files say of roles is worth no more than a guess.
"""

from collections.abc import Iterator
from itertools import chain

from msgspec import Struct
from msgspec.structs import replace
from pglast import ast

from agentctl.core.catalog.check_constraint import Check
from agentctl.core.catalog.introspection import (
    Argument,
    Catalog,
    Column,
    Constraint,
    Function,
    Index,
    Server,
    Table,
)
from agentctl.core.catalog.row_security import RowSecurity
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
)
from agentctl.core.schema_files.naming import qualified
from agentctl.core.schema_files.store import Store
from agentctl.core.schema_files.type_names import below, spelled, type_use

_VALUE = "value"
"""How the CHECK of a domain calls what it judges, which PostgreSQL prints in capitals."""


def assemble(store: Store, *, database: str, search_path: tuple[str, ...]) -> Catalog:
    """Return the catalog of everything in a store.

    Args:
        store: read, not changed.
        database: what to call it.
        search_path: the schemas whose tables come first, and whose types need no schema.

    """
    return _Assembly(replace(store, path=search_path), search_path).catalog(database)


class _Assembly(Struct, frozen=True):
    store: Store
    path: tuple[str, ...]

    def catalog(self, database: str) -> Catalog:
        functions = map(self._assemble_function, chain(*self.store.functions.values()))
        return Catalog(
            server=Server("", 0, database, "", self.path, read_only=True, bypasses_row_security=True),
            tables=tuple(
                self._assemble_table(table)
                for table in sorted(
                    self.store.tables.values(), key=lambda item: (*self._rank_schema(item.schema), item.name)
                )
            ),
            functions=tuple(
                sorted(
                    functions, key=lambda item: (*self._rank_schema(item.schema), item.name, item.signature)
                )
            ),
        )

    def _rank_schema(self, schema: str) -> tuple[int, str]:
        return (self.path.index(schema) if schema in self.path else len(self.path), schema)

    def _assemble_table(self, table: TableDraft) -> Table:
        return Table(
            table.schema,
            table.name,
            table.kind,
            tuple(map(self._assemble_column, table.columns.values())),
            tuple(
                self._assemble_constraint(table, table.constraints[name])
                for name in sorted(table.constraints)
            ),
            tuple(_assemble_index(table, table.indexes[name]) for name in sorted(table.indexes)),
            RowSecurity(enabled=table.row_security, active=False, policies=()),
            estimated_rows=-1,
            triggers=tuple(table.triggers[name] for name in sorted(table.triggers)),
            insertable=table.insertable,
        )

    def _assemble_column(self, column: ColumnDraft) -> Column:
        base = below(column.type)
        labels = base.own.labels if base and base.own else None
        return Column(
            column.name,
            self._print_type(column.type),
            self._print_type(base, bare=True),
            nullable=column.nullable and not _refuses_null(column.type),
            default=column.default,
            generated=column.generated,
            enum_labels=labels,
            readable=True,
            insertable=True,
            updatable=True,
            sequence=column.sequence,
            sequence_usable=True if column.sequence else None,
            domain_checks=tuple(self._assemble_domain_checks(column.type)),
        )

    def _assemble_domain_checks(self, use: TypeUse | None) -> Iterator[Check]:
        if use is None or use.own is None:
            return
        value = self._make_operand(_VALUE, use.own.base)
        for node in use.own.checks.values():
            condition = read_condition(node, {_VALUE: value}, self._read_type)
            yield Check(f"CHECK ({print_condition(condition, str.upper)})", condition)

    def _assemble_constraint(self, table: TableDraft, draft: ConstraintDraft) -> Constraint:
        to, check = draft.reference, self._assemble_check(table, draft)
        return Constraint(
            draft.name,
            draft.kind,
            draft.columns,
            to.schema if to else None,
            to.table if to else None,
            self._find_target(draft),
            check.definition if check else self._print_definition(draft),
            draft.validated,
            check,
        )

    def _find_target(self, draft: ConstraintDraft) -> tuple[str, ...] | None:
        to = draft.reference
        if to is None:
            return None
        table = self.store.tables.get(to.full_name)
        return to.columns or (table.primary_key if table else None) or None

    def _print_definition(self, draft: ConstraintDraft) -> str:
        columns = ", ".join(map(quoted, draft.columns))
        if draft.reference is None:
            head, blank, nulls = draft.kind.upper(), " ", draft.suffix
            return f"{head}{nulls}{blank}({columns})"
        to = draft.reference
        name = qualified(to.schema, to.table, self.path)
        keys = ", ".join(map(quoted, self._find_target(draft) or ()))
        return f"FOREIGN KEY ({columns}) REFERENCES {name}({keys}){to.actions}{draft.suffix}"

    def _assemble_check(self, table: TableDraft, draft: ConstraintDraft) -> Check | None:
        if draft.kind != "check":
            return None
        columns = draft.check.columns if draft.check else {}
        operands = {
            written: self._make_operand(now, table.columns[now].type)
            for written, now in columns.items()
            if now in table.columns
        }
        condition = read_condition(draft.check.node if draft.check else None, operands, self._read_type)
        return Check(f"CHECK ({print_condition(condition)}){draft.suffix}", condition)

    def _make_operand(self, text: str, use: TypeUse | None) -> Operand:
        base = below(use)
        is_enum = bool(base and base.own and base.own.labels is not None)
        return Operand(text, self._print_type(base, bare=True), is_enum=is_enum)

    def _read_type(self, node: ast.TypeName) -> Operand:
        return self._make_operand("", type_use(self.store, node))

    def _assemble_function(self, function: FunctionDraft) -> Function:
        signature = (argument for argument in function.arguments if argument.mode != "t")
        return Function(
            function.schema,
            function.name,
            tuple(map(self._assemble_argument, function.arguments)),
            ", ".join(map(self._print_argument, signature)),
            self._print_result(function),
            security_definer=function.security_definer,
            settings=function.settings,
            executable=True,
            public=True,
            asks_who=function.asks_who,
        )

    def _assemble_argument(self, argument: ArgumentDraft) -> Argument:
        return Argument(
            argument.name, self._print_type(argument.type, bare=True), argument.mode, argument.optional
        )

    def _print_argument(self, argument: ArgumentDraft) -> str:
        mode = {"o": "OUT ", "b": "INOUT ", "v": "VARIADIC "}.get(argument.mode, "")
        name = f"{quoted(argument.name)} " if argument.name else ""
        return f"{mode}{name}{self._print_type(argument.type, bare=True)}"

    def _print_result(self, function: FunctionDraft) -> str:
        rows = [argument for argument in function.arguments if argument.mode == "t"]
        if rows:
            return f"TABLE({', '.join(self._print_argument(argument) for argument in rows)})"
        types = [argument.type for argument in function.arguments if argument.mode in "ob"]
        use = function.returns or (types[0] if len(types) == 1 else TypeUse("record" if types else "void"))
        return f"{'SETOF ' if function.set_of else ''}{self._print_type(use, bare=True)}"

    def _print_type(self, use: TypeUse | None, *, bare: bool = False) -> str:
        return spelled(use, self.path, bare=bare)


def _refuses_null(use: TypeUse | None) -> bool:
    while use is not None and use.own is not None:
        if use.own.not_null:
            return True
        use = use.own.base
    return False


def _assemble_index(table: TableDraft, index: IndexDraft) -> Index:
    unique = "UNIQUE " if index.unique else ""
    keys = ", ".join(f"{_print_key(key)}{key.order}" for key in index.keys)
    included = f" INCLUDE ({', '.join(map(quoted, index.included))})" if index.included else ""
    condition = f" WHERE ({index.condition})" if index.condition else ""
    return Index(
        index.name,
        index.method,
        tuple(_print_key(key) for key in index.keys),
        index.unique,
        valid=index.valid,
        partial=index.condition is not None,
        definition=f"CREATE {unique}INDEX {quoted(index.name)} ON {qualified(table.schema, table.name)}"
        f" USING {index.method} ({keys}){included}{condition}",
    )


def _print_key(key: Key) -> str:
    return quoted(key.column) if key.column else key.expression
