"""Finds the line and column of an offset in a text.

Only a line feed ends a line, as for editors and for PostgreSQL.
"""

import re
from bisect import bisect_right


class Lines:
    """The lines of a text."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(feed.end() for feed in re.finditer("\n", text))]

    def __getitem__(self, offset: int) -> int:
        """Return the line of an offset, from 1."""
        return bisect_right(self._starts, offset)

    def locate(self, offset: int) -> tuple[int, int]:
        """Return the line and column of an offset, both from 1."""
        line = self[offset]
        return line, offset - self._starts[line - 1] + 1
