"""Plain text, for pipes and files: no escape byte, times as programs read them, columns that line up."""

import io
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from agentctl.render.blocks import Bars, Block, Code, Facts, Markdown, Table, Text, Tone, Toned
from agentctl.render.plain import PlainScreen

EVIL = "\x1b[31m\x1b]52;c;aGk=\x07\x9b2J\u202e[red]x[/red]"
SAFE = "\\x1b[31m\\x1b]52;c;aGk=\\x07\\x9b2J\\u202e[red]x[/red]"


def drawn(*blocks: Block) -> str:
    stream = io.StringIO()
    PlainScreen(stream).show(blocks)
    return stream.getvalue()


def test_a_table_has_headers_and_columns_that_line_up_with_numbers_flush_right() -> None:
    table = Table(("name", "price"), (("a", 5), ("longer", Decimal("12.50"))), numbers=frozenset({"price"}))
    assert drawn(table) == "NAME    PRICE\na           5\nlonger  12.50\n"


def test_nothing_known_is_a_dash_and_times_are_rfc_3339() -> None:
    table = Table(("when", "what"), ((datetime(2026, 11, 1, 8, tzinfo=UTC), None),))
    assert drawn(table).splitlines()[1] == "2026-11-01T08:00:00Z  -"


def test_ids_are_whole() -> None:
    key = UUID(int=7)
    assert str(key) in drawn(Table(("id",), ((key,),)))


def test_a_table_without_rows_still_has_its_headers() -> None:
    assert drawn(Table(("a", "b"), (), title="Things")) == "Things\nA  B\n"


def test_facts_line_up_and_leave_out_what_is_not_known() -> None:
    facts = Facts((("Id", 7), ("Nothing", None), ("Status", Toned("failed", Tone.BAD))))
    assert drawn(facts) == "Id:     7\nStatus: failed\n"


def test_bars_are_drawn_to_the_largest() -> None:
    first, second = drawn(Bars("Days", (("2026-11-01", 4), ("2026-11-02", 0)))).splitlines()[1:]
    assert first == f"2026-11-01  {'#' * 40}  4"
    assert second == f"2026-11-02  {' ' * 40}  0"


def test_bars_of_nothing_at_all_are_drawn_too() -> None:
    assert drawn(Bars("Days", (("2026-11-01", 0),)))
    assert drawn(Bars("Days", ())) == "Days\n"


def test_an_empty_line_stands_between_blocks_but_not_between_texts() -> None:
    assert drawn(Text("a"), Text("b"), Facts((("C", 1),))) == "a\nb\n\nC: 1\n"


@pytest.mark.parametrize(
    "block",
    [
        Text(EVIL, Tone.BAD),
        Facts((("Name", EVIL),)),
        Table(("name",), ((EVIL,),), title=EVIL),
        Table(("name",), ((Toned(EVIL, Tone.BAD),),)),
        Bars(EVIL, ((EVIL, 1),)),
        Markdown(EVIL),
        Code(EVIL, "json"),
    ],
    ids=lambda block: type(block).__name__,
)
def test_hostile_text_is_shown_by_its_codes_in_every_block(block: Block) -> None:
    text = drawn(block)
    assert SAFE in text
    assert text.replace("\n", "").isprintable()


def test_a_cell_of_several_lines_stays_in_its_row() -> None:
    assert len(drawn(Table(("error",), (("one\ntwo\r\nthree",),))).splitlines()) == 2


def test_markdown_and_code_stay_as_they_are() -> None:
    assert drawn(Markdown("# Tea\n\n*good*")) == "# Tea\n\n*good*\n"
    assert drawn(Code('{\n  "a": 1\n}', "json")) == '{\n  "a": 1\n}\n'


def test_nothing_shown_is_nothing_written() -> None:
    assert drawn() == ""
    with PlainScreen(io.StringIO()).busy("waiting"):
        pass


def test_labels_and_headers_are_cleaned_and_begin_no_line_of_their_own() -> None:
    forged = f"{EVIL}\n::error::x"
    for block in (
        Facts(((forged, 1),)),
        Table((forged,), ((1,),)),
        Table(("::error::x",), (("::error::x",),)),
        Bars(forged, ((forged, 1),)),
        Text("::error::x"),
        Code("::error::x", "json"),
        Markdown("::error::x"),
    ):
        text = drawn(block)
        assert "\x1b" not in text
        assert not any(line.lstrip().startswith("::") for line in text.splitlines())
        assert len(text.splitlines()) <= 2


def test_one_long_cell_makes_no_other_row_long() -> None:
    table = Table(("a", "b"), (("x" * 100_000, 1), ("y", 2)))
    assert len(drawn(table)) < 101_000
