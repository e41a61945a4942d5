"""The catalog, made ready for looking up what code names. It judges nothing and makes no findings."""

from collections import defaultdict
from enum import StrEnum
from functools import cached_property

from agentctl.core.catalog.check_constraint import Check
from agentctl.core.catalog.introspection import Column, Constraint, Function, Table
from agentctl.core.code_check.context import CheckContext, Planned
from agentctl.core.code_check.printed import qualified
from agentctl.core.code_check.reading.uses import Named
from agentctl.core.mapping.words import checks_of

_NOT_ENFORCED = "NOT ENFORCED"
_ANY_ROW = ("record", "anyelement", "anycompatible")
_OWN_SCHEMAS = frozenset({"pg_catalog", "information_schema", "pg_temp"})
INPUTS = frozenset({"i", "b", "v"})
"""The modes of arguments that are given."""


class Absence(StrEnum):
    """Why something is not in the catalog."""

    MISSING = "missing"
    UNSEEN = "unseen"
    """It may well exist: nobody has looked."""
    PROVIDED = "provided"
    """It is PostgreSQL's own, or an extension's."""


class Reference:
    """A catalog with its names in order."""

    def __init__(self, context: CheckContext) -> None:
        catalog = context.catalog
        schemas = [table.schema for table in catalog.tables]
        schemas += [function.schema for function in catalog.functions]
        self.context = context
        self.path = context.schemas or catalog.server.search_path or tuple(dict.fromkeys(schemas))
        self._seen = {*schemas, *self.path}
        self._tables = {(table.schema, table.name): table for table in catalog.tables}
        self._checks: dict[tuple[str, str], dict[str, Check]] = {}
        self._functions: dict[str, list[Function]] = defaultdict(list)
        for function in catalog.functions:
            self._functions[function.name].append(function)

    @cached_property
    def planned(self) -> Planned | None:
        """What migrations create; it is not asked for before something is missing."""
        return self.context.planned() if self.context.planned else None

    @cached_property
    def references(self) -> dict[tuple[str, str], list[tuple[Table, Constraint]]]:
        """The foreign keys that lead to each table, with the tables that they are of."""
        keys_by_table: dict[tuple[str, str], list[tuple[Table, Constraint]]] = defaultdict(list)
        for table in self.context.catalog.tables:
            for key in foreign_keys(table):
                keys_by_table[key.foreign_schema or "", key.foreign_table or ""].append((table, key))
        return keys_by_table

    @cached_property
    def _labels_by_type(self) -> dict[str, tuple[str, ...]]:
        columns = (column for table in self.context.catalog.tables for column in table.columns)
        return {column.base_type: column.enum_labels for column in columns if column.enum_labels}

    @cached_property
    def _returned_types(self) -> set[str]:
        return {function.returns for function in self.context.catalog.functions if function.returns}

    def table(self, named: Named) -> Table | Absence:
        """Find a table by the name that the code gives it."""
        schemas = self.path if named.schema is None else (named.schema,)
        for schema in schemas:
            if table := self._tables.get((schema, named.name)):
                return table
        unlisted = named.name in self.context.catalog.unlisted
        if unlisted or (named.schema is None and named.name.startswith("pg_")):
            return Absence.PROVIDED
        return self._explain_absence(named.schema)

    def table_in(self, schema: str, name: str) -> Table | None:
        """Return the table of exactly that name."""
        return self._tables.get((schema, name))

    def checks(self, table: Table) -> dict[str, Check]:
        """Return the CHECKs of a table that are enforced and understood, by name."""
        key = (table.schema, table.name)
        if key not in self._checks:
            enforced = {
                item.name for item in table.constraints if not item.definition.endswith(_NOT_ENFORCED)
            }
            checks = checks_of(table).items()
            self._checks[key] = {name: check for name, check in checks if name in enforced}
        return self._checks[key]

    def functions(self, name: str, schema: str | None) -> tuple[Function, ...] | Absence:
        """Find all overloads of a function by the name that the code gives it; at least one."""
        schemas = self.path if schema is None else (schema,)
        if visible := tuple(
            function for function in self._functions.get(name, ()) if function.schema in schemas
        ):
            return visible
        if name in self.context.catalog.unlisted or (schema is None and name.startswith("pg_")):
            return Absence.PROVIDED
        return self._explain_absence(schema)

    def _explain_absence(self, schema: str | None) -> Absence:
        if schema in _OWN_SCHEMAS:
            return Absence.PROVIDED
        seen = schema is None or schema in self._seen
        return Absence.MISSING if seen and self.context.whole else Absence.UNSEEN

    def table_names(self, schema: str | None) -> tuple[str, ...]:
        """Return the names that a table could have been meant by."""
        schemas = self.path if schema is None else (schema,)
        return tuple(name for own, name in self._tables if own in schemas)

    def function_names(self, schema: str | None) -> tuple[str, ...]:
        """Return the names that a function could have been meant by."""
        schemas = self.path if schema is None else (schema,)
        functions = self.context.catalog.functions
        return tuple(dict.fromkeys(function.name for function in functions if function.schema in schemas))

    def schema_of_table(self, name: str) -> str | None:
        """Return any schema that has a table of that name."""
        return next((schema for schema, own in self._tables if own == name), None)

    def schema_of_function(self, name: str) -> str | None:
        """Return any schema that has a function of that name."""
        return next((function.schema for function in self._functions.get(name, ())), None)

    def label(self, thing: Table | Function) -> str:
        """Return the name of something, with its schema unless that is the first one."""
        return self.named(thing.schema, thing.name)

    def named(self, schema: str | None, name: str) -> str:
        """Return a name with its schema, unless that is the first one or none is given."""
        return f"{schema}.{name}" if schema and schema not in self.path[:1] else name

    def table_of_type(self, text: str) -> Table | None:
        """Return the table whose rows a printed type is, `SETOF` before it or not."""
        parts = qualified(text.removeprefix("SETOF "))
        if parts is None:
            return None
        schema, name = parts
        # PostgreSQL prints no schema where its search path finds the table.
        schemas = (schema,) if schema else self.context.catalog.server.search_path or self.path
        return next((table for candidate in schemas if (table := self.table_in(candidate, name))), None)

    def computed(self, table: Table, name: str) -> tuple[Function, ...]:
        """Return the functions that compute a column or a relationship of a table's rows."""
        return tuple(
            function
            for function in self._functions.get(name, ())
            if (inputs := [argument for argument in function.arguments if argument.mode in INPUTS])
            and (of := qualified(inputs[0].type)) is not None
            and of[1] in {table.name, *_ANY_ROW}
        )

    def enum_labels(self, base_type: str) -> tuple[str, ...] | None:
        """Return the labels of an enum that some column is of."""
        return self._labels_by_type.get(base_type)

    def is_converted(self, column: Column) -> bool:
        """Whether a function makes values of the column's type: PostgREST may call it as a cast."""
        return column.type in self._returned_types


def foreign_keys(table: Table) -> list[Constraint]:
    """Return the foreign keys of a table."""
    return [item for item in table.constraints if item.kind == "foreign key"]


def is_plain(table: Table) -> bool:
    """Whether it is a table and no view."""
    return table.kind in {"table", "partitioned table"}
