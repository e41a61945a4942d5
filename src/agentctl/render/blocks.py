"""The kinds of blocks that a command shows; they know neither Rich nor colours.

A view is a sequence of blocks; plain.py and terminal.py each draw all kinds. Their texts may come straight
from the database: the screens clean them.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from agentctl.core.models import Verbatim


class Tone(StrEnum):
    """What a piece of text means to its reader."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"
    WARNING = "warning"
    DIM = "dim"
    STRONG = "strong"


class Toned(Struct, frozen=True):
    """A text with its tone."""

    text: str
    tone: Tone


Cell = str | int | Decimal | UUID | datetime | Verbatim | Toned | None


class Text(Struct, frozen=True):
    """A paragraph."""

    text: str
    tone: Tone = Tone.PLAIN


class Facts(Struct, frozen=True):
    """Labels and values, one pair a line; pairs whose value is None are left out."""

    pairs: tuple[tuple[str, Cell], ...]


class Table(Struct, frozen=True):
    """Rows under headers; the columns in `numbers` are aligned to the right."""

    headers: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numbers: frozenset[str] = frozenset()
    title: str | None = None


class Bars(Struct, frozen=True):
    """A small bar chart: one label and count a line."""

    title: str
    items: tuple[tuple[str, int], ...]


class Markdown(Struct, frozen=True):
    """Markdown from an agent: rendered on a terminal, unchanged elsewhere."""

    text: str


class Code(Struct, frozen=True):
    """Text in a language, `json` or `sql`."""

    text: str
    language: str


Block = Text | Facts | Table | Bars | Markdown | Code
View = Iterable[Block]


def gap(above: Block | None, below: Block) -> bool:
    """Tell whether an empty line separates two blocks."""
    return above is not None and not (isinstance(above, Text) and isinstance(below, Text))
