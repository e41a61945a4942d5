"""A terminal: colours of our own and nobody else's, relative times, ids that can be copied."""

import io
import re
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from agentctl.render.blocks import Bars, Block, Code, Facts, Markdown, Table, Text, Tone, Toned
from agentctl.render.terminal import TerminalScreen

# Select Graphic Rendition, colours and weights: the only codes that drawing a block may send.
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
EVIL = "\x1b[31mX\x1b]52;c;aGk=\x07\x9b2J\u202e[red]x[/red]:smile:"


def drawn(monkeypatch: pytest.MonkeyPatch, *blocks: Block, columns: int = 100) -> str:
    for name, value in (("TERM", "xterm-256color"), ("COLUMNS", str(columns)), ("LINES", "24")):
        monkeypatch.setenv(name, value)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    stream = io.StringIO()
    TerminalScreen(stream).show(blocks)
    return stream.getvalue()


def bare(text: str) -> str:
    return _COLOURS.sub("", text)


@pytest.mark.parametrize(
    "block",
    [
        Text(EVIL, Tone.BAD),
        Facts((("Name", EVIL),)),
        Facts(((EVIL, 1),)),
        Table((EVIL,), ((EVIL,),)),
        Table(("name",), ((EVIL,),), title=EVIL),
        Table(("name",), ((Toned(EVIL, Tone.BAD),),)),
        Bars(EVIL, ((EVIL, 1),)),
        Markdown(EVIL),
        Code(EVIL, "json"),
        Markdown("&#27;[31mX &#x9b;2J &#8238; [a](http://b.example/\x1b]8;;x) <b>\x1b</b> ![i](\x1bx)"),
        Markdown("```\x1b[31m\n\x1b]52;c;aGk=\x07\n```\n\n- \x1b\n\n| \x1b |\n|---|\n| \x9b |\n"),
        Markdown("[x](&#27;]52;c;aGk=&#7;) &NewLine; &#13; &#0; <https://a.example/&#27;>"),
    ],
    ids=lambda block: type(block).__name__,
)
def test_only_our_own_colours_reach_the_screen(monkeypatch: pytest.MonkeyPatch, block: Block) -> None:
    text = bare(drawn(monkeypatch, block))
    assert text.replace("\n", "").isprintable(), repr(text)
    assert text.strip()


def test_markup_and_emoji_names_are_text(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = drawn(monkeypatch, Text("[red]x[/red] [/] [link=http://a]b[/link] :smile:"))
    assert shown.strip() == "[red]x[/red] [/] [link=http://a]b[/link] :smile:"
    table = drawn(monkeypatch, Table(("[bold]h[/]",), (("[red]x",),), title="[i]t[/i]"))
    for text in ("[bold]h[/]", "[red]x", "[i]t[/i]"):
        assert text in bare(table)


def test_a_hyperlink_shows_its_address_instead_of_sending_it(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = drawn(monkeypatch, Markdown("[click](https://a.example/x)"))
    assert "\x1b]8" not in shown
    assert "https://a.example/x" in bare(shown)


def test_tones_are_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[1;31m" in drawn(monkeypatch, Text("bad", Tone.BAD))
    assert "\x1b[32m" in drawn(monkeypatch, Table(("s",), ((Toned("success", Tone.GOOD),),)))


@pytest.mark.parametrize(
    ("age", "shown"),
    [(timedelta(minutes=5), "5 minutes ago"), (timedelta(hours=-2, seconds=-5), "2 hours from now")],
)
def test_a_time_is_told_by_its_age(monkeypatch: pytest.MonkeyPatch, age: timedelta, shown: str) -> None:
    instant = datetime.now(UTC) - age
    assert shown in bare(drawn(monkeypatch, Table(("when",), ((instant,),))))


def test_what_is_over_a_month_old_has_its_day(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "2020-02-03" in bare(drawn(monkeypatch, Facts((("When", datetime(2020, 2, 3, 12, tzinfo=UTC)),))))


def test_an_id_in_a_table_is_short_enough_to_read_and_whole_among_facts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = UUID("12345678-9abc-4000-8000-000000000001")
    shown = bare(drawn(monkeypatch, Table(("id",), ((key,),))))
    assert "12345678" in shown
    assert "9abc" not in shown
    assert str(key) in bare(drawn(monkeypatch, Facts((("Id", key),))))


def test_numbers_are_never_broken_into_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = Table(("text", "amount"), (("x" * 200, 1234567890),), numbers=frozenset({"amount"}))
    assert "1234567890" in bare(drawn(monkeypatch, wide))


def test_waiting_ends_with_the_block_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = io.StringIO()
    with TerminalScreen(stream).busy("calling \x1b]52;c;aGk=\x07"):
        pass
    assert "\x1b]52" not in stream.getvalue()
    assert "\x07" not in stream.getvalue()


def test_a_table_that_is_too_wide_is_drawn_a_cell_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    headers = ("execution", "agent", "user", "status", "credits")
    rows = (("e1", "seo-blog", "ops@example.com", "success", 10), ("e2", "slow", None, "failed", 0))
    table = Table(headers, rows, title="Ledger")

    narrow = [line.rstrip() for line in bare(drawn(monkeypatch, table, columns=40)).splitlines()]
    wide = bare(drawn(monkeypatch, table, columns=90)).splitlines()

    assert narrow[:4] == ["Ledger", "execution  e1", "agent      seo-blog", "user       ops@example.com"]
    assert narrow[6:9] == ["", "execution  e2", "agent      slow"]
    assert ["e1", "seo-blog", "ops@example.com", "success", "10"] in [line.split() for line in wide]


def test_the_text_of_a_progress_bar_is_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("TERM", "xterm-256color"), ("COLUMNS", "100"), ("LINES", "24")):
        monkeypatch.setenv(name, value)
    stream = io.StringIO()
    with TerminalScreen(stream).progress("[link=http://a.example]t[/link] [/x]", 2, rate="rows") as advance:
        advance(1)
    assert "[link=http://a.example]t[/link] [/x]" in bare(stream.getvalue())
    assert "\x1b]8" not in stream.getvalue()


def test_a_cell_that_nobody_would_read_to_its_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    number = Decimal("9" * 131_072)
    rows = ((number, "x" * 1_000_000), (1, "y"))
    shown = bare(drawn(monkeypatch, Table(("a", "b"), rows, numbers=frozenset({"a"})), columns=300))
    assert len(shown) < 10_000
    assert "9\u2026 (131072 characters)" in shown
    assert "(1000000characters)" in re.sub(r"\s", "", shown)


@pytest.mark.parametrize("year", [1, 9999])
def test_a_time_at_the_end_of_the_calendar_is_shown(monkeypatch: pytest.MonkeyPatch, year: int) -> None:
    ends = {1: datetime(1, 1, 1, tzinfo=UTC), 9999: datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)}
    monkeypatch.setenv("TZ", "Pacific/Kiritimati" if year == 9999 else "America/New_York")
    time.tzset()
    try:
        assert bare(drawn(monkeypatch, Table(("at",), ((ends[year],),)))).strip()
    finally:
        monkeypatch.undo()
        time.tzset()
