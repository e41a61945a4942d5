"""A position in a text file: of a finding, of a use in code, of a statement that creates a table."""

from typing import NamedTuple


class Location(NamedTuple):
    """A position in a file.

    Attributes:
        file: the path as it is shown; empty in what is cached by the content of a file, whatever its name.
        line: from 1; 0 for the file as a whole.
        column: from 1, in characters; 0 for the line as a whole.

    """

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        """Write it as compilers do, as far as it is known: `src/run.ts:12:5`."""
        return ":".join(str(part) for part in self if part)

    def with_file(self, file: str) -> "Location":
        """Return the location with the name of its file, unless it has one."""
        return self if self.file else self._replace(file=file)
