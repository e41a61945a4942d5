"""Keeps what this machine knows of its own runs: one line for each call and each answer.

It is a local file of JSON Lines, for what the database has no column for and for `reconcile` after a crash.
It decides nothing, holds no inputs and no results unless configured, and no run depends on it. Ids repeat, so
a line says which row of which database it is about (`row_identity`). Lines of version 1 do not: they prove
nothing, and can only make `reconcile` wait longer.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from agentctl.core.database.row_identity import DatabaseIdentity, RowIdentity
from agentctl.core.files.ownership import why_others_decide
from agentctl.core.files.writing import append_line
from agentctl.core.models import Key, Outcome
from agentctl.core.strict_json import JsonNumber, write_json
from agentctl.core.times import rfc3339

_VERSION = 2  # of a line's format

_LARGEST = 8 * 1024 * 1024  # bytes of one file
_KEPT = 4  # older files beside the present one
_SUBJECT = re.compile(r'"execution": ("(?:[^"\\]|\\.)*")')
_UNWRITABLE = "This machine's journal cannot be written ({why}); the run does not depend on it."


class Event(StrEnum):
    """What a line reports."""

    CALLING = "calling"
    """The webhook is about to be called."""
    ANSWERED = "answered"
    """The call has ended, somehow."""


class Entry(Struct, frozen=True):
    """One line.

    Attributes:
        at: by this machine's clock.
        outcome: what the answer meant; None before there is one.
        error: why it failed or is unknown, as it was shown.
        until: when a call that has begun ends at the latest.
        result: what the agent returned, where `has_result`: only if the journal keeps content.
        is_proven: whether it is certainly about the row in question, and not about another one of its id.

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
    is_proven: bool = False


class Memory(Struct, frozen=True):
    """A summary of what the journal says of one row.

    Attributes:
        answer: the last line with an outcome that is certainly about this row.
        doubtful_answer: the last line with an outcome that may be about another row of its id.
        began_at: when the call of certainly this row began.
        has_ended: whether the call of certainly this row has ended, somehow.
        until: when every call that may be about this row has ended.

    """

    answer: Entry | None = None
    doubtful_answer: Entry | None = None
    began_at: datetime | None = None
    has_ended: bool = False
    until: datetime | None = None

    def with_entry(self, entry: Entry) -> "Memory":
        """Return the memory with one more line in it; a doubtful line can only prolong the wait."""
        until = max((each for each in (self.until, entry.until) if each is not None), default=None)
        has_outcome = entry.outcome in {Outcome.SUCCESS, Outcome.FAILED}
        if not entry.is_proven:
            return replace(self, until=until, doubtful_answer=entry if has_outcome else self.doubtful_answer)
        return replace(
            self,
            until=until,
            answer=entry if has_outcome else self.answer,
            began_at=entry.at if entry.event is Event.CALLING else self.began_at,
            has_ended=self.has_ended or entry.event is Event.ANSWERED,
        )


