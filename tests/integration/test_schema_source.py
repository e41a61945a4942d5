"""A schema that is read off SQL is the one that PostgreSQL makes of it."""

import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agentctl.core.catalog import Catalog, Column, Constraint, Function, Table, introspect
from agentctl.core.check_constraint import parse
from agentctl.core.database import at
from agentctl.core.schema_source.ddl import Schema
from agentctl.resources import sql_bytes
from support.marketplace import Database
from support.postgres import find_installation

_TESTS = Path(__file__).parents[1]
EXAMPLES = sorted((_TESTS / "databases").glob("*.sql"))
CONSTRUCTS = (_TESTS / "support/constructs.sql").read_text()
REFERENCE = "".join(sql_bytes(name).decode() for name in ("minimal", "credits", "full"))
VALUES: tuple[Any, ...] = (None, -5, 0, 1, 7, 2_000_000, "", "x", "usage", "done", "good", "root", " ", True, False)


def live(database: Database) -> Catalog:
    with at(database.url, place="a test").connect() as connection:
        return introspect(connection, everywhere=True)


def read(text: str) -> Catalog:
    schema = Schema()
    assert schema.apply(text, file="schema.sql") == []
    return schema.catalog()


def loaded(database: Database, text: str) -> Catalog:
    database.execute(text.encode())
    return live(database)


def column_facts(column: Column, known: Column | None) -> dict[str, Any]:
    """Tell what must be the same; types only where the text says them."""
    guessed = known is not None and known.type == "unknown"
    return {
        "type": None if guessed else (column.type, column.base_type),
        "nullable": column.nullable,
        "default": column.default is not None,
        "generated": column.generated,
        "labels": None if guessed else column.enum_labels,
    }


def key_facts(table: Table, catalog: Catalog) -> set[tuple[Any, ...]]:
    """Tell the keys; PostgreSQL has one more of a foreign key for each partition that it refers to."""
    parts = {one.name for one in table.constraints}
    return {
        (one.name, one.kind, one.columns, one.foreign_schema, one.foreign_table, one.foreign_columns)
        for one in table.constraints
        if one.kind != "check" and not (one.kind == "foreign key" and one.name[:-1] in parts and is_partition(catalog, one))
    }


def is_partition(catalog: Catalog, key: Constraint) -> bool:
    target = catalog.table(key.foreign_table or "")
    return target is not None and "_" in target.name and target.name.startswith("measures_")


def index_facts(table: Table) -> set[tuple[Any, ...]]:
    """Tell the indexes; the text of an expression is PostgreSQL's own."""
    return {
        (
            one.name,
            one.method,
            one.unique,
            one.partial,
            tuple("expression" if "(" in key else key.strip('"') for key in one.columns),
        )
        for one in table.indexes
    }


def function_facts(function: Function) -> tuple[Any, ...]:
    arguments = tuple((one.name, one.type, one.mode, one.optional) for one in function.arguments)
    return (
        function.schema,
        function.name,
        arguments,
        function.signature,
        function.returns,
        function.security_definer,
        tuple(one.partition("=")[0] for one in function.settings),
        function.asks_who,
    )


def assert_same(made: Catalog, real: Catalog) -> None:
    kinds = {(one.schema, one.name): (one.kind, one.insertable, one.row_security.enabled) for one in real.tables}
    assert {
        (one.schema, one.name): (one.kind, one.insertable, one.row_security.enabled) for one in made.tables
    } == kinds
    assert [(one.schema, one.name) for one in made.tables] == [(one.schema, one.name) for one in real.tables]
    for mine, there in zip(made.tables, real.tables, strict=True):
        assert_same_table(mine, there, real)
    assert [function_facts(one) for one in made.functions] == [function_facts(one) for one in real.functions]


def assert_same_table(mine: Table, there: Table, real: Catalog) -> None:
    assert [one.name for one in mine.columns] == [one.name for one in there.columns], mine.name
    for column in there.columns:
        own = mine.column(column.name)
        assert own
        assert column_facts(own, own) == column_facts(column, own), f"{mine.name}.{column.name}"
        assert own.sequence or not column.sequence, f"{mine.name}.{column.name}"
        for mine_says, there_says in zip(own.domain_checks, column.domain_checks, strict=True):
            assert_same_check(mine_says, there_says, [{"value": value} for value in VALUES])
    assert key_facts(mine, real) == key_facts(there, real), mine.name
    assert index_facts(mine) == index_facts(there), mine.name
    assert_same_checks(mine, there)
    assert [(one.name, one.function) for one in mine.triggers] == [
        (one.name, one.function) for one in there.triggers
    ]


def assert_same_checks(mine: Table, there: Table) -> None:
    own = {one.name: one for one in mine.constraints if one.kind == "check"}
    real = {one.name: one for one in there.constraints if one.kind == "check"}
    assert {name: (set(one.columns), one.validated) for name, one in own.items()} == {
        name: (set(one.columns), one.validated) for name, one in real.items()
    }, mine.name
    for name, one in real.items():
        assert_same_check(own[name].definition, one.definition, rows(one.columns))


def assert_same_check(mine: str, there: str, values: Iterable[dict[str, Any]]) -> None:
    """A condition as it was written may be understood where PostgreSQL's way to print it is not."""
    for row in values:
        said, expected = judged(mine, row), judged(there, row)
        assert expected in {said, None}, (mine, there, row)


def rows(columns: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for first in VALUES:
        for second in VALUES:
            yield {column: (first, second)[number % 2] for number, column in enumerate(columns)}


def judged(definition: str, row: dict[str, Any]) -> bool | None:
    check = parse(definition)
    return check.holds(row) if check else None


def test_the_reference_schema_is_read_as_postgresql_makes_it(database: Database) -> None:
    assert_same(read(REFERENCE), loaded(database, REFERENCE))


def test_every_construct_is_read_as_postgresql_makes_it(database: Database) -> None:
    assert_same(read(CONSTRUCTS), loaded(database, CONSTRUCTS))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_read_as_postgresql_makes_it(database: Database, path: Path) -> None:
    text = path.read_text()
    filled = text.replace("{webhook}", "http://127.0.0.1:9").replace("{role}", "postgres")
    assert_same(read(text), loaded(database, filled))
