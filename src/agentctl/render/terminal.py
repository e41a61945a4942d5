"""Draws blocks on a terminal: tables, relative times, rendered Markdown. The only place that knows Rich.

Rich passes control characters through to the terminal, and Markdown can spell them as entities. So every
segment is cleaned once more after rendering: whatever a block holds, only Rich's own codes reach the screen.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import singledispatchmethod
from typing import Literal, TextIO
from uuid import UUID

import humanize
from msgspec.structs import replace
from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.markdown import Markdown as RichMarkdown
from rich.padding import Padding
from rich.segment import Segment
from rich.syntax import Syntax
from rich.table import Table as RichTable
from rich.text import Text as RichText

from agentctl.core.models import Verbatim
from agentctl.render.blocks import (
    Bars,
    Block,
    Cell,
    Code,
    Facts,
    Markdown,
    Table,
    Text,
    Tone,
    Toned,
    View,
    gap,
)
from agentctl.render.clean import clean, clean_line

_STYLES = {
    Tone.PLAIN: "",
    Tone.GOOD: "green",
    Tone.BAD: "bold red",
    Tone.WARNING: "yellow",
    Tone.DIM: "dim",
    Tone.STRONG: "bold",
}
_BAR_WIDTH = 30
_LEAST_CELL = 8  # characters of a cell that stay in one line
# Characters of a cell that are shown in a table; numbers stay in one line.
_LONGEST_CELL, _LONGEST_NUMBER = 500, 60
_GUTTER = 3  # characters between columns
_A_MONTH = timedelta(days=31)
_ID_SHOWN = 8  # of a UUID in a table: commands take the beginning of an id


class _CleanConsole(Console):
    """A console that no text can talk through: segments hold printable characters only."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(clean(segment.text), segment.style)


