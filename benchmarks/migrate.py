"""`migrate-full` and its backfill on a table of ten million rows in use, compared with the plain SQL.

Three ways to the same columns and indexes, each with and without a reader of ten seconds in the way: the SQL
that `sql/full.sql` has, the same with indexes built concurrently, and `agentctl migrate-full`. What counts is
how long the writers waited. Then the old rows are backfilled while the writers continue.

The exit code is 1 if a bound does not hold; docs/benchmarks/migrate.md says which bounds there are.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg
from bounds import Bounds
from load import Load, at_work

from agentctl.core.mapping.optional_columns import OPTIONAL_COLUMNS
from agentctl.resources import sql_bytes
from support.postgres import running

PROGRAM = Path(sys.executable).with_name("agentctl")
LOCK_TIMEOUT = 0.2
READER_SECONDS = 10
# Those of a server that is meant to keep its data.
_SETTINGS = {
    "shared_buffers": "1GB",
    "max_wal_size": "4GB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
}
_SETTINGS_SHOWN: LiteralString = (
    "SELECT name, current_setting(name) FROM pg_settings "
    "WHERE name IN ('shared_buffers', 'fsync', 'synchronous_commit', 'max_wal_size') ORDER BY 1"
)
_INDEXES = {"workflow_id": "workflow_id", "started_at": "started_at DESC"}
_ROWS: LiteralString = """
INSERT INTO profiles (id, email, credits)
SELECT gen_random_uuid(), n || '@example.com', 1000000 FROM generate_series(1, 10000) AS n;
INSERT INTO agents (id, name, credit_cost)
SELECT gen_random_uuid(), 'Agent ' || n, 1 + n %% 20 FROM generate_series(1, 50) AS n;
INSERT INTO agent_executions (id, user_id, agent_id, status, created_at)
SELECT gen_random_uuid(), p.ids[1 + n %% 10000], a.ids[1 + n %% 50],
       CASE WHEN n %% 10 = 0 THEN 'failed' ELSE 'success' END, now() - (%(rows)s - n) * interval '1 second'
FROM generate_series(1, %(rows)s) AS n,
     (SELECT array_agg(id) AS ids FROM profiles) AS p, (SELECT array_agg(id) AS ids FROM agents) AS a;
INSERT INTO credit_transactions (user_id, type, amount, balance_after, execution_id, created_at)
SELECT e.user_id, 'usage', -a.credit_cost, 0, e.id, e.created_at
FROM agent_executions e JOIN agents a ON a.id = e.agent_id;
INSERT INTO credit_transactions (user_id, type, amount, balance_after, execution_id, created_at)
SELECT e.user_id, 'refund', a.credit_cost, 0, e.id, e.created_at + interval '2 seconds'
FROM agent_executions e JOIN agents a ON a.id = e.agent_id WHERE e.status = 'failed'
"""
_WRONG: LiteralString = """
SELECT count(*) FROM agent_executions e LEFT JOIN (
    SELECT execution_id, -sum(amount) AS cost FROM credit_transactions GROUP BY execution_id
) AS t ON t.execution_id = e.id
WHERE e.credits_used IS DISTINCT FROM coalesce(t.cost, 0)
"""


@dataclass(frozen=True)
class Case:
    """One way, with or without a reader in the way: how long it took, and how long writers waited."""

    way: str
    reader: bool
    total: float
    longest: float
    p99: float


def main() -> None:
    """Build the table, measure, and print tables in Markdown."""
    options = _parse_options()
    bounds = Bounds()
    folder = Path(tempfile.mkdtemp(prefix="agentctl-bench-"))
    folder.chmod(0o711)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    try:
        with server(folder) as url:
            environment["AGENTCTL_DATABASE_URL"] = url
            build(url, options.rows)
            with psycopg.connect(url) as connection:
                version = connection.info.parameter_status("server_version")
                settings = connection.execute(_SETTINGS_SHOWN).fetchall()
            told = ", ".join(f"{name} {value}" for name, value in settings)
            print(
                f"{options.rows:,} executions; PostgreSQL {version}, {told}; {os.cpu_count()} processors.\n",
                flush=True,
            )
            if options.part != "backfill":
                migrations(url, folder, environment, options.rounds, bounds)
            if options.part != "migrate":
                backfill(url, folder, environment, options.idle_seconds, bounds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if bounds.broken else 0)


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3, help="of which the median is taken")
    parser.add_argument("--part", choices=("all", "migrate", "backfill"), default="all")
    parser.add_argument("--idle-seconds", type=float, default=30)
    return parser.parse_args()


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL that keeps its data, and yield the URL of an empty database."""
    with running("18", folder / "server", settings=_SETTINGS) as found:
        yield found.url("postgres")


