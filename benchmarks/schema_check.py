"""Measures how long schema-check takes, next to `psql` running the same query in the same run.

Two times are measured. After connecting: from sending the query to having the findings, compared with the
time that psql reports for the query. As a whole: one process compared with the other, including Python's
start. Both on the reference schema, and on one with 500 more tables.
"""

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg

from agentctl.core.catalog.introspection import catalog_statement, introspect
from agentctl.core.database.connection import read_database_url
from agentctl.core.database.qualified_sql import qualify_names
from agentctl.core.mapping import read
from agentctl.core.schema_check.schema_check import check_schema

ROUNDS = 15
PROGRAM = Path(sys.executable).with_name("agentctl")
MANY = (
    "DO $$ BEGIN FOR i IN 1..500 LOOP EXECUTE format("
    "'CREATE TABLE more_%s (id bigint PRIMARY KEY, {})', i); END LOOP; END $$"
)
COLUMNS = ", ".join(f"c{number} text" for number in range(12))


def main() -> None:
    """Measure on a sandbox of its own and print a table."""
    psql = shutil.which("psql")
    if psql is None:
        raise SystemExit("psql is not installed: there is nothing to compare with.")
    with tempfile.TemporaryDirectory() as home:
        environment = {"PATH": os.environ["PATH"], "HOME": home, "XDG_DATA_HOME": f"{home}/data"}
        holder = subprocess.Popen(
            [PROGRAM, "sandbox", "url", "--hold"], env=environment, stdout=subprocess.PIPE, text=True
        )
        assert holder.stdout is not None
        url = holder.stdout.readline().strip()
        try:
            print("| schema | after connecting | psql's own time | ratio | whole process | psql | ratio |")
            print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
            report("reference", url, psql, environment)
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(MANY.format(COLUMNS).encode())
            report("500 tables more", url, psql, environment)
        finally:
            holder.terminate()
            holder.wait()


def report(name: str, url: str, psql: str, environment: dict[str, str]) -> None:
    """Measure in turn, round after round, and print the medians."""
    inside, theirs, whole, whole_theirs = [], [], [], []
    script = Path(environment["HOME"], "catalog.sql")
    statement = qualify_names(catalog_statement().as_string())
    script.write_text(f"\\timing on\nBEGIN;\n{statement};\nCOMMIT;\n")
    for round_number in range(ROUNDS + 1):
        samples = (_time_schema_check(url), _time_psql(psql, url, script, environment))
        began = time.perf_counter()
        subprocess.run([PROGRAM, "schema-check", "--json"], env=environment, check=True, capture_output=True)
        ours = time.perf_counter() - began
        if round_number:
            inside.append(samples[0])
            theirs.append(samples[1][0])
            whole.append(ours)
            whole_theirs.append(samples[1][1])
    ours, psqls, process, theirs_whole = map(statistics.median, (inside, theirs, whole, whole_theirs))
    print(
        f"| {name} | {ours * 1000:.1f} ms | {psqls * 1000:.1f} ms | {ours / psqls:.2f} "
        f"| {process * 1000:.0f} ms | {theirs_whole * 1000:.0f} ms | {process / theirs_whole:.1f} |"
    )


def _time_schema_check(url: str) -> float:
    with read_database_url(url, source="benchmark").connect() as connection:
        began = time.perf_counter()
        check_schema(read(introspect(connection)))
        return time.perf_counter() - began


def _time_psql(psql: str, url: str, script: Path, environment: dict[str, str]) -> tuple[float, float]:
    began = time.perf_counter()
    done = subprocess.run(
        [psql, url, "-X", "-q", "-A", "-t", "-f", script],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    whole = time.perf_counter() - began
    return sum(map(float, re.findall(r"Time: ([\d.]+) ms", done.stdout))) / 1000, whole


if __name__ == "__main__":
    main()
