"""A marketplace under load: writers that record executions, and readers that list them, each a process.

The time of each statement is kept, so that the longest wait is known afterwards.
"""

import multiprocessing
import random
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import LiteralString

import psycopg

WRITERS, READERS = 4, 2
_PAUSE_SECONDS = 0.02
_INSERT: LiteralString = (
    "INSERT INTO agent_executions (user_id, agent_id, status) VALUES (%s, %s, 'running') RETURNING id"
)
_SETTLE: LiteralString = "UPDATE agent_executions SET status = 'success' WHERE id = %s"
_HISTORY: LiteralString = (
    "SELECT id, status, created_at FROM agent_executions WHERE user_id = %s ORDER BY created_at DESC LIMIT 20"
)

Sample = tuple[float, float]
"""When a statement began, on the monotonic clock, and how many seconds it took."""


@dataclass
class Load:
    """How long the writers waited; known once they have stopped."""

    samples: list[Sample] = field(default_factory=list)

    def between(self, begin: float, end: float) -> list[float]:
        """Return the times of the statements that touch a span of time, in seconds."""
        return [took for began, took in self.samples if began <= end and began + took >= begin]

    def longest(self, begin: float, end: float) -> float:
        """Return the longest of them."""
        return max(self.between(begin, end))

    def p99(self, begin: float, end: float) -> float:
        """Return the time that 99 of 100 statements are shorter than."""
        return statistics.quantiles(self.between(begin, end), n=100)[98]


@contextmanager
def at_work(url: str, folder: Path) -> Iterator[Load]:
    """Keep writers and readers at work until the block ends; their waits are known then."""
    load = Load()
    context = multiprocessing.get_context("spawn")
    over = context.Event()
    files = [folder / f"writer-{number}" for number in range(WRITERS)]
    people = [context.Process(target=_write_executions, args=(url, file, over)) for file in files]
    people += [context.Process(target=_read_executions, args=(url, over)) for _ in range(READERS)]
    for one in people:
        one.start()
    try:
        time.sleep(2)
        yield load
        time.sleep(0.5)
    finally:
        over.set()
        for one in people:
            one.join(60)
    for file in files:
        for line in file.read_text().splitlines():
            began, took = line.split()
            load.samples.append((float(began), float(took)))
        file.unlink()


def _write_executions(url: str, file: Path, over: Event) -> None:
    samples: list[str] = []
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        users, agents = _list_ids(connection, "profiles"), _list_ids(connection, "agents")
        while not over.is_set():
            began = time.monotonic()
            row = connection.execute(_INSERT, (random.choice(users), random.choice(agents))).fetchone()
            between = time.monotonic()
            connection.execute(_SETTLE, row)
            samples += [f"{began} {between - began}", f"{between} {time.monotonic() - between}"]
            time.sleep(_PAUSE_SECONDS)
    file.write_text("\n".join(samples))


def _read_executions(url: str, over: Event) -> None:
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        users = _list_ids(connection, "profiles")
        while not over.is_set():
            connection.execute(_HISTORY, (random.choice(users),)).fetchall()
            time.sleep(_PAUSE_SECONDS)


def _list_ids(connection: psycopg.Connection, table: LiteralString) -> list[object]:
    return [row[0] for row in connection.execute(f"SELECT id FROM {table}")]
