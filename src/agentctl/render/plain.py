"""Draws blocks as plain text for pipes, files and NO_COLOR: no escape byte, RFC 3339 times.

It does not decide what is shown, and knows no colours.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from functools import singledispatchmethod
from typing import TextIO

from agentctl.core.models import Amount, Verbatim
from agentctl.core.times import rfc3339
from agentctl.render.blocks import Bars, Block, Cell, Code, Facts, Markdown, Table, Text, Toned, View, gap
from agentctl.render.clean import clean, clean_line, write_clean

_BAR_WIDTH = 40
_WIDEST = 120  # characters; without this limit, one long cell would make every row as long


class PlainScreen:
    """Writes to one stream."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def show(self, view: View) -> None:
        """Draw the blocks one below the other, with an empty line around all but short texts."""
        above: Block | None = None
        for block in view:
            if gap(above, block):
                self._stream.write("\n")
            for line in self._draw_block(block):
                write_clean(self._stream, line.replace("\n", " ") + "\n")
            above = block

    def busy(self, text: str) -> AbstractContextManager[object]:  # noqa: ARG002 - only a terminal shows it
        """Show nothing: nobody watches a pipe."""
        return nullcontext()

    def progress(
        self,
        text: str,  # noqa: ARG002 - as above
        total: int,  # noqa: ARG002
        *,
        rate: str | None = None,  # noqa: ARG002
    ) -> AbstractContextManager[Callable[[int], None]]:
        """Show nothing, likewise."""
        return nullcontext(lambda _: None)

    @singledispatchmethod
    def _draw_block(self, block: Block) -> list[str]:
        raise TypeError(block)

    @_draw_block.register
    def _draw_text(self, block: Text | Markdown | Code) -> list[str]:
        return clean(block.text).splitlines()

    @_draw_block.register
    def _draw_facts(self, block: Facts) -> list[str]:
        pairs = [(clean_line(label), value) for label, value in block.pairs if value is not None]
        width = max((len(label) for label, _ in pairs), default=0) + 2
        return [f"{f'{label}:':<{width}}{plain_cell(value)}" for label, value in pairs]

    @_draw_block.register
    def _draw_table(self, block: Table) -> list[str]:
        rows = [tuple(map(plain_cell, row)) for row in block.rows]
        table = [tuple(clean_line(header).upper() for header in block.headers), *rows]
        widths = [min(max(map(len, column)), _WIDEST) for column in zip(*table, strict=True)]
        right = [header in block.numbers for header in block.headers]
        title = [clean_line(block.title)] if block.title else []
        return [*title, *("  ".join(_align_cells(row, widths, right)).rstrip() for row in table)]

    @_draw_block.register
    def _draw_bars(self, block: Bars) -> list[str]:
        width = max((len(clean_line(label)) for label, _ in block.items), default=0)
        most = max((count for _, count in block.items), default=1) or 1
        bars = (
            f"{clean_line(label):<{width}}  {'#' * round(_BAR_WIDTH * count / most):<{_BAR_WIDTH}}  {count}"
            for label, count in block.items
        )
        return [clean_line(block.title), *bars]


def plain_cell(cell: Cell) -> str:
    """Write a cell as one line; None becomes a dash."""
    match cell:
        case None:
            return "-"
        case datetime():
            return rfc3339(cell)
        case Toned():
            return clean_line(cell.text)
    return clean_line(str(cell))


def signed(amount: Amount | None) -> str:
    """Write an amount with its sign; an amount that is no number becomes its text."""
    if amount is None or isinstance(amount, Verbatim):
        return plain_cell(amount)
    return f"+{amount}" if amount >= 0 else str(amount)


def _align_cells(row: tuple[str, ...], widths: list[int], right: list[bool]) -> list[str]:
    sized = zip(row, widths, right, strict=True)
    return [cell.rjust(width) if flush else cell.ljust(width) for cell, width, flush in sized]
