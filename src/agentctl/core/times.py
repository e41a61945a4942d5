"""Durations and instants as people type them and as programs read them.

Durations are `timedelta`, instants are aware `datetime` in UTC. A time without a zone is read in the zone
that the configuration names; where it names none, it is shown as it is, and claimed to be of no zone. A
`Moment` holds all instants that it may mean, and decisions use the latest of them.
"""

from datetime import UTC, date, datetime, timedelta, tzinfo

from msgspec import Struct

from agentctl.core.errors import UsageError

AHEAD_OF_UTC = timedelta(hours=14)
"""How far a zone's clocks can be ahead of UTC (Kiritimati)."""
BEHIND_UTC = timedelta(hours=12)
"""How far a zone's clocks can be behind UTC (Baker Island)."""
DAY = timedelta(days=1)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class Moment(Struct, frozen=True):
    """A time of a database, with all instants that it can mean.

    Attributes:
        raw: the value as read: with a zone, without one, a day, or text where Python has no such time.
        shown: the instant to show; None for a time without a zone whose zone is not known.
        earliest: the first instant that it can mean.
        latest: the last instant that it can mean; a row of that time is no younger.

    """

    raw: object
    shown: datetime | None
    earliest: datetime
    latest: datetime

    @property
    def is_instant(self) -> bool:
        """Whether it means one instant: its zone is known, and shows this time once."""
        return self.earliest == self.latest

    @property
    def text(self) -> str | None:
        """The exact time, which identifies a row; None if it was rounded, so that rows may share it."""
        if not isinstance(self.raw, datetime) or self.raw.microsecond == 0:
            return None
        return rfc3339(self.raw)

    @property
    def is_exact(self) -> bool:
        """Whether `raw` can be compared with a column, because it is not text."""
        return isinstance(self.raw, date)


def moment_of(raw: object, zone: tzinfo | None = None) -> Moment | None:
    """Return what a time in a database means; None for NULL.

    A time that Python cannot hold (`-infinity`, years before 1 or after 9999) becomes its first or last
    instant.

    Args:
        raw: the value as read.
        zone: of times that have none; None where nobody has said.

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
    if zone is not None:
        starts, ends = _list_readings(start, zone), _list_readings(shifted(start, length), zone)
        return Moment(raw, max(starts), min(starts), max(ends))
    in_utc = start.replace(tzinfo=UTC)
    return Moment(raw, None, shifted(in_utc, -AHEAD_OF_UTC), shifted(in_utc, BEHIND_UTC + length))


def _list_readings(local: datetime, zone: tzinfo) -> list[datetime]:
    """Return the two instants at which a zone's clocks show a time, or would; they are mostly one.

    An hour that the clocks show twice, or leave out, is read with the offsets before and after the change.
    PostgreSQL takes the later instant of the two.
    """
    readings = (local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return [shifted(local.replace(tzinfo=UTC), -(offset or timedelta(0))) for offset in readings]


def _make_instant(raw: object, instant: datetime) -> Moment:
    return Moment(raw, instant, instant, instant)


def shifted(instant: datetime, by: timedelta) -> datetime:
    """Return a later instant; the calendar's first or last one if it has no such instant."""
    try:
        return instant + by
    except OverflowError:
        return (_LAST if by > timedelta(0) else _FIRST).replace(tzinfo=instant.tzinfo)


def parse_duration(text: str) -> timedelta:
    """Return the positive duration that a text such as `300s`, `1h30m`, `200ms` or `7d` names.

    Raises:
        UsageError: the text is not a duration, or the duration is not positive.

    """
    import durationpy  # noqa: PLC0415 - most commands parse no duration

    try:
        duration = durationpy.from_str(text.strip())
    except (durationpy.DurationError, OverflowError):
        duration = timedelta(0)
    if duration <= timedelta(0):
        raise UsageError(
            f"{text!r} is not a duration.", hint="Write a number with its unit: 200ms, 300s, 10m, 24h, 7d."
        )
    return duration


def parse_age(text: str) -> timedelta:
    """Return the duration that a text names; zero is allowed.

    Raises:
        UsageError: the text is not a duration, or the duration is negative.

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
        raise UsageError(
            f"{text!r} is not a time.",
            hint="Write an age (24h, 7d), a date (2026-11-01) or an RFC 3339 time.",
        ) from None


def rfc3339(instant: datetime) -> str:
    """Write an instant as RFC 3339 in UTC, with as many digits of a second as it has.

    A time without a zone gets none: nobody knows which instant it is.
    """
    if instant.tzinfo is None:
        return instant.isoformat()
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def milliseconds(duration: timedelta) -> int:
    """Return a duration in whole milliseconds."""
    return round(duration / timedelta(milliseconds=1))
