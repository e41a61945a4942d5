"""Watches an index build from a second connection, because the first one is busy with it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, LiteralString

from msgspec import Struct

from agentctl.core.database.connection import Connection, Database
from agentctl.core.errors import AgentctlError
from agentctl.core.migration.locks import Blocker

_LOOK_AGAIN_SECONDS = 0.5
_PROGRESS: LiteralString = """
SELECT p.phase, p.blocks_done, p.blocks_total, p.tuples_done, p.tuples_total,
       a.pid, coalesce(a.usename, '') AS "user", coalesce(a.query, '') AS query,
       coalesce(clock_timestamp() - coalesce(a.xact_start, a.query_start), '0') AS age
FROM pg_stat_progress_create_index p
JOIN pg_class c ON c.oid = p.index_relid
LEFT JOIN pg_stat_activity a ON a.pid = p.current_locker_pid
WHERE p.datname = current_database() AND c.relname = %(index)s
"""


class BuildProgress(Struct, frozen=True):
    """The progress of an index build.

    Attributes:
        phase: the phase, in PostgreSQL's own words.
        done: blocks or rows of this phase; `total` is 0 where the phase counts neither.
        blocker: the session that the phase waits for. Nobody waits behind the build.

    """

    phase: str
    done: int
    total: int
    blocker: Blocker | None


@contextmanager
def watch_build(
    database: Database, *, index: str, on_progress: Callable[[BuildProgress], None]
) -> Iterator[None]:
    """Report the progress of an index build now and then, until the block ends.

    Args:
        database: where it is.
        index: its name.
        on_progress: called with the progress, in a thread of its own.

    """
    over = threading.Event()
    thread = threading.Thread(
        target=_report_until_over, args=(database, index, on_progress, over), daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _report_until_over(
    database: Database, index: str, on_progress: Callable[[BuildProgress], None], over: threading.Event
) -> None:
    # Whoever watches may fail without a word: the build goes on, and tells itself how it ends.
    with suppress(AgentctlError, OSError):
        if over.wait(_LOOK_AGAIN_SECONDS):
            return
        with database.connect() as connection:
            while not over.is_set():
                if progress := _find_progress(connection, index):
                    on_progress(progress)
                over.wait(_LOOK_AGAIN_SECONDS)


def _find_progress(connection: Connection, index: str) -> BuildProgress | None:
    row = connection.execute(_PROGRESS, {"index": index}).fetchone()
    return _read_progress(row) if row else None


def _read_progress(row: dict[str, Any]) -> BuildProgress:
    counted = "blocks" if row["blocks_total"] else "tuples"
    blocker = Blocker(row["pid"], row["user"], row["query"], row["age"]) if row["pid"] else None
    return BuildProgress(row["phase"], row[f"{counted}_done"] or 0, row[f"{counted}_total"] or 0, blocker)
