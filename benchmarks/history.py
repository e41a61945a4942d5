"""Measures how long the server works for `history` and `credits`, without and with the indexes of lists.

Millions of executions are spread over a year, each with its charge in the ledger, on Debian's PostgreSQL 15
as it is installed, which compiles expensive statements. The server logs how long each statement takes, so
what counts is what the program really sends; its reading of the catalog, which `make bench-startup` measures,
is left out. Then the hint of `schema-check` is followed, and everything is measured again.

The exit code is 1 if a bound does not hold; docs/benchmarks/speed.md has the figures.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from bounds import Bounds

from support.marketplace import Marketplace, marketplace
from support.postgres import running

ROUNDS, ROUNDS_WITHOUT = 5, 3
LISTS = 4  # of all executions, and by user, agent and status; the ledger's has an index in sql/credits.sql
PROGRAM = Path(sys.executable).with_name("agentctl")
PAGE, PREFIX, STATS = 50.0, 5.0, 100.0  # milliseconds
CHECK = "list-unindexed"
_SETTINGS_SHOWN: LiteralString = (
    "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY ('{jit,shared_buffers,work_mem,"
    "max_parallel_workers_per_gather,random_page_cost,fsync}') ORDER BY 1"
)
# Loaded without what is built faster afterwards: the schema's own keys and indexes.
_PREPARE: LiteralString = """
DROP INDEX idx_agent_executions_user_id, idx_agent_executions_agent_id, idx_agent_executions_status,
    idx_credit_transactions_user_id, idx_credit_transactions_execution_id;
ALTER TABLE agent_executions DROP CONSTRAINT agent_executions_pkey;
ALTER TABLE credit_transactions DROP CONSTRAINT credit_transactions_pkey
"""
# One user, one agent and one status occur in the year's first months only.
_PEOPLE: LiteralString = """
INSERT INTO profiles (id, email, credits)
SELECT gen_random_uuid(), n || '@example.com', 1000000 FROM generate_series(1, 10000) AS n;
INSERT INTO agents (id, name, credit_cost)
SELECT gen_random_uuid(), 'Agent ' || n, 1 + n % 20 FROM generate_series(1, 50) AS n
"""
_EXECUTIONS: LiteralString = """
INSERT INTO agent_executions (id, user_id, agent_id, status, created_at, started_at, completed_at)
SELECT gen_random_uuid(),
       p.ids[CASE WHEN n < %(rows)s / 2 AND n %% 50 = 0 THEN 1 ELSE 2 + (n * 7919 %% 9999) END],
       a.ids[CASE WHEN n < %(rows)s / 4 AND n %% 50 = 1 THEN 1 ELSE 2 + (n * 104729 %% 49) END],
       CASE WHEN n %% 20 = 0 THEN 'failed' WHEN n < %(rows)s / 4 AND n %% 50 = 1 THEN 'pending'
            WHEN n > %(rows)s - 10 THEN 'running' ELSE 'success' END,
       at, at + interval '1 ms', at + (1 + n * 7919 %% 120000) * interval '1 ms'
FROM (SELECT n, now() - (%(rows)s - n) * (interval '365 days' / %(rows)s) AS at
      FROM generate_series(1, %(rows)s::bigint) AS n) AS rows,
     (SELECT array_agg(id ORDER BY email) AS ids FROM profiles WHERE email ~ '^[0-9]') AS p,
     (SELECT array_agg(id ORDER BY name) AS ids FROM agents WHERE name ~ '^Agent ') AS a