def build(url: str, rows: int) -> None:
    """Fill the tables, without checking foreign keys for each row."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute(sql_bytes("minimal"))
        connection.execute(sql_bytes("credits"))
        for table in ("credit_transactions", "agent_executions"):
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL".encode())
        for statement in _ROWS.split(";"):
            connection.execute(statement.replace("%(rows)s", str(rows)).replace("%%", "%").encode())
        for table in ("credit_transactions", "agent_executions"):
            connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL".encode())
        settle_down(connection)


def settle_down(connection: psycopg.Connection) -> None:
    """Restore the table to its initial state."""
    connection.execute("SET synchronous_commit = off")
    for column in _INDEXES:
        connection.execute(f"DROP INDEX IF EXISTS idx_agent_executions_{column}".encode())
    drops = ", ".join(f"DROP COLUMN IF EXISTS {column.name}" for column in OPTIONAL_COLUMNS)
    connection.execute(f"ALTER TABLE agent_executions {drops}".encode())
    connection.execute("VACUUM ANALYZE agent_executions")
    connection.execute("VACUUM ANALYZE credit_transactions")
    connection.execute("CHECKPOINT")


def plain(url: str, _: dict[str, str]) -> None:
    """Run the plain SQL."""
    _run_plain_sql(url, "CREATE INDEX IF NOT EXISTS")


def concurrent(url: str, _: dict[str, str]) -> None:
    """Run the plain SQL with indexes built concurrently."""
    _run_plain_sql(url, "CREATE INDEX CONCURRENTLY IF NOT EXISTS")


def _run_plain_sql(url: str, create: str) -> None:
    clauses = ", ".join(
        f"ADD COLUMN IF NOT EXISTS {column.name} {column.type}"
        + (f" DEFAULT {column.default}" if column.default else "")
        for column in OPTIONAL_COLUMNS
    )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"ALTER TABLE agent_executions {clauses}".encode())
        for column, key in _INDEXES.items():
            connection.execute(f"{create} idx_agent_executions_{column} ON agent_executions ({key})".encode())


def migrate_full(_: str, environment: dict[str, str]) -> None:
    """Run the program."""
    subprocess.run([PROGRAM, "migrate-full", "--yes", "--quiet"], env=environment, check=True)


WAYS: dict[str, Callable[[str, dict[str, str]], None]] = {
    "plain SQL": plain,
    "plain SQL, CONCURRENTLY": concurrent,
    "migrate-full": migrate_full,
}


def migrations(url: str, folder: Path, environment: dict[str, str], rounds: int, bounds: Bounds) -> None:
    """Measure every way in turn, round after round."""
    cases = [
        measured(way, url, folder, environment, reader=reader)
        for _ in range(rounds)
        for reader in (False, True)
        for way in WAYS
    ]
    print("| way | reader in the way | longest stall of a writer | writers' p99 | total |")
    print("| --- | --- | ---: | ---: | ---: |")
    for reader in (False, True):
        for way in WAYS:
            case = _find_worst(cases, way, reader=reader)
            print(
                f"| {way} | {'10 s' if reader else 'none'} | {case.longest * 1000:.0f} ms "
                f"| {case.p99 * 1000:.1f} ms | {case.total:.1f} s |"
            )
    with at_work(url, folder) as load:
        began = time.monotonic()
        time.sleep(10)
        ended = time.monotonic()
    print(
        f"| nothing at all, for 10 s | none | {load.longest(began, ended) * 1000:.0f} ms "
        f"| {load.p99(began, ended) * 1000:.1f} ms | |\n"
    )
    for reader in (False, True):
        own, theirs = (_find_worst(cases, way, reader=reader) for way in ("migrate-full", "plain SQL"))
        where = "with" if reader else "without"
        bounds.check(
            f"longest stall {where} a reader", own.longest * 1000, (LOCK_TIMEOUT + 0.1) * 1000, " ms"
        )
        bounds.check(f"... of the plain SQL's, {where} a reader", own.longest / theirs.longest, 0.1)
    own, theirs = (_find_worst(cases, way, reader=False) for way in ("migrate-full", "plain SQL"))
    bounds.check("total time, of the plain SQL's", own.total / theirs.total, 2.5)
    print(flush=True)


def measured(way: str, url: str, folder: Path, environment: dict[str, str], *, reader: bool) -> Case:
    """Measure one way from the initial state, under load."""
    with psycopg.connect(url, autocommit=True) as connection:
        settle_down(connection)
    with at_work(url, folder) as load:
        blocker = threading.Thread(target=_read_for_long, args=(url,)) if reader else None
        if blocker:
            blocker.start()
            time.sleep(1)
        began = time.monotonic()
        WAYS[way](url, environment)
        ended = time.monotonic()
        if blocker:
            blocker.join()
    return Case(way, reader, ended - began, load.longest(began, ended), load.p99(began, ended))


def _read_for_long(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("SELECT count(*) FROM (SELECT FROM agent_executions LIMIT 1000) AS few")
        time.sleep(READER_SECONDS + 1)


def _find_worst(cases: list[Case], way: str, *, reader: bool) -> Case:
    """Return the median of the times and the longest of the stalls."""
    of = [case for case in cases if (case.way, case.reader) == (way, reader)]
    return Case(
        way,
        reader,
        statistics.median(case.total for case in of),
        max(case.longest for case in of),
        statistics.median(case.p99 for case in of),
    )


def backfill(url: str, folder: Path, environment: dict[str, str], idle: float, bounds: Bounds) -> None:
    """Measure how a backfill affects writers, and check its result."""
    with psycopg.connect(url, autocommit=True) as connection:
        settle_down(connection)
    migrate_full(url, environment)
    with at_work(url, folder) as load:
        began = time.monotonic()
        time.sleep(idle)
        between = time.monotonic()
        peak, report = _run_backfill(environment)
        ended = time.monotonic()
    _print_backfill(url, load, (began, between, ended), peak, report, bounds)


def _print_backfill(
    url: str, load: Load, moments: tuple[float, float, float], peak: int, report: str, bounds: Bounds
) -> None:
    began, between, ended = moments
    quiet, busy = load.p99(began, between), load.p99(between, ended)
    with psycopg.connect(url) as connection:
        row = connection.execute(_WRONG).fetchone()
    print("| writers | p99 | longest |\n| --- | ---: | ---: |")
    print(f"| alone | {quiet * 1000:.1f} ms | {load.longest(began, between) * 1000:.0f} ms |")
    print(f"| beside the backfill | {busy * 1000:.1f} ms | {load.longest(between, ended) * 1000:.0f} ms |\n")
    print(f"The backfill took {ended - between:.0f} s and at most {peak / 1024:.0f} MB: {report}\n")
    bounds.check("writers' p99, of theirs alone", busy / quiet, 2)
    bounds.check("memory", peak / 1024, 200, " MB")
    bounds.check("executions whose cost is not the ledger's", row[0] if row else -1, 0)


def _run_backfill(environment: dict[str, str]) -> tuple[int, str]:
    """Run the backfill, and return its largest resident size in KB and what it reported."""
    process = subprocess.Popen(
        [PROGRAM, "migrate-full", "--yes", "--backfill", "--json"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    peak = 0
    while process.poll() is None:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text()
        except OSError:
            break
        sizes = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")]
        peak = max([peak, *sizes])
        time.sleep(0.2)
    assert process.stdout is not None
    report = process.stdout.read()
    assert process.wait() == 0, report
    return peak, report[report.index('"backfill"') : -3].strip()


if __name__ == "__main__":
    main()
