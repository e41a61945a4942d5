"""Decides how fast a backfill goes: short batches, and pauses that grow with the load of others.

It computes, and asks the server one question: who else is at work, and whether a replica falls behind.
"""

from typing import LiteralString

from msgspec import Struct

from agentctl.core.database.connection import Connection

_BATCH_SECONDS = 0.05
_FEWEST, _MOST = 2, 512
_MOST_BUSY = 3
_LONGEST_PAUSE_SECONDS = 1.0
_LAG_BYTES = 64 * 1024 * 1024
_LAG_SECONDS = 5
_SURROUNDINGS: LiteralString = """
SELECT (SELECT count(*) FROM pg_stat_activity
        WHERE state = 'active' AND backend_type = 'client backend' AND pid <> pg_backend_pid()) AS busy,
       (SELECT CASE WHEN application_name <> '' THEN application_name
                    ELSE coalesce(host(client_addr), pid::text) END
        FROM pg_stat_replication
        WHERE state = 'streaming'
          AND (pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) > %(bytes)s
               OR replay_lag > make_interval(secs => %(seconds)s))
        ORDER BY replay_lsn LIMIT 1) AS replica
"""


class Surroundings(Struct, frozen=True):
    """The load of others, as far as this role may see it.

    Attributes:
        busy: the number of sessions that are executing a statement.
        replica: the replica that is furthest behind, if that is too far; else None.

    """

    busy: int = 0
    replica: str | None = None


class Pace(Struct, frozen=True):
    """The next batch's size in blocks of the table, and the pause before it in seconds."""

    blocks: int = 16
    pause: float = 0

    def after(self, rows: int, seconds: float, busy: int) -> "Pace":
        """Return the pace after a batch.

        Args:
            rows: the number of rows that it had.
            seconds: how long it took.
            busy: how many others are at work. The pause is a quarter of the batch's time, plus
                half of it for each of the others, up to three.

        """
        wanted = min(max(_BATCH_SECONDS / max(seconds, 0.001), 0.5), 2)
        blocks = round(min(max(self.blocks * wanted, _FEWEST), _MOST))
        if not rows:
            return Pace(blocks)
        share = 0.25 + 0.5 * min(busy, _MOST_BUSY)
        return Pace(blocks, pause=min(seconds * share, _LONGEST_PAUSE_SECONDS))


def look_around(connection: Connection) -> Surroundings:
    """Return the load of others now."""
    row = connection.execute(_SURROUNDINGS, {"bytes": _LAG_BYTES, "seconds": _LAG_SECONDS}).fetchone()
    return Surroundings(**row) if row else Surroundings()
