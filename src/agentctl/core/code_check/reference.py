"""The catalog, made ready for looking up what code names. It judges nothing and makes no findings."""

from collections import defaultdict
from enum import StrEnum
from functools import cached_property
from typing import Literal

from agentctl.core.catalog.introspection import Argument, Constraint, Function, Table
from agentctl.core.code_check.context import CheckContext
from agentctl.core.code_check.printed import split_name
from agentctl.core.code_check.reading.uses import Named
from agentctl.core.schema_files.migrations import Migrations

Kind = Literal["table", "function"]

_ANY_ROW = ("record", "anyelement", "anycompatible")
_OWN_SCHEMAS = frozenset({"pg_catalog", "information_schema", "pg_temp"})
_INPUTS = frozenset({"i", "b", "v"})


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
        self.context = context
        self.role = catalog.server.role
        self._things: dict[Kind, tuple[Table | Function, ...]] = {
            "table": catalog.tables,
            "function": catalog.functions,
        }
        schemas = [thing.schema for things in self._things.values() for thing in things]
        self.path = context.schemas or catalog.server.search_path or tuple(dict.fromkeys(schemas))
        self._seen = {*schemas, *self.path}
        self._tables = {(table.schema, table.name): table for table in catalog.tables}
        self._functions: dict[str, list[Function]] = defaultdict(list)
        for function in catalog.functions:
            self._functions[function.name].append(function)

    @cached_property
    def planned(self) -> Migrations:
        """What the repository's migrations create; they are not run before something is missing."""
        return self.context.planned()

    @cached_property
    def references(self) -> dict[tuple[str, str], list[tuple[Table, Constraint]]]:
        """The foreign keys that lead to each table, with the tables that they are of."""
        keys_by_table: dict[tuple[str, str], list[tuple[Table, Constraint]]] = defaultdict(list)
        for table in self.context.catalog.tables:
            for key in list_foreign_keys(table):
                keys_by_table[key.foreign_schema or "", key.foreign_table or ""].append((table, key))
        return keys_by_table

    @cached_property
    def labels_by_type(self) -> dict[str, tuple[str, ...]]:
        """The labels of each enum that some column is of."""
        columns = (column for table in self.context.catalog.tables for column in table.columns)
        return {column.base_type: column.enum_labels for column in columns if column.enum_labels}

    @cached_property
    def returned_types(self) -> set[str]:
        """The types that functions make values of: PostgREST may call such a function as a cast."""
        return {function.returns for function in self.context.catalog.functions if function.returns}

    def table(self, named: Named) -> Table | None:
        """Find a table by the name that the code gives it."""
        return self._find_table(self._list_schemas(named.schema), named.name)

    def table_in(self, schema: str, name: str) -> Table | None:
        """Return the table of exactly that name."""
        return self._tables.get((schema, name))

    def functions(self, name: str, schema: str | None) -> list[Function]:
        """List all overloads of a function by the name that the code gives it."""
        schemas = self._list_schemas(schema)
        return [function for function in self._functions.get(name, ()) if function.schema in schemas]

    def explain_absence(self, name: str, schema: str | None) -> Absence:
        """Say why a table or function is not in the catalog."""
        is_own = name.startswith("pg_") if schema is None else schema in _OWN_SCHEMAS
        if is_own or name in self.context.catalog.unlisted:
            return Absence.PROVIDED
        is_seen = schema is None or schema in self._seen
        return Absence.MISSING if is_seen and self.context.whole else Absence.UNSEEN

    def list_names(self, kind: Kind, schema: str | None) -> tuple[str, ...]:
        """Return the names that a table or function could have been meant by."""
        schemas = self._list_schemas(schema)
        return tuple(dict.fromkeys(thing.name for thing in self._things[kind] if thing.schema in schemas))

    def find_schema(self, kind: Kind, name: str) -> str | None:
        """Return any schema that has a table or function of that name."""
        return next((thing.schema for thing in self._things[kind] if thing.name == name), None)

    def _find_table(self, schemas: tuple[str, ...], name: str) -> Table | None:
        return next((table for schema in schemas if (table := self.table_in(schema, name))), None)

    def _list_schemas(self, schema: str | None) -> tuple[str, ...]:
        return self.path if schema is None else (schema,)

    def label(self, thing: Table | Function) -> str:
        """Return the name of something, with its schema unless that is the first one."""
        return self.named(thing.schema, thing.name)

    def named(self, schema: str | None, name: str) -> str:
        """Return a name with its schema, unless that is the first one or none is given."""
        return f"{schema}.{name}" if schema and schema not in self.path[:1] else name

    def table_of_type(self, text: str) -> Table | None:
        """Return the table whose rows a printed type is, `SETOF` before it or not."""
        parts = split_name(text.removeprefix("SETOF "))
        if parts is None:
            return None
        schema, name = parts
        # PostgreSQL prints no schema where its search path finds the table.
        schemas = (schema,) if schema else self.context.catalog.server.search_path or self.path
        return self._find_table(schemas, name)

    def computed(self, table: Table, name: str) -> tuple[Function, ...]:
        """Return the functions that compute a column or a relationship of a table's rows."""
        return tuple(
            function
            for function in self._functions.get(name, ())
            if (inputs := list_inputs(function))
            and (of := split_name(inputs[0].type)) is not None
            and of[1] in {table.name, *_ANY_ROW}
        )


def list_inputs(function: Function) -> list[Argument]:
    """Return the arguments of a function that a caller passes."""
    return [argument for argument in function.arguments if argument.mode in _INPUTS]


def list_foreign_keys(table: Table) -> list[Constraint]:
    """Return the foreign keys of a table."""
    return [item for item in table.constraints if item.kind == "foreign key"]


def list_keys(table: Table, *kinds: str) -> list[frozenset[str]]:
    """Return the columns of each constraint of a table that is of one of these kinds."""
    return [frozenset(item.columns) for item in table.constraints if item.kind in kinds]


def is_plain(table: Table) -> bool:
    """Whether it is a table and no view."""
    return table.kind in {"table", "partitioned table"}