class Journal:
    """The journal of this user on this machine.

    Args:
        folder: where it is kept; made when the first line is written.
        content: whether inputs and results are kept too.

    """

    def __init__(self, folder: Path, *, content: bool = False) -> None:
        self.path = folder / "journal.jsonl"
        self.content = content

    def note(
        self, execution: Key, *, database: str, row: RowIdentity, event: Event, **facts: object
    ) -> str | None:
        """Add a line; return a complaint for the operator if that fails.

        Args:
            execution: the line's subject.
            database: `host:port/name`, for people.
            row: which row of which database the subject is.
            event: what has happened.
            facts: more of `Entry`'s fields; `inputs` and `result` are dropped unless content is kept.

        """
        kept = {
            name: value for name, value in facts.items() if self.content or name not in {"inputs", "result"}
        }
        line = {
            "version": _VERSION,
            "at": rfc3339(datetime.now(UTC)),
            "event": event,
            "execution": str(execution),
            "database": database,
            "system": row.database.system if row.database else None,
            "oid": row.database.oid if row.database else None,
            "created_at": row.created_at,
            **kept,
        }
        try:
            append_line(self.path, write_json(line), largest=_LARGEST, kept=_KEPT)
        except OSError as error:
            return _UNWRITABLE.format(why=error.strerror or "it is locked")
        return None

    def list_entries(self, execution: Key, row: RowIdentity, *, database: str) -> tuple[Entry, ...]:
        """Return the lines that may be about a row, oldest first, without damaged ones.

        Args:
            execution: the row's id.
            row: which row of which database it is.
            database: `host:port/name`; in lines of version 1, it tells numbers apart.

        """
        entries = self._read_entries({execution: row}, database=database)
        return tuple(entry for _, entry in entries)

    def recall(self, rows: Mapping[Key, RowIdentity], *, database: str) -> Mapping[Key, Memory]:
        """Return what is known of many rows, in one reading; rows without a line are left out."""
        memories: dict[Key, Memory] = {}
        for execution, entry in self._read_entries(rows, database=database) if rows else ():
            memories[execution] = memories.get(execution, _NO_MEMORY).with_entry(entry)
        return memories

    def _read_entries(self, rows: Mapping[Key, RowIdentity], *, database: str) -> Iterator[tuple[Key, Entry]]:
        # As JSON writes an id, so that most lines need not be read as JSON.
        wanted = {json.dumps(str(execution)): execution for execution in rows}
        for line in self._read_lines():
            subject = _SUBJECT.search(line)
            execution = wanted.get(subject[1]) if subject is not None else None
            if execution is None:
                continue
            entry = _read_line(line, execution, rows[execution], database=database)
            if entry is not None:
                yield execution, entry

    def _read_lines(self) -> Iterator[str]:
        older = (self.path.with_name(f"{self.path.name}.{number}") for number in range(_KEPT, 0, -1))
        for path in (*older, self.path):
            try:
                if why_others_decide(path) is not None:  # what others wrote is no evidence
                    continue
                with path.open(encoding="utf-8", errors="replace") as lines:
                    yield from lines
            except OSError:
                continue


def user_journal(*, content: bool) -> Journal:
    """Return the journal in the user's state folder."""
    from agentctl.core.files.user_folders import find_state_folder  # noqa: PLC0415 - few commands need it

    return Journal(find_state_folder(), content=content)


_NO_MEMORY = Memory()


def _read_line(line: str, execution: Key, row: RowIdentity, *, database: str) -> Entry | None:
    """Return what a line says of a row; None if it is damaged or certainly about another row."""
    try:
        fields = json.loads(line, parse_float=JsonNumber)
        if fields["execution"] != str(execution):
            return None
        entry = _read_entry(fields)
        version = fields.get("version", 1)
        if version == 1:
            # UUIDs seldom repeat, and one database has several addresses: its own, and its poolers'.
            return entry if isinstance(execution, UUID) or fields["database"] == database else None
        subject = _read_row(fields)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None
    if version != _VERSION or subject.excludes(row):
        return None
    return replace(entry, is_proven=subject.is_known and subject == row)


def _read_row(fields: Mapping[str, object]) -> RowIdentity:
    system, oid, created_at = fields["system"], fields["oid"], fields["created_at"]
    known = isinstance(system, str) and isinstance(oid, str)
    return RowIdentity(
        database=DatabaseIdentity(str(system), str(oid)) if known else None,
        created_at=created_at if isinstance(created_at, str) else None,
    )


def _read_entry(fields: Mapping[str, object]) -> Entry:
    outcome, error = fields.get("outcome"), fields.get("error")
    until = fields.get("until")
    status, duration = fields.get("http_status"), fields.get("duration_ms")
    return Entry(
        at=_read_instant(fields["at"]),
        event=Event(str(fields["event"])),
        outcome=Outcome(str(outcome)) if outcome else None,
        error=str(error) if error else None,
        http_status=status if isinstance(status, int) else None,
        duration_ms=duration if isinstance(duration, int) else None,
        until=_read_instant(until) if until else None,
        result=fields.get("result"),
        has_result="result" in fields,
    )


def _read_instant(text: object) -> datetime:
    instant = datetime.fromisoformat(str(text))
    if instant.tzinfo is None:
        raise ValueError("an instant without a zone")
    return instant.astimezone(UTC)
