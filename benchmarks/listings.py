"""Measures the memory and the first row of each listing and export, with few rows and with many.

Memory is the most that the program's process ever held (`ru_maxrss`). The floor is a program without our work
that streams the same executions with their names through a cursor of psycopg's, 1,000 rows at a time. What
counts over all rows (totals, statistics, checks) may take the server longer, and the program no more memory.

The exit code is 1 if a bound does not hold; docs/benchmarks/speed.md tells them.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

from bounds import Bounds

from support.marketplace import Marketplace, marketplace
from support.postgres import running

VERSION = "18"
FEW = 1000
ROUNDS = 5
MEMORY, FIRST = 1.1, 1.5
"""How much more memory, and how much later a first row, a thousand times the rows may cost."""
PYTHON, PROGRAM = Path(sys.executable), Path(sys.executable).with_name("agentctl")
ROWS: LiteralString = """
INSERT INTO profiles (id, email, credits)
SELECT gen_random_uuid(), n || '@example.com', 100000 FROM generate_series(1, 100) AS n;
INSERT INTO agent_executions (id, user_id, agent_id, status, created_at)
SELECT gen_random_uuid(), p.ids[1 + n % 100], a.id, CASE WHEN n % 10 = 0 THEN 'failed' ELSE 'success' END,
       now() - n * interval '30 seconds'
FROM generate_series(1, {rows}) AS n, (SELECT array_agg(id) AS ids FROM profiles) AS p, agents a
WHERE a.name = 'SEO Blog';
INSERT INTO credit_transactions (user_id, type, amount, balance_after, execution_id, created_at)
SELECT user_id, 'usage', -10, 0, id, created_at FROM agent_executions;
CREATE INDEX executions_latest ON agent_executions (created_at DESC, id DESC);
CREATE INDEX ledger_of_execution ON credit_transactions (execution_id);
CREATE INDEX ledger_latest ON credit_transactions (user_id, created_at DESC);
VACUUM ANALYZE
"""
FLOOR = """
import psycopg, sys
with psycopg.connect(sys.argv[1]) as connection, connection.cursor(name="rows") as rows:
    rows.itersize = 1000
    rows.execute("SELECT e.id, e.status, e.created_at, p.email, a.name FROM agent_executions e "
                 "JOIN profiles p ON p.id = e.user_id JOIN agents a ON a.id = e.agent_id "
                 "ORDER BY e.created_at DESC, e.id DESC")
    for row in rows:
        print(*row, sep=",")
"""
STREAMS = {
    f"history --all --format {name}": ("history", "--all", "--format", name)
    for name in ("csv", "jsonl", "table", "json")
}
PAGES = {
    "history --json": ("history", "--json"),
    "credits --json": ("credits", "--json"),
    "credits --user --json": ("credits", "--user", "1@example.com", "--json"),
    "agents --json": ("agents", "--json"),
}
TOTALS = {
    "history --stats --json": ("history", "--stats", "--json"),
    "audit --json": ("audit", "--json"),
}


@dataclass(frozen=True)
class Figures:
    """Megabytes, and the seconds until the first row and until the end."""

    memory: float
    first: float
    total: float


def main() -> int:
    """Measure, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    bounds = Bounds()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        with (
            running(VERSION, Path(folder) / "server") as server,
            marketplace(server) as few,
            marketplace(server) as many,
        ):
            plant(few, FEW)
            plant(many, options.rows)
            report(measure_all(few, folder), measure_all(many, folder), options.rows, bounds)
    return 1 if bounds.broken else 0


def plant(database: Marketplace, rows: int) -> None:
    """Fill a marketplace with executions, a charge for each, and the indexes that serve lists of them."""
    with database.connect() as connection:
        for statement in ROWS.format(rows=rows).split(";"):
            connection.execute(statement.encode())


def measure_all(database: Marketplace, home: str) -> dict[str, Figures]:
    """Return the figures of each command: of one run that reads all rows, else of the quickest of some."""
    environment = {"PATH": os.environ["PATH"], "HOME": home, "AGENTCTL_DATABASE_URL": database.url}
    lines: dict[str, Sequence[str | Path]] = {"floor": (PYTHON, "-c", FLOOR, database.url)}
    lines |= {name: (PROGRAM, *words) for name, words in (STREAMS | PAGES | TOTALS).items()}
    measure(lines["floor"], environment)
    return {
        name: min(
            (measure(line, environment) for _ in range(ROUNDS if name in PAGES else 1)),
            key=lambda figures: figures.first,
        )
        for name, line in lines.items()
    }


def measure(line: Sequence[str | Path], environment: Mapping[str, str]) -> Figures:
    """Run a command to its end."""
    began = time.perf_counter()
    with subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        begin = (
            process.stdout.readline() + process.stdout.readline()
        )  # a header, or what comes before the rows
        first = time.perf_counter() - began
        while process.stdout.read(1 << 20):
            pass
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in {0, 6} or not begin:  # audit finds what was planted without a balance
            raise SystemExit(f"{line} ended with {process.returncode}: {process.stderr.read()!r}")
    return Figures(usage.ru_maxrss / 1024, first, time.perf_counter() - began)


def report(few: Mapping[str, Figures], many: Mapping[str, Figures], rows: int, bounds: Bounds) -> None:
    """Print every figure, and whether the bounds hold."""
    print(f"PostgreSQL {VERSION}; {FEW:,} and {rows:,} executions\n")
    print(
        "| command | memory, few | many | first row, few | many | all, many |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: |"
    )
    for name, small in few.items():
        large = many[name]
        print(
            f"| {name} | {small.memory:.0f} MB | {large.memory:.0f} MB | {small.first:.2f} s "
            f"| {large.first:.2f} s | {large.total:.2f} s |"
        )
    print()
    for name in (*STREAMS, *PAGES, *TOTALS):
        bounds.check(f"memory of {name}, many / few", many[name].memory / few[name].memory, MEMORY)
        if name not in TOTALS:
            bounds.check(f"first row of {name}, many / few", many[name].first / few[name].first, FIRST)
    bounds.check("csv / floor, memory", many["history --all --format csv"].memory / many["floor"].memory, 2)


if __name__ == "__main__":
    sys.exit(main())
