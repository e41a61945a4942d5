"""Measures how long commands take, on servers as they are installed, beside floors in the same run.

The floors hold none of our own work: an interpreter that does nothing, a Typer program with two commands, one
connection with one SELECT of 20 rows, and what `run` cannot do without: two connections, four statements and
one POST. Every command is run in turn, round after round, so that a change in the machine's speed meets all
of them. Then 500 tables are added, and everything is measured again.

The exit code is 1 if a bound does not hold; docs/benchmarks/speed.md tells them.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import LiteralString

from bounds import Bounds

from support.marketplace import Marketplace, marketplace
from support.postgres import running
from support.webhook_server import Reply, WebhookServer

ROUNDS = 15
PYTHON, PROGRAM = Path(sys.executable), Path(sys.executable).with_name("agentctl")
VERSIONS = ("15", "18")  # Debian's, which compiles statements, and the sandbox's, which cannot
TYPER = """
import typer
app = typer.Typer()
@app.command()
def one(name: str, loud: bool = False): print(name)
@app.command()
def two(name: str, times: int = 1): print(name)
app()
"""
SELECT = """
import psycopg, sys
with psycopg.connect(sys.argv[1]) as connection:
    print(connection.execute("SELECT * FROM agent_executions ORDER BY created_at DESC LIMIT 20").fetchall())
"""
RUN = """
import psycopg, httpx, sys
url, webhook = sys.argv[1:]
with psycopg.connect(url) as connection:
    connection.execute("SELECT * FROM agents WHERE name = 'SEO Blog'").fetchall()
    connection.execute("SELECT * FROM profiles WHERE email = 'ops@example.com' FOR UPDATE").fetchall()
print(httpx.post(webhook, json={"topic": "Tea"}).text)
with psycopg.connect(url) as connection:
    connection.execute("SELECT * FROM credit_transactions LIMIT 1").fetchall()
    connection.execute("UPDATE profiles SET credits = credits WHERE email = 'ops@example.com'")
"""
FLOORS = {"Python": "python -c pass", "Typer": "typer --help", "SELECT": "one SELECT", "POST": "one POST"}
BOUNDS = {
    "agentctl --version": ("Python", 1.3),
    "agentctl --help": ("Typer", 0.8),
    "agentctl history --json": ("SELECT", 1.5),
    "agentctl credits --json": ("SELECT", 1.5),
    "agentctl schema-check --json": ("SELECT", 1.5),
    "agentctl run --json": ("POST", 2.2),
}
MANY_TABLES: LiteralString = """
DO $$ BEGIN
    FOR i IN 1..500 LOOP
        EXECUTE format('CREATE TABLE more_%s (id bigint PRIMARY KEY, title text, url text, state text, '
                       'amount numeric, quantity integer, note text, created_at timestamptz DEFAULT now(), '
                       'updated_at timestamptz, owner_id uuid REFERENCES profiles)', i);
    END LOOP;
END $$
"""
ROWS: LiteralString = """
INSERT INTO agent_executions (user_id, agent_id, status, created_at)
SELECT p.id, a.id, 'success', now() - n * interval '1 hour'
FROM generate_series(1, 1000) AS n, profiles p, agents a
WHERE p.email = 'ops@example.com' AND a.name = 'SEO Blog'
"""

Command = Sequence[str | Path]


def main() -> int:
    """Measure on each server, and return the exit code."""
    bounds = Bounds()
    for version in VERSIONS:
        with (
            tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
            WebhookServer() as webhook,
        ):
            Path(folder).chmod(0o755)  # the server runs as somebody else
            with running(version, Path(folder, "server"), stock=True) as server, marketplace(server) as shop:
                measure_server(shop, webhook, Path(folder), bounds)
    return 1 if bounds.broken else 0


def measure_server(shop: Marketplace, webhook: WebhookServer, folder: Path, bounds: Bounds) -> None:
    """Measure all commands on a marketplace, then again beside 500 further tables."""
    address = webhook.script("/seo", Reply.json({"output": "Tea is a drink."}))
    shop.set_webhook("SEO Blog", address)
    shop.execute("UPDATE profiles SET credits = 1000000")
    shop.execute(ROWS)
    ((version, jit),) = shop.execute("SELECT current_setting('server_version'), current_setting('jit')")
    write_settings(folder, shop.url)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    for tables in ("", ", 500 tables more"):
        if tables:
            shop.execute(MANY_TABLES)
        shop.execute("ANALYZE")
        print(f"\nPostgreSQL {version}, jit = {jit}{tables}; medians of {ROUNDS} rounds\n")
        report(measure(list_commands(shop.url, address), environment), bounds)


def write_settings(home: Path, url: str) -> None:
    """Write the operator's settings: a webhook on this machine is called only where they say so."""
    settings = home / ".config/agentctl/agentctl.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(
        f'[profiles.default]\ndatabase_url = "{url}"\n'
        '[profiles.default.webhook]\nallow_hosts = ["127.0.0.1"]\n'
    )


def list_commands(url: str, webhook: str) -> dict[str, Command]:
    """Return the commands to measure, floors first."""
    run = (PROGRAM, "run", "seo-blog", "topic=Tea", "--user", "ops@example.com", "--json")
    return {
        FLOORS["Python"]: (PYTHON, "-c", "pass"),
        FLOORS["Typer"]: (PYTHON, "-c", TYPER, "--help"),
        FLOORS["SELECT"]: (PYTHON, "-c", SELECT, url),
        FLOORS["POST"]: (PYTHON, "-c", RUN, url, webhook),
        "agentctl --version": (PROGRAM, "--version"),
        "agentctl --help": (PROGRAM, "--help"),
        "agentctl history --json": (PROGRAM, "history", "--json"),
        "agentctl credits --json": (PROGRAM, "credits", "--json"),
        "agentctl schema-check --json": (PROGRAM, "schema-check", "--json"),
        "agentctl run --json": run,
    }


def measure(named: Mapping[str, Command], environment: Mapping[str, str]) -> dict[str, float]:
    """Return the median wall time of each command, in seconds, after one round that does not count."""
    times: dict[str, list[float]] = {name: [] for name in named}
    for round_number in range(ROUNDS + 1):
        for name, command in named.items():
            began = time.perf_counter()
            done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
            if done.returncode not in {0, 6}:  # schema-check finds the columns that the minimal table lacks
                raise SystemExit(f"{name} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
            if round_number:
                times[name].append(time.perf_counter() - began)
    return {name: statistics.median(values) for name, values in times.items()}


def report(medians: Mapping[str, float], bounds: Bounds) -> None:
    """Print every median, and whether the bounds hold."""
    print("| command | median |\n| --- | ---: |")
    for name, median in medians.items():
        print(f"| {name} | {median * 1000:.0f} ms |")
    print()
    for name, (floor, limit) in BOUNDS.items():
        bounds.check(f"{name} / {FLOORS[floor]}", medians[name] / medians[FLOORS[floor]], limit)


if __name__ == "__main__":
    sys.exit(main())
