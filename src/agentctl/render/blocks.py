"""The kinds of blocks that a command shows; they know neither Rich nor colours.

A view is a sequence of blocks; plain.py and terminal.py each draw all kinds. Their texts may come straight
from the database: the screens clean them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from agentctl.core.models import Verbatim


class Tone(StrEnum):
    """What a piece of text means to its reader."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"
    WARNING = "warning"
    DIM = "dim"
    STRONG = "strong"


@dataclass(frozen=True, slots=True)
class Toned:
    """A text with its tone."""

    text: str
    tone: Tone


Cell = str | int | Decimal | UUID | datetime | Verbatim | Toned | None


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Facts:
    """Labels and values, one pair a line; pairs whose value is None are left out."""

    pairs: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headers; the columns in `numbers` are aligned to the right."""

    headers: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numbers: frozenset[str] = frozenset()
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Bars:
    """A small bar chart: one label and count a line."""

    title: str
    items: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Markdown:
    """Markdown from an agent: rendered on a terminal, unchanged elsewhere."""

    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """Text in a language, `json` or `sql`."""

    text: str
    language: str


Block = Text | Facts | Table | Bars | Markdown | Code
View = Iterable[Block]


def gap(above: Block | None, below: Block) -> bool:
    """Tell whether an empty line separates two blocks."""
    return above is not None and not (isinstance(above, Text) and isinstance(below, Text))
