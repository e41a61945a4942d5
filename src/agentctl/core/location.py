"""A position in a text file: of a finding, of what code does, of what creates a table."""

from typing import NamedTuple


class Location(NamedTuple):
    """Where something stands in a file.

    Attributes:
        file: the path as it is shown.
        line: from 1.
        column: from 1, in characters.

    """

    file: str
    line: int
    column: int = 1