"""
_LEDGER: LiteralString = """
INSERT INTO credit_transactions (user_id, type, amount, balance_after, execution_id, created_at)
SELECT user_id, kind, amount, 0, id, created_at + after
FROM agent_executions CROSS JOIN LATERAL (
    VALUES ('usage', -5, interval '0'), ('refund', 5, interval '2 seconds')
) AS moved (kind, amount, after)
WHERE kind = 'usage' OR status = 'failed'
"""
_FINISH: LiteralString = """
ALTER TABLE agent_executions ADD PRIMARY KEY (id);
ALTER TABLE credit_transactions ADD PRIMARY KEY (id);
CREATE INDEX idx_agent_executions_user_id ON agent_executions (user_id);
CREATE INDEX idx_agent_executions_agent_id ON agent_executions (agent_id);
CREATE INDEX idx_agent_executions_status ON agent_executions (status);
CREATE INDEX idx_credit_transactions_user_id ON credit_transactions (user_id, created_at DESC);
CREATE INDEX idx_credit_transactions_execution_id ON credit_transactions (execution_id)
"""
_INDEXES: LiteralString = (
    "SELECT indexrelname, pg_size_pretty(pg_relation_size(indexrelid)) FROM pg_stat_user_indexes "
    "WHERE relname = 'agent_executions' ORDER BY 1"
)
_COMMAND = re.compile("^agentctl (.*?) builds it")
_DURATION = re.compile(r"LOG:  duration: ([0-9.]+) ms  (.*)")
_CATALOG = files("agentctl.core.catalog").joinpath("catalog.sql").read_text("utf-8").splitlines()[0]


@dataclass(frozen=True)
class Command:
    """A command line, and the milliseconds that the server may work for it; None where none is promised."""

    words: tuple[str, ...]
    limit: float | None = None
    name: str | None = None

    @property
    def shown(self) -> str:
        """What the table calls it."""
        return self.name or " ".join(self.words)


@dataclass(frozen=True)
class Bench:
    """A marketplace on its server, whose log says how long statements take."""

    shop: Marketplace
    log: Path
    environment: Mapping[str, str]

    def call(self, *words: str, codes: frozenset[int] = frozenset({0})) -> dict[str, Any]:
        """Run the program with --json, and return its data."""
        done = subprocess.run(
            (PROGRAM, *words, "--json"), env=self.environment, check=False, capture_output=True, text=True
        )
        if done.returncode not in codes:
            raise SystemExit(f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        data: dict[str, Any] = json.loads(done.stdout)["data"]
        return data

    def measure(self, command: Command, rounds: int) -> float:
        """Return the least of the server's milliseconds: what else the machine does only adds to them."""
        times: list[float] = []
        for _ in range(rounds + 1):
            before = self.log.stat().st_size
            self.call(*command.words)
            with self.log.open("rb") as log:
                log.seek(before)
                times.append(sum(list_durations(log.read().decode(errors="replace"))))
        return min(times[1:])


def list_durations(log: str) -> Iterator[float]:
    """Yield the milliseconds of each statement in a piece of the log, but for the catalog's."""
    for line in log.splitlines():
        found = _DURATION.search(line)
        if found and _CATALOG not in found[2]:
            yield float(found[1])


def main() -> int:
    """Measure without and with the indexes, and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000_000, help="executions (10 million)")
    rows = parser.parse_args().rows
    bounds = Bounds()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # the server runs as somebody else
        server_folder = folder / "server"
        with (
            running("15", server_folder, stock=True) as server,
            marketplace(server, ("started_at", "completed_at")) as shop,
        ):
            load(shop, rows)
            environment = {"PATH": os.environ["PATH"], "HOME": name, "AGENTCTL_DATABASE_URL": shop.url}
            compare(Bench(shop, server_folder / "log", environment), bounds)
    return 1 if bounds.broken else 0


def load(shop: Marketplace, rows: int) -> None:
    """Fill the marketplace, and let the server log how long each statement takes from then on."""
    print(f"Loading {rows:,} executions ...", file=sys.stderr)
    with shop.connect() as connection:
        connection.execute("SET session_replication_role = replica; SET maintenance_work_mem = '512MB'")
        connection.execute(_PREPARE)
        connection.execute(_PEOPLE)
        connection.execute(_EXECUTIONS, {"rows": rows})
        connection.execute(_LEDGER)
        connection.execute(_FINISH)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
        connection.execute("ALTER SYSTEM SET log_min_duration_statement = 0")
        connection.execute("SELECT pg_reload_conf()")
        print_settings(connection, rows)


def print_settings(connection: psycopg.Connection[Any], rows: int) -> None:
    """Print what was measured on."""
    size = "SELECT pg_size_pretty(pg_total_relation_size('agent_executions'))"
    ((version, pretty),) = connection.execute(
        f"SELECT current_setting('server_version'), ({size})"
    ).fetchall()
    settings = ", ".join(f"{name} = {value}" for name, value in connection.execute(_SETTINGS_SHOWN))
    print(f"\nPostgreSQL {version} ({settings}); {rows:,} executions over a year ({pretty})\n")


def compare(bench: Bench, bounds: Bounds) -> None:
    """Measure all commands, follow schema-check's hint, and measure them again."""
    commands = list(list_commands(bench))
    without = {command.shown: bench.measure(command, ROUNDS_WITHOUT) for command in commands}
    follow_hint(bench, bounds)
    print("\n| command | without | with | at most |\n| --- | ---: | ---: | ---: |")
    times = {}
    for command in commands:
        times[command.shown] = bench.measure(command, ROUNDS)
        limit = "" if command.limit is None else f"{command.limit:.0f} ms"
        before, after = without[command.shown], times[command.shown]
        print(f"| `{command.shown}` | {before:.1f} ms | {after:.1f} ms | {limit} |", flush=True)
    print()
    for command in commands:
        if command.limit is not None:
            bounds.check(command.shown, times[command.shown], command.limit, " ms")


