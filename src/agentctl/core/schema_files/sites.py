"""Where a statement stands that is being executed, and one whose effect is not known.

Data only.
"""

from collections.abc import Callable

from msgspec import Struct

from agentctl.core.location import Location


class Site(Struct, frozen=True):
    """A statement's file and the lines of its text.

    Attributes:
        line: returns the line of an offset in its text.

    """

    file: str
    line: Callable[[int], int]

    def behind(self, offset: int) -> "Site":
        """Return the site of what begins at an offset in its text."""
        return Site(self.file, lambda further: self.line(offset + further))

    @property
    def location(self) -> Location:
        """Where the statement begins."""
        return self.locate(0)

    def locate(self, offset: int | None) -> Location:
        """Return where a part of it stands; the grammar counts from 0 and leaves some offsets out."""
        return Location(self.file, self.line(max(offset or 0, 0)))


class UnreadStatement(Struct, frozen=True):
    """A statement that may change the schema, and whose effect is not known."""

    location: Location
    message: str
