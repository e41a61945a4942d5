"""What this machine knows of its own runs: the calls that it made and the answers that it got, a line each.

A local file of JSON Lines, for what a database has no column for and for `reconcile` after a crash. It
decides nothing, holds no inputs and no results unless configured, and a run does not depend on it.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from agentctl.core.models import Key, Outcome
from agentctl.core.times import rfc3339

_LARGEST = 8 * 1024 * 1024  # bytes of one file
_KEPT = 4  # older files beside the present one
_LOCK_SECONDS = 5
_UNWRITABLE = "This machine's journal cannot be written ({why}); the run does not depend on it."


class Event(StrEnum):
    """What a line is about."""

    CALLING = "calling"
    """The webhook is about to be called."""
    ANSWERED = "answered"
    """The call has ended, in whatever way."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line.

    Attributes:
        at: by this machine's clock.
        outcome: that the answer told; None before there is one.
        error: why it failed or is unknown, as it was shown.
        until: when a call that has begun ends at the latest.
        result: what the agent returned, where `has_result`: the journal was told to keep content.

    """

    at: datetime
    event: Event
    outcome: Outcome | None = None
    error: str | None = None
    http_status: int | None = None
    duration_ms: int | None = None
    until: datetime | None = None
    result: object = None
    has_result: bool = False


class Journal:
    """The journal of this user on this machine.

    Args:
        folder: where it lies; made when it is first written.
        content: whether inputs and results are kept, too.

    """

    def __init__(self, folder: Path, *, content: bool = False) -> None:
        self.path = folder / "journal.jsonl"
        self.content = content

    def note(self, execution: Key, *, database: str, event: Event, **facts: object) -> str | None:
        """Add a line, and return a complaint for the operator where that cannot be done.

        Args:
            execution: the line's subject.
            database: `host:port/name`; ids that are numbers repeat from database to database.
            event: what has happened.
            facts: more of what `Entry` holds; `inputs` and `result` are dropped unless they are kept.

        """
        kept = {
            name: value for name, value in facts.items() if self.content or name not in {"inputs", "result"}
        }
        when = rfc3339(datetime.now(UTC))
        line = {"at": when, "event": event, "execution": str(execution), "database": database, **kept}
        try:
            self._append(json.dumps(line))
        except OSError as error:
            return _UNWRITABLE.format(why=error.strerror or "it is locked")
        return None

    def entries(self, execution: Key, *, database: str) -> tuple[Entry, ...]:
        """Return what is known of an execution, oldest first; damaged lines are passed over."""
        subject = json.dumps(str(execution))
        return tuple(
            entry
            for line in self._lines()
            if subject in line and (entry := _entry(line, execution=execution, database=database))
        )

    def _append(self, line: str) -> None:
        # Here, because few commands write.
        from logging.handlers import RotatingFileHandler  # noqa: PLC0415 - see above

        from filelock import FileLock  # noqa: PLC0415 - see above

        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(self.path.with_suffix(".lock"), timeout=_LOCK_SECONDS, mode=0o600):
            self.path.touch(mode=0o600)
            rotating = RotatingFileHandler(self.path, maxBytes=_LARGEST, backupCount=_KEPT, delay=True)
            with closing(rotating) as files:
                if files.shouldRollover(logging.makeLogRecord({"msg": line})):
                    files.doRollover()
            self.path.touch(mode=0o600)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")

    def _lines(self) -> Iterator[str]:
        older = (self.path.with_name(f"{self.path.name}.{number}") for number in range(_KEPT, 0, -1))
        for path in (*older, self.path):
            try:
                with path.open(encoding="utf-8", errors="replace") as lines:
                    yield from lines
            except OSError:
                continue


def user_journal(*, content: bool) -> Journal:
    """Return the journal in the user's folder for such things."""
    from platformdirs import user_state_path  # noqa: PLC0415 - few commands need it

    return Journal(user_state_path("agentctl"), content=content)


def last_answer(entries: tuple[Entry, ...]) -> Entry | None:
    """Return the last answer that told an outcome, if there is one."""
    told = (entry for entry in reversed(entries) if entry.outcome in {Outcome.SUCCESS, Outcome.FAILED})
    return next(told, None)


def _entry(line: str, *, execution: Key, database: str) -> Entry | None:
    try:
        said: Mapping[str, object] = json.loads(line)
        # A UUID repeats nowhere, and one database has several addresses: its own, and its poolers'.
        same = isinstance(execution, UUID) or said["database"] == database
        if said["execution"] != str(execution) or not same:
            return None
        return _read(said)
    except (ValueError, TypeError, KeyError):
        return None


def _read(said: Mapping[str, object]) -> Entry:
    outcome, error = said.get("outcome"), said.get("error")
    until = said.get("until")
    status, duration = said.get("http_status"), said.get("duration_ms")
    return Entry(
        at=datetime.fromisoformat(str(said["at"])),
        event=Event(str(said["event"])),
        outcome=Outcome(str(outcome)) if outcome else None,
        error=str(error) if error else None,
        http_status=status if isinstance(status, int) else None,
        duration_ms=duration if isinstance(duration, int) else None,
        until=datetime.fromisoformat(str(until)) if until else None,
        result=said.get("result"),
        has_result="result" in said,
    )
