"""Durations and instants as people type them and as programs read them.

Durations are `timedelta`, instants are aware `datetime` in UTC; a naive time is taken as UTC, never as local.
"""

from datetime import UTC, datetime, timedelta

from agentctl.core.errors import UsageError


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
        return _ago(text, now=now)


def _ago(text: str, *, now: datetime) -> datetime:
    try:
        return now - parse_duration(text)
    except (UsageError, OverflowError):
        msg = f"{text!r} is not a time."
        hint = "Write an age (24h, 7d), a date (2026-11-01) or an RFC 3339 time."
        raise UsageError(msg, hint=hint) from None


def rfc3339(instant: datetime) -> str:
    """Write an instant as RFC 3339 in UTC, with as many digits of a second as it has."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def milliseconds(duration: timedelta) -> int:
    """Return a duration in whole milliseconds."""
    return round(duration / timedelta(milliseconds=1))
