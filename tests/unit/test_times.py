"""Durations and instants: what people type, and what programs read."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from agentctl.core.errors import UsageError
from agentctl.core.times import milliseconds, moment_of, parse_duration, parse_instant, rfc3339

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("300s", timedelta(minutes=5)),
        ("1h30m", timedelta(minutes=90)),
        ("200ms", timedelta(milliseconds=200)),
        ("7d", timedelta(days=7)),
        ("1.5h", timedelta(minutes=90)),
        (" 10m ", timedelta(minutes=10)),
    ],
)
def test_a_duration_is_a_number_with_its_unit(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text", ["", "300", "s", "-5s", "0s", "5 s", "soon", "1x", "9" * 400 + "h", "nans", "0.0001us"]
)
def test_what_is_no_positive_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_duration(text)
    assert refused.value.hint
    assert "300s" in refused.value.hint


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("24h", NOW - timedelta(days=1)),
        ("7d", NOW - timedelta(days=7)),
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T10:00:00Z", datetime(2026, 11, 1, 10, tzinfo=UTC)),
        ("2026-11-01T10:00:00+02:00", datetime(2026, 11, 1, 8, tzinfo=UTC)),
        ("2026-11-01T10:00:00", datetime(2026, 11, 1, 10, tzinfo=UTC)),  # never local time
    ],
)
def test_an_instant_is_an_age_a_date_or_a_time(text: str, instant: datetime) -> None:
    assert parse_instant(text, now=NOW) == instant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-13-01",
        "10:00",
        "9999999h",
        "99999y",
        "0001-01-01T00:00:00+10:00",
        "9999-12-31T23:00:00-10:00",
    ],
)
def test_what_is_no_instant_is_refused_with_examples(text: str) -> None:
    # An age may also reach beyond the calendar, and so may a time whose zone is counted in.
    with pytest.raises(UsageError, match="is not a time") as refused:
        parse_instant(text, now=datetime(1, 1, 2, tzinfo=UTC))
    assert refused.value.hint
    assert "RFC 3339" in refused.value.hint


def test_instants_are_written_in_utc_with_the_digits_that_they_have() -> None:
    zone = timezone(timedelta(hours=2))
    assert rfc3339(datetime(2026, 11, 1, 10, tzinfo=zone)) == "2026-11-01T08:00:00Z"
    assert rfc3339(datetime(2026, 11, 1, 10, 0, 0, 120_000, tzinfo=UTC)) == "2026-11-01T10:00:00.120000Z"


def test_a_time_without_a_zone_is_written_without_one() -> None:
    assert rfc3339(datetime(2026, 11, 1, 10)) == "2026-11-01T10:00:00"  # noqa: DTZ001 - that is what is tested


def test_milliseconds_are_whole() -> None:
    assert milliseconds(timedelta(seconds=1.2346)) == 1235


def test_a_time_with_a_zone_means_one_instant() -> None:
    zone = timezone(timedelta(hours=-5))
    moment = moment_of(datetime(2026, 11, 1, 10, 0, 0, 120_000, tzinfo=zone))

    assert moment is not None
    assert moment.is_instant
    assert moment.latest == moment.shown == datetime(2026, 11, 1, 15, 0, 0, 120_000, tzinfo=UTC)
    assert moment.text == "2026-11-01T15:00:00.120000Z"


def test_a_time_without_a_zone_may_be_of_any_zone_there_is() -> None:
    moment = moment_of(datetime(2026, 11, 1, 10, 0, 0, 120_000))  # noqa: DTZ001 - that is what is tested

    assert moment is not None
    assert not moment.is_instant
    assert moment.shown is None
    for hours in range(-12, 15):
        instant = datetime(2026, 11, 1, 10, 0, 0, 120_000, tzinfo=timezone(timedelta(hours=hours)))
        assert moment.earliest <= instant <= moment.latest
    assert moment.latest == datetime(2026, 11, 1, 10, 0, 0, 120_000, tzinfo=timezone(timedelta(hours=-12)))
    assert moment.text == "2026-11-01T10:00:00.120000"


PACIFIC = ZoneInfo("America/Los_Angeles")


@pytest.mark.parametrize(
    ("local", "earliest", "latest"),
    [
        ("2026-07-01T10:00:00.5", "2026-07-01T17:00:00.5Z", "2026-07-01T17:00:00.5Z"),
        ("2026-12-01T10:00:00.5", "2026-12-01T18:00:00.5Z", "2026-12-01T18:00:00.5Z"),
        ("2026-11-01T00:59:59.5", "2026-11-01T07:59:59.5Z", "2026-11-01T07:59:59.5Z"),
        ("2026-11-01T01:30:00.5", "2026-11-01T08:30:00.5Z", "2026-11-01T09:30:00.5Z"),  # twice
        ("2026-11-01T02:00:00.5", "2026-11-01T10:00:00.5Z", "2026-11-01T10:00:00.5Z"),
        ("2026-03-08T02:30:00.5", "2026-03-08T09:30:00.5Z", "2026-03-08T10:30:00.5Z"),  # never
        ("2026-03-08T03:00:00.5", "2026-03-08T10:00:00.5Z", "2026-03-08T10:00:00.5Z"),
    ],
)
def test_a_time_without_a_zone_is_read_in_the_zone_that_is_named(
    local: str, earliest: str, latest: str
) -> None:
    moment = moment_of(datetime.fromisoformat(local), PACIFIC)

    assert moment is not None
    assert moment.earliest == datetime.fromisoformat(earliest)
    assert moment.latest == moment.shown == datetime.fromisoformat(latest)
    assert moment.is_instant == (earliest == latest)


def test_a_day_is_the_day_of_the_zone_that_is_named() -> None:
    moment = moment_of(date(2026, 11, 1), PACIFIC)  # a day of 25 hours

    assert moment is not None
    assert moment.shown == moment.earliest == datetime(2026, 11, 1, 7, tzinfo=UTC)
    assert moment.latest == datetime(2026, 11, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize("zone", [None, PACIFIC])
def test_what_tells_a_row_from_others_does_not_depend_on_the_zone(zone: ZoneInfo | None) -> None:
    without = moment_of(datetime(2026, 11, 1, 1, 30, 0, 5), zone)  # noqa: DTZ001 - likewise
    aware = moment_of(datetime(2026, 11, 1, 1, 30, 0, 5, tzinfo=UTC), zone)

    assert without is not None
    assert aware is not None
    assert without.text == "2026-11-01T01:30:00.000005"
    assert aware.text == "2026-11-01T01:30:00.000005Z"


def test_a_day_may_be_any_instant_of_that_day_anywhere() -> None:
    moment = moment_of(date(2026, 11, 1))

    assert moment is not None
    assert moment.earliest == datetime(2026, 10, 31, 10, tzinfo=UTC)
    assert moment.latest == datetime(2026, 11, 2, 12, tzinfo=UTC)
    assert moment.text is None


@pytest.mark.parametrize(
    ("raw", "instant"),
    [
        ("-infinity", datetime.min),  # noqa: DTZ901 - it gets its zone below
        ("0044-03-15 00:00:00 BC", datetime.min),  # noqa: DTZ901 - likewise
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=5))), datetime.min),  # noqa: DTZ901 - likewise
        ("infinity", datetime.max),  # noqa: DTZ901 - likewise
        ("294276-01-01 00:00:00+00", datetime.max),  # noqa: DTZ901 - likewise
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-5))), datetime.max),  # noqa: DTZ901 - likewise
    ],
)
def test_what_no_calendar_has_is_before_or_after_every_instant(raw: object, instant: datetime) -> None:
    moment = moment_of(raw)

    assert moment is not None
    assert moment.earliest == moment.latest == instant.replace(tzinfo=UTC)
    assert moment.text is None


def test_no_time_is_no_moment() -> None:
    assert moment_of(None) is None


@pytest.mark.parametrize("zone", [None, PACIFIC, ZoneInfo("Asia/Tokyo")])
def test_the_edges_of_the_calendar_are_not_passed(zone: ZoneInfo | None) -> None:
    last = moment_of(datetime.max, zone)  # noqa: DTZ901 - without a zone on purpose
    first = moment_of(datetime.min, zone)  # noqa: DTZ901 - likewise

    assert last is not None
    assert first is not None
    ends = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    if zone is None:
        assert (first.earliest, last.latest) == ends
    assert (first.earliest == ends[0]) or (last.latest == ends[1])


def test_a_rounded_time_tells_no_row() -> None:
    moment = moment_of(datetime(2026, 11, 1, 10, tzinfo=UTC))

    assert moment is not None
    assert moment.text is None
