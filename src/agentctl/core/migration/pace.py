"""How fast a backfill may go: batches of a tenth of a second, pauses that grow when others have work to do.

Arithmetic only, but for one look at the replicas.
"""

from dataclasses import dataclass, replace
from typing import LiteralString

from agentctl.core.database import Connection

_BATCH_SECONDS = 0.1
_SMALLEST, _LARGEST = 100, 20_000
_LAG_BYTES = 64 * 1024 * 1024
_LAG_SECONDS = 5
_LAG: LiteralString = """
SELECT coalesce(nullif(application_name, ''), host(client_addr), pid::text) AS name
FROM pg_stat_replication
WHERE state = 'streaming'
  AND (pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) > %(bytes)s
       OR replay_lag > make_interval(secs => %(seconds)s))
ORDER BY replay_lsn LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Pace:
    """The next batch's size, and the pause before it in seconds; `best` are the most rows a second so far."""

    size: int = 1000
    pause: float = 0
    best: float = 0

    def after(self, rows: int, seconds: float) -> "Pace":
        """Return the pace after a batch.

        A pause is as long as its batch, so that half of the time is left to others; where rows go slower than
        they once did others are at work, and it grows with that.
        """
        if not rows or seconds <= 0:
            return replace(self, pause=0)
        rate = rows / seconds
        best = max(self.best, rate)
        wanted = min(max(_BATCH_SECONDS / seconds, 0.5), 2)
        size = round(min(max(self.size * wanted, _SMALLEST), _LARGEST))
        return Pace(size, pause=min(seconds * best / rate, 10 * _BATCH_SECONDS), best=best)


def lagging_replica(connection: Connection) -> str | None:
    """Return the replica that is furthest behind, if it is too far; None for a role that may not see any."""
    row = connection.execute(_LAG, {"bytes": _LAG_BYTES, "seconds": _LAG_SECONDS}).fetchone()
    return str(row["name"]) if row else None
