"""Checks and their findings, in the form that every command which checks something shares.

Data only: a check knows neither who runs it nor how its findings are shown. A finding is made by its check
alone, so that no id is misspelt and no severity is another than the documented ones.
"""

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import Generic, TypeVar

from msgspec import Struct

from agentctl.core.location import Location

_Subject = TypeVar("_Subject")


class Severity(StrEnum):
    """How bad a finding is; an error fails the check."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class SpecialCase(Struct, frozen=True):
    """The severity of a check's findings in some circumstances; `when` says in which: "where ..."."""

    severity: Severity
    when: str


class Check(Struct, frozen=True, eq=False, kw_only=True):
    """One thing that can be wrong, and what there is to know about it.

    Attributes:
        id: never changes.
        severity: of its findings, but for the special case.
        title: what is wrong, in one line without a full stop.
        meaning: what that means, in a few sentences.
        remedy: how to mend it.
        details: what else there is to say about that, in Markdown.

    """

    id: str
    severity: Severity = Severity.ERROR
    special_case: SpecialCase | None = None
    title: str
    meaning: str = ""
    remedy: str = ""
    details: str = ""

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """What people read about it: how bad it is, what it means, and what to do."""
        special = f"; {self.special_case.severity} {self.special_case.when}" if self.special_case else ""
        text = " ".join(filter(None, (f"{self.title}.", self.meaning, self.details)))
        remedy = (f"What to do: {self.remedy}",) if self.remedy else ()
        return f"{self.severity.capitalize()}{special}.", text, *remedy

    def finding(
        self,
        object_: str,
        message: str,
        hint: str | None = None,
        *,
        location: Location | None = None,
        is_special: bool = False,
    ) -> "Finding":
        """Return a finding.

        Args:
            object_: the table, column, index or function.
            message: what is wrong with it.
            hint: what settles it.
            location: the position in a file, where there is one.
            is_special: whether the check's special case is at hand, whose severity counts then.

        """
        special_case = self.special_case if is_special else None
        severity = special_case.severity if special_case else self.severity
        return Finding(self, severity, object_, message, hint, location)


class SubjectCheck(Check, Generic[_Subject], frozen=True, eq=False, kw_only=True):
    """A check that looks at one kind of thing in a schema, such as an index.

    Attributes:
        subject: the class of what it looks at.
        find: judges one of these.

    """

    subject: type[_Subject]
    find: Callable[[_Subject], Iterator["Finding"]]


class Finding(Struct, frozen=True):
    """One thing that somebody should look at; `Check.finding` makes it.

    Attributes:
        object: the table, column, index or function.
        hint: what settles it.
        excerpt: the line of the file that it is in, or what stands around the column of a very long one,
            where it is application code; empty where it cannot be shown.

    """

    check: Check
    severity: Severity
    object: str
    message: str
    hint: str | None
    location: Location | None
    excerpt: str | None = None

    @property
    def id(self) -> str:
        """The id of its check."""
        return self.check.id


def errors_among(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return those that fail the check."""
    return tuple(finding for finding in findings if finding.severity is Severity.ERROR)
