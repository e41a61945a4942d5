"""Reads the marks in the snippets of corpus/: which findings are expected, and where.

A mark is a comment at the end of the line of a finding: `// ! code-unknown-table runs`. Several findings are
separated by ` ; `. With a number, the mark is about a line further up, where a comment would be part of a
text: `// !-2 code-unknown-table runs`. On a line with `// ?` something must be counted as unresolved. A
snippet without a mark has no findings. Nothing here knows the checks.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CORPUS = Path(__file__).with_name("corpus")
SCHEMA = Path(__file__).with_name("schema.sql")
_COMMENTS = {".py": "#", ".sql": "--"}
_ELSE = "//"


@dataclass(frozen=True, slots=True, order=True)
class Expected:
    """An expected finding.

    Attributes:
        file: relative to the case's folder.
        line: from 1.
        object: `table.column`, `table`, `function` or `function.argument`, behind its schema if that is not
            public; of a relationship `table.embedded`, of a conflict's target the table.

    """

    file: str
    line: int
    id: str
    object: str


@dataclass(frozen=True, slots=True, order=True)
class Open:
    """A line on which something must be counted as unresolved."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Case:
    """One snippet: a file, or a folder of files that belong together."""

    topic: str
    path: Path

    def __str__(self) -> str:
        return f"{self.topic}/{self.path.name}"

    @property
    def folder(self) -> Path:
        """The folder that file names are relative to."""
        return self.path if self.path.is_dir() else self.path.parent

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file of the case."""
        if self.path.is_file():
            return (self.path,)
        return tuple(sorted(path for path in self.path.rglob("*") if path.is_file()))

    def expected(self) -> tuple[Expected, ...]:
        """Return every expected finding; there may be no other."""
        marks = (mark for mark in self._marks() if mark.kind == "!")
        return tuple(sorted(finding for mark in marks for finding in mark.findings()))

    def unresolved(self) -> tuple[Open, ...]:
        """Return every line that must be counted as unresolved."""
        return tuple(sorted(Open(mark.file, mark.line) for mark in self._marks() if mark.kind == "?"))

    def _marks(self) -> Iterator["_Mark"]:
        for path in self.files:
            yield from _marks(path, str(path.relative_to(self.folder)))


@dataclass(frozen=True, slots=True)
class _Mark:
    kind: str
    file: str
    line: int
    said: str

    def findings(self) -> Iterator[Expected]:
        for part in self.said.split(" ; "):
            id_, object_ = part.split()
            yield Expected(self.file, self.line, id_, object_)


def cases() -> tuple[Case, ...]:
    """Return every case of the corpus, in the order of their names."""
    found = (path for topic in CORPUS.iterdir() for path in topic.iterdir())
    return tuple(Case(path.parent.name, path) for path in sorted(found))


def _marks(path: Path, name: str) -> Iterator[_Mark]:
    comment = re.escape(_COMMENTS.get(path.suffix, _ELSE))
    mark = re.compile(rf"(?:^|\s){comment} (?P<kind>[!?])(?:-(?P<back>\d+))?(?: (?P<said>.*))?$")
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if found := mark.search(line):
            yield _Mark(found["kind"], name, number - int(found["back"] or 0), found["said"] or "")