class TerminalScreen:
    """Writes to one stream that is a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._console = _CleanConsole(
            file=stream, force_terminal=True, markup=False, highlight=False, emoji=False
        )

    def show(self, view: View) -> None:
        """Draw the blocks one below the other, an empty line around all but short texts."""
        above: Block | None = None
        for block in view:
            if gap(above, block):
                self._console.print()
            self._console.print(self._draw_block(block))
            above = block

    def busy(self, text: str) -> AbstractContextManager[object]:
        """Show a spinner with a text until the block ends."""
        return self._console.status(RichText(clean_line(text)))

    @contextmanager
    def progress(self, text: str, total: int, *, rate: str | None = None) -> Iterator[Callable[[int], None]]:
        """Show a bar until the block ends; what it yields is told how much is done."""
        # Here, because few commands take long enough.
        from rich.progress import (  # noqa: PLC0415 - see above
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        speed = (TextColumn("{task.fields[speed]}", markup=False),) if rate else ()
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            *speed,
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._console, transient=True) as bars:
            task = bars.add_task(clean_line(text), total=total, speed="")

            def advance(done: int) -> None:
                bars.update(task, completed=done)
                if now := bars.tasks[0].speed:
                    bars.update(task, speed=f"{now:,.0f} {rate}")

            yield advance

    @singledispatchmethod
    def _draw_block(self, block: Block) -> RenderableType:
        raise TypeError(block)

    @_draw_block.register
    def _draw_text(self, block: Text) -> RenderableType:
        return RichText(clean(block.text), style=_STYLES[block.tone])

    @_draw_block.register
    def _draw_markdown(self, block: Markdown) -> RenderableType:
        # A hyperlink would be an escape sequence with the agent's own address in it: show the address.
        return RichMarkdown(clean(block.text), hyperlinks=False)

    @_draw_block.register
    def _draw_code(self, block: Code) -> RenderableType:
        return Syntax(clean(block.text), block.language, background_color="default", word_wrap=True)

    @_draw_block.register
    def _draw_facts(self, block: Facts) -> RenderableType:
        grid = RichTable.grid(padding=(0, 2))
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(overflow="fold")
        for label, value in block.pairs:
            if value is not None:
                grid.add_row(RichText(clean_line(label)), _draw_cell(value))
        return grid

    @_draw_block.register
    def _draw_table(self, block: Table) -> RenderableType:
        title = clean_line(block.title) if block.title else None
        limits = [_LONGEST_NUMBER if header in block.numbers else _LONGEST_CELL for header in block.headers]
        block = replace(block, rows=tuple(tuple(map(_shorten_cell, row, limits)) for row in block.rows))
        if self._console.width < _least_width(block):
            return self._draw_records(block, title)
        table = RichTable(
            box=box.SIMPLE_HEAD, show_edge=False, title=title, title_justify="left", title_style="bold"
        )
        for header in block.headers:
            right = header in block.numbers
            justify: Literal["left", "right"] = "right" if right else "left"
            overflow: Literal["ellipsis", "fold"] = "ellipsis" if right else "fold"
            table.add_column(clean_line(header), justify=justify, overflow=overflow, no_wrap=right)
        for row in block.rows:
            table.add_row(
                *(_draw_cell(str(cell)[:_ID_SHOWN] if isinstance(cell, UUID) else cell) for cell in row)
            )
        return table

    def _draw_records(self, block: Table, title: str | None) -> RenderableType:
        """Draw a table that is too wide for the terminal: one cell a line, an empty line between rows."""
        records: list[RenderableType] = [RichText(title, style="bold")] if title else []
        for number, row in enumerate(block.rows):
            above = 1 if number else 0
            facts = Facts(tuple(zip(block.headers, row, strict=True)))
            records.append(Padding(self._draw_facts(facts), (above, 0, 0, 0)))
        return Group(*records)

    @_draw_block.register
    def _draw_bars(self, block: Bars) -> RenderableType:
        grid = RichTable.grid(padding=(0, 1))
        grid.title = block.title
        grid.title_justify = "left"
        grid.title_style = "bold"
        most = max((count for _, count in block.items), default=1) or 1
        for label, count in block.items:
            bar = RichText("█" * round(_BAR_WIDTH * count / most), style="cyan")
            grid.add_row(clean_line(label), bar, RichText(str(count), style="dim"))
        return grid


def _least_width(block: Table) -> int:
    """Return the columns of a terminal below which a table's words would fall apart."""
    columns = zip(block.headers, *block.rows, strict=True)
    words = (max(min(len(_draw_cell(cell).plain), _LEAST_CELL) for cell in column) for column in columns)
    return sum(max(word, len(header)) + _GUTTER for word, header in zip(words, block.headers, strict=True))


def _shorten_cell(cell: Cell, limit: int) -> Cell:
    """Cut a cell of a table that nobody would read to its end; Rich would take minutes to fold it."""
    text = cell.text if isinstance(cell, Toned | Verbatim) else str(cell)
    if len(text) <= limit:
        return cell
    cut = f"{text[:limit]}\u2026 ({len(text)} characters)"
    return Toned(cut, cell.tone) if isinstance(cell, Toned) else cut


def _draw_cell(cell: Cell) -> RichText:
    match cell:
        case None:
            return RichText("-", style="dim")
        case datetime():
            return RichText(_describe_age(cell))
        case Toned():
            return RichText(clean_line(cell.text), style=_STYLES[cell.tone])
        case Verbatim():
            return RichText(clean_line(cell.text), style=_STYLES[Tone.WARNING])
    return RichText(clean_line(str(cell)))


def _describe_age(instant: datetime) -> str:
    """Write how long ago something was; from a month on, the day says more."""
    now = datetime.now(UTC)
    if abs(now - instant) > _A_MONTH:
        return _show_local_time(instant).date().isoformat()
    return humanize.naturaltime(now - instant)


def _show_local_time(instant: datetime) -> datetime:
    """Return an instant in the operator's zone, if the calendar has it there."""
    try:
        return instant.astimezone()
    except (OverflowError, OSError, ValueError):
        return instant
