"""Builds catalogs by hand: tables and functions as a test needs them, without a database."""

import re
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

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
    Trigger,
)
from agentctl.core.catalog.row_security import RowSecurity

_SERVER = Server(
    version="18.0",
    version_number=180000,
    database="shop",
    role="operator",
    search_path=("public",),
    read_only=False,
    bypasses_row_security=True,
)


def catalog(*things: Table | Function, search_path: Sequence[str] = ("public",)) -> Catalog:
    """Make a catalog of tables and functions."""
    return Catalog(
        replace(_SERVER, search_path=tuple(search_path)),
        tuple(thing for thing in things if isinstance(thing, Table)),
        tuple(thing for thing in things if isinstance(thing, Function)),
    )


def column(name: str, type_: str = "text", **others: Any) -> Column:
    """Make a column that may be NULL and that everybody may read and write."""
    usual: dict[str, Any] = {
        "base_type": re.sub(r"\([^)]*\)", "", type_),
        "nullable": True,
        "default": None,
        "generated": False,
        "enum_labels": None,
        "readable": True,
        "insertable": True,
        "updatable": True,
    }
    return Column(name=name, type=type_, **{**usual, **others})


def table(name: str, *columns: Column | str, schema: str = "public", **others: Any) -> Table:
    """Make a table; a bare name is a column of type text."""
    usual: dict[str, Any] = {
        "kind": "table",
        "constraints": (),
        "indexes": (),
        "row_security": RowSecurity(enabled=False, active=False, policies=()),
        "estimated_rows": -1,
    }
    made = tuple(column(one) if isinstance(one, str) else one for one in columns)
    return Table(schema=schema, name=name, columns=made, **{**usual, **others})


def key(name: str, columns: str, to: str, *, foreign: str = "id") -> Constraint:
    """Make a foreign key; `to` is a table of the schema public, or `schema.table`."""
    schema, _, other = to.rpartition(".")
    return Constraint(
        name=name,
        kind="foreign key",
        columns=tuple(columns.split()),
        foreign_schema=schema or "public",
        foreign_table=other,
        foreign_columns=tuple(foreign.split()),
        definition="",
        validated=True,
    )


def constraint(kind: str, columns: str, definition: str = "", *, name: str = "") -> Constraint:
    """Make a primary key, a unique constraint or a check."""
    return Constraint(
        name=name or f"the_{kind.replace(' ', '_')}",
        kind=kind,
        columns=tuple(columns.split()),
        foreign_schema=None,
        foreign_table=None,
        foreign_columns=None,
        definition=definition,
        validated=True,
        check=Check(definition) if kind == "check" else None,
    )


def check(definition: str, *, name: str = "the_check") -> Constraint:
    """Make a CHECK as PostgreSQL prints it."""
    return constraint("check", "", f"CHECK ({definition})", name=name)


def index(columns: str, *, unique: bool = True, valid: bool = True, partial: bool = False) -> Index:
    """Make an index; its columns as PostgreSQL prints them, with blanks between."""
    return Index("an_index", "btree", tuple(columns.split()), unique, valid, partial, "")


def trigger(what: str, *, name: str = "filler", function: str = "public.fill") -> Trigger:
    """Make a trigger that runs, for instance, `BEFORE INSERT`."""
    definition = f"CREATE TRIGGER {name} {what} ON public.t FOR EACH ROW EXECUTE FUNCTION {function}()"
    return Trigger(name, function, definition)


def argument(name: str, type_: str = "text", mode: str = "i", *, optional: bool = False) -> Argument:
    """Make an argument that must be given."""
    return Argument(name, type_, mode, optional)


def function(
    name: str,
    *arguments: Argument,
    returns: str = "void",
    schema: str = "public",
    executable: bool = True,
    body: str | None = None,
) -> Function:
    """Make a function."""
    signature = ", ".join(f"{one.name} {one.type}" for one in arguments if one.mode in "ibv")
    return Function(
        schema=schema,
        name=name,
        arguments=arguments,
        signature=signature,
        returns=returns,
        security_definer=False,
        settings=(),
        executable=executable,
        public=True,
        body=body,
    )
