"""Measures how long agentctl takes to start, next to two floors in the same run: ratios, not milliseconds.

Floors: an interpreter that does nothing, and one that connects with psycopg and runs one statement. Every
command is run in turn, round after round, so that a change in the machine's speed affects all of them.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 15
PROGRAM = Path(sys.executable).with_name("agentctl")
SELECT = "import psycopg, sys; psycopg.connect(sys.argv[1]).execute('SELECT 1').fetchone()"


def main() -> None:
    """Measure on a sandbox of its own and print a table."""
    with tempfile.TemporaryDirectory() as home:
        environment = {"PATH": os.environ["PATH"], "HOME": home, "XDG_DATA_HOME": f"{home}/data"}
        holder = subprocess.Popen(
            [PROGRAM, "sandbox", "url", "--hold"], env=environment, stdout=subprocess.PIPE, text=True
        )
        assert holder.stdout is not None
        url = holder.stdout.readline().strip()
        try:
            measured = measure(commands(url), environment)
        finally:
            holder.terminate()
            holder.wait()
    report(measured)


def commands(url: str) -> dict[str, list[str | Path]]:
    """Return the commands to measure, floors first."""
    python = Path(sys.executable)
    return {
        "python -c pass": [python, "-c", "pass"],
        "python + psycopg + SELECT 1": [python, "-c", SELECT, url],
        "agentctl --version": [PROGRAM, "--version"],
        "agentctl --help": [PROGRAM, "--help"],
        "agentctl history --json": [PROGRAM, "history", "--json"],
        "agentctl schema-check": [PROGRAM, "schema-check"],
        "agentctl run seo-blog": [PROGRAM, "run", "seo-blog", "topic=Tea", "--no-charge"],
    }


def measure(named: dict[str, list[str | Path]], environment: dict[str, str]) -> dict[str, float]:
    """Return the median wall time of each command, in seconds, after one round that does not count."""
    times: dict[str, list[float]] = {name: [] for name in named}
    for round_number in range(ROUNDS + 1):
        for name, command in named.items():
            began = time.perf_counter()
            subprocess.run(command, env=environment, check=True, capture_output=True)
            if round_number:
                times[name].append(time.perf_counter() - began)
    return {name: statistics.median(values) for name, values in times.items()}


def report(medians: dict[str, float]) -> None:
    """Print each command with its ratio to both floors."""
    bare, connected = list(medians.values())[:2]
    print(f"median of {ROUNDS} rounds; the sandbox is running already\n")
    print(f"{'command':<30} {'median':>8} {'/ python':>9} {'/ psycopg':>10}")
    for name, median in medians.items():
        print(f"{name:<30} {median * 1000:>5.0f} ms {median / bare:>9.1f} {median / connected:>10.1f}")


if __name__ == "__main__":
    main()
