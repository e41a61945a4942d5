"""Measures how the catalog's statement grows with the database, on servers as they are installed.

The floor holds none of our own work: one SELECT that reads names and types of the same tables' columns,
their constraints and their indexes, through psycopg, as one JSON value. From an estimate of 100,000 on, a
stock server compiles a statement: the catalog's message has to switch that off. Decoding and mapping are
processor time, and of each figure the least of some rounds is taken.

The exit code is 1 if a bound does not hold; docs/benchmarks/speed.md tells them.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from bounds import Bounds
from psycopg import sql

from agentctl.core.catalog.introspection import Catalog, _make_decoder, catalog_statement
from agentctl.core.mapping.marketplace import read
from support.marketplace import Marketplace, marketplace
from support.postgres import running

VERSIONS = ("15", "18")
GROWTH = 1.5
"""How much longer a table may take among ten times as many."""
FLOOR: LiteralString = """
SELECT json_agg(json_build_array(c.relname,
    (SELECT json_agg(json_build_array(a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull)
                     ORDER BY a.attnum)
     FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
    (SELECT json_agg(json_build_array(k.conname, pg_get_constraintdef(k.oid))) FROM pg_constraint k
     WHERE k.conrelid = c.oid),
    (SELECT json_agg(pg_get_indexdef(i.indexrelid)) FROM pg_index i WHERE i.indrelid = c.oid)))::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^pg_|^information_schema$'
"""
# Every hundred tables refer to one: PostgreSQL takes ever longer to add to the keys that lead to a table.
TABLE: LiteralString = """
DO $$ DECLARE place text; owner text; BEGIN
    FOR i IN {first}..{last} LOOP
        place := 'part_' || i % {schemas};
        owner := format('part_%s.more_%s', (i - i % 100) % {schemas}, i - i % 100);
        EXECUTE format('CREATE TABLE %I.more_%s (id bigint PRIMARY KEY, title text, url text, state text, '
                       'amount numeric, quantity integer, note text, created_at timestamptz DEFAULT now(), '
                       'updated_at timestamptz, owner_id bigint REFERENCES %s)', place, i, owner);
    END LOOP;
END $$
"""
IN_ONE = ("public", "part_0")
WIDE: LiteralString = "CREATE TABLE wide (id bigint PRIMARY KEY, {})"
WIDEST = 1600
"""As many columns as PostgreSQL lets a table have."""


@dataclass(frozen=True)
class Figures:
    """What reading one catalog took: milliseconds, the planner's estimate, and bytes of its text."""

    tables: int
    columns: int
    server: float
    floor: float
    estimate: float
    compiled: bool
    size: int
    decode: float
    mapping: float


def main() -> int:
    """Measure on each server, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--versions", nargs="+", default=VERSIONS)
    parser.add_argument("--tables", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    bounds = Bounds()
    for version in options.versions:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            Path(folder).chmod(0o755)
            settings = {"max_locks_per_transaction": "1024"}  # to make so many tables at once
            with running(version, Path(folder) / "server", settings=settings, stock=True) as server:
                measure_server(server, options.tables, options.rounds, bounds)
    return 1 if bounds.broken else 0


def measure_server(server: Any, tables: int, rounds: int, bounds: Bounds) -> None:
    """Measure the databases of one server, one after the other."""
    print(f"\nPostgreSQL {server.version}; the least of {rounds} rounds\n")
    print(
        "| database | tables | columns | server | floor | ratio | estimate | MB | decoding | mapping |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    )
    wide = sql.SQL(WIDE).format(sql.SQL(", ".join(f"amount_{n} numeric" for n in range(WIDEST - 1))))
    with marketplace(server) as few:
        show("the reference database", measure(few, rounds))
        few.execute(wide.as_string().encode())
        show(f"a table of {WIDEST} columns", measure(few, rounds))
    with marketplace(server) as many:
        add_tables(many, 0, tables // 10)
        small = show("many tables", measure(many, rounds, schemas=IN_ONE))
        add_tables(many, tables // 10, tables)
        large = show("many tables", measure(many, rounds, schemas=IN_ONE))
    with marketplace(server) as spread:
        add_tables(spread, 0, tables, schemas=50)
        everywhere = show("the same in 50 schemas", measure(spread, rounds, everywhere=True))
    print()
    for name, value in {"server": "server", "decoding": "decode", "mapping": "mapping"}.items():
        grown = (getattr(large, value) / large.tables) / (getattr(small, value) / small.tables)
        bounds.check(f"PostgreSQL {server.version}, {name}: a table among ten times as many", grown, GROWTH)
    for figures in (large, everywhere):
        bounds.check(f"PostgreSQL {server.version}, statements that were compiled", figures.compiled, 0)


def add_tables(database: Marketplace, first: int, last: int, *, schemas: int = 1) -> None:
    """Create tables in one schema, or spread over some."""
    with database.connect() as connection:
        if first == 0:
            for number in range(schemas):
                connection.execute(f"CREATE SCHEMA part_{number}".encode())
        for begin in range(first, last, 500):
            end = min(begin + 500, last) - 1
            connection.execute(TABLE.format(first=begin, last=end, schemas=schemas).encode())
        connection.execute("VACUUM ANALYZE")


def measure(
    database: Marketplace, rounds: int, *, schemas: tuple[str, ...] = (), everywhere: bool = False
) -> Figures:
    """Return what reading a database's catalog takes."""
    message = catalog_statement(schemas=schemas, everywhere=everywhere)
    with database.connect() as connection:
        text = read_catalog(connection, message)
        catalog = _make_decoder().decode(text)
        floor = take_least(rounds, lambda: connection.execute(FLOOR).fetchall())
        plan = explain(connection, message)
        return Figures(
            tables=len(catalog.tables),
            columns=sum(len(table.columns) for table in catalog.tables),
            server=take_least(rounds, lambda: read_catalog(connection, message)),
            floor=floor,
            estimate=plan["Plan"]["Total Cost"],
            compiled="JIT" in plan,
            size=len(text),
            decode=take_least(rounds, lambda: _make_decoder().decode(text), time.process_time),
            mapping=take_least(rounds, lambda: map_catalog(catalog), time.process_time),
        )


def map_catalog(catalog: Catalog) -> None:
    """Find the role of each table."""
    assert read(catalog).marketplace


def read_catalog(connection: psycopg.Connection[Any], message: sql.Composed) -> str:
    """Return the catalog as the server sends it."""
    cursor = connection.execute(message)
    while cursor.nextset():
        pass
    (text,) = cursor.fetchone() or ("",)
    return str(text)


def explain(connection: psycopg.Connection[Any], message: sql.Composed) -> dict[str, Any]:
    """Return how PostgreSQL has executed the last statement."""
    start, with_, statement = message.as_string(connection).partition("WITH RECURSIVE")
    cursor = connection.execute(
        f"{start}EXPLAIN (ANALYZE, TIMING OFF, FORMAT json) {with_}{statement}".encode()
    )
    while cursor.nextset():
        pass
    ((plan,),) = cursor.fetchone() or ((),)
    return dict(plan)


def take_least(
    rounds: int, work: Callable[[], object], clock: Callable[[], float] = time.perf_counter
) -> float:
    """Return how many milliseconds some work takes, when it is disturbed least."""
    times = []
    for _ in range(rounds):
        began = clock()
        work()
        times.append((clock() - began) * 1000)
    return min(times)


def show(name: str, figures: Figures) -> Figures:
    """Print a line, and return its figures."""
    print(
        f"| {name} | {figures.tables:,} | {figures.columns:,} | {figures.server:,.0f} ms "
        f"| {figures.floor:,.0f} ms | {figures.server / figures.floor:.1f} | {figures.estimate:,.0f} "
        f"| {figures.size / 1e6:.1f} | {figures.decode:,.0f} ms | {figures.mapping:,.0f} ms |",
        flush=True,
    )
    return figures


if __name__ == "__main__":
    sys.exit(main())
