"""Durations and instants as people type them and as programs read them.

Durations are `timedelta`, instants are aware `datetime` in UTC. A time without a zone is shown as if it were
UTC's, never as local; what it may mean is a `Moment`, and where something depends on it, its latest instant
decides.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from agentctl.core.errors import UsageError

AHEAD_OF_UTC = timedelta(hours=14)
"""How far the clocks of a zone can be ahead of UTC's (Kiritimati)."""
BEHIND_UTC = timedelta(hours=12)
"""How far the clocks of a zone can be behind UTC's (Baker Island)."""
DAY = timedelta(days=1)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as a database has it, with what it can mean.

    Attributes:
        raw: as it was read: with a zone, without one, a day, or the text of what Python's calendar lacks.
        shown: the instant that is shown; a time without a zone is read as UTC there.
        earliest: the first instant that it can mean.
        latest: the last instant that it can mean: the youngest that a row of that time can be.

    """

    raw: object
    shown: datetime
    earliest: datetime
    latest: datetime

    @property
    def is_instant(self) -> bool:
        """Whether it means one instant: it has a zone."""
        return self.earliest == self.latest

    @property
    def text(self) -> str | None:
        """The time exactly, to recognise a row by; None where it was rounded and rows may share it."""
        if not isinstance(self.raw, datetime) or self.raw.microsecond == 0:
            return None
        return rfc3339(self.raw) if self.is_instant else self.raw.isoformat()

    @property
    def is_exact(self) -> bool:
        """Whether `raw` can be compared with a column: it is no text."""
        return isinstance(self.raw, date)


def moment_of(raw: object) -> Moment | None:
    """Return what a time of a database's means; None for NULL.

    What Python's calendar lacks (`-infinity`, years before 1 or after 9999) is its first or its last instant.
    """
    if raw is None:
        return None
    if isinstance(raw, datetime) and raw.tzinfo is not None:
        try:
            return _make_instant(raw, raw.astimezone(UTC))
        except OverflowError:
            return _make_instant(str(raw), _FIRST if raw.year == _FIRST.year else _LAST)
    if not isinstance(raw, date):
        text = str(raw)
        return _make_instant(raw, _FIRST if text == "-infinity" or text.endswith(" BC") else _LAST)
    length = timedelta(0) if isinstance(raw, datetime) else DAY
    start = raw if isinstance(raw, datetime) else datetime(raw.year, raw.month, raw.day)  # noqa: DTZ001 - see below
    shown = start.replace(tzinfo=UTC)
    return Moment(raw, shown, shifted(shown, -AHEAD_OF_UTC), shifted(shown, BEHIND_UTC + length))


def _make_instant(raw: object, instant: datetime) -> Moment:
    return Moment(raw, instant, instant, instant)


def shifted(instant: datetime, by: timedelta) -> datetime:
    """Return an instant so much later, or the calendar's first or last one where it has none there."""
    try:
        return instant + by
    except OverflowError:
        return (_LAST if by > timedelta(0) else _FIRST).replace(tzinfo=instant.tzinfo)


def parse_duration(text: str) -> timedelta:
    """Return the positive duration that a text such as `300s`, `1h30m`, `200ms` or `7d` names.

    Raises:
        UsageError: the text is no duration, or the duration is not positive.

    """
    import durationpy  # noqa: PLC0415 - most commands parse no duration

    try:
        duration = durationpy.from_str(text.strip())
    except (durationpy.DurationError, OverflowError):
        duration = timedelta(0)
    if duration <= timedelta(0):
        msg = f"{text!r} is not a duration."
        raise UsageError(msg, hint="Write a number with its unit: 200ms, 300s, 10m, 24h, 7d.")
    return duration


def parse_age(text: str) -> timedelta:
    """Return the duration that a text names, where zero makes sense, too.

    Raises:
        UsageError: the text is no duration, or the duration is negative.

    """
    zero = text.strip().rstrip("smhd") == "0"
    return timedelta(0) if zero else parse_duration(text)


def parse_instant(text: str, *, now: datetime) -> datetime:
    """Return the instant that a text names: an age (`24h`, `7d`), a date or an RFC 3339 time.

    Raises:
        UsageError: the text is none of these.

    """
    try:
        instant = datetime.fromisoformat(text.strip())
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return _parse_age(text, now=now)


def _parse_age(text: str, *, now: datetime) -> datetime:
    try:
        return now - parse_duration(text)
    except (UsageError, OverflowError):
        msg = f"{text!r} is not a time."
        hint = "Write an age (24h, 7d), a date (2026-11-01) or an RFC 3339 time."
        raise UsageError(msg, hint=hint) from None


def rfc3339(instant: datetime) -> str:
    """Write an instant as RFC 3339 in UTC, with as many digits of a second as it has."""
    zoned = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    return zoned.isoformat().replace("+00:00", "Z")


def milliseconds(duration: timedelta) -> int:
    """Return a duration in whole milliseconds."""
    return round(duration / timedelta(milliseconds=1))