def follow_hint(bench: Bench, bounds: Bounds) -> None:
    """Do what schema-check tells about lists without an index."""
    hints = [finding["hint"] for finding in list_findings(bench)]
    bounds.check("lists without an index that schema-check does not find", LISTS - len(hints), 0)
    began = time.perf_counter()
    for words in {_COMMAND.findall(hint)[0] for hint in hints}:
        bench.call(*words.split(), "--yes")
    bounds.check("findings after following the hint", len(list_findings(bench)), 0)
    print(f"\nThat took {time.perf_counter() - began:.0f} s. The indexes:\n")
    for name, size in bench.shop.execute(_INDEXES):
        print(f"- `{name}`: {size}")


def list_findings(bench: Bench) -> list[dict[str, Any]]:
    """Return what schema-check says about lists without an index."""
    findings = bench.call("schema-check", codes=frozenset({0, 6}))["findings"]
    return [finding for finding in findings if finding["id"] == CHECK]


def list_commands(bench: Bench) -> Iterator[Command]:
    """Yield the commands to measure."""
    ((user,), (gone,)) = bench.shop.execute(
        "SELECT email FROM profiles WHERE email = ANY ('{1@example.com,77@example.com}') ORDER BY email DESC"
    )
    ((last,),) = bench.shop.execute("SELECT id::text FROM agent_executions ORDER BY created_at DESC LIMIT 1")
    ((middle,),) = bench.shop.execute("SELECT (now() - interval '180 days')::date::text")
    cursor = bench.call("history", "--until", middle)["next_cursor"]
    yield Command(("history",), PAGE)
    yield Command(("history", "--limit", "1000"))
    yield Command(("history", "--cursor", cursor), PAGE, "history --cursor (half a year back)")
    yield Command(("history", "--until", middle), PAGE, "history --until (half a year back)")
    yield Command(("history", "--since", "24h"), PAGE)
    yield Command(("history", "--user", user), PAGE, "history --user U")
    yield Command(("history", "--user", gone), PAGE, "history --user U (gone for half a year)")
    yield Command(("history", "--status", "failed"), PAGE)
    yield Command(("history", "--status", "running"), PAGE)
    yield Command(("history", "--status", "pending", "--status", "running"), None, "history, of two statuses")
    yield Command(("history", "--agent", "Agent 20", "--status", "pending"), None, "history, nothing matches")
    yield Command(("history", "--status", "pending"), PAGE, "history --status S (of nine months ago)")
    yield Command(("history", "--agent", "Agent 20"), PAGE, "history --agent A")
    yield Command(("history", "--agent", "Agent 1"), PAGE, "history --agent A (unused for nine months)")
    yield Command(("history", last[:8]), PREFIX, "history PREFIX (8 digits)")
    yield Command(("history", last), PREFIX, "history ID")
    yield Command(("history", "--stats", "--since", "24h"), STATS)
    yield Command(("history", "--stats", "--since", "7d"))
    yield Command(("history", "--stats"))
    yield Command(("credits", "--user", user), PAGE, "credits --user U")
    yield Command(("credits", "--user", gone), PAGE, "credits --user U (gone for half a year)")


if __name__ == "__main__":
    sys.exit(main())
