"""Answers that are here before they are asked for: statements that were sent ahead in one flight.

Work with a database asks, reads the answer, and asks on. Where its next questions are known beforehand, they
are sent together, and the work then finds each answer waiting. The database does the same statements in the
same order, only sooner, so that foresight decides nothing. Work that asks something else is told so
(`Mistaken`) where what was sent ahead may have written: that is rolled back, and the work is done without
foresight.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any, Protocol, TypeAlias

import psycopg

from agentctl.core.database.statements import Statement

Rows: TypeAlias = psycopg.Cursor[dict[str, Any]]
Answer: TypeAlias = Rows | psycopg.Error


class Mistaken(Exception):
    """What was sent ahead may have written, and is not what the work asks."""


class Foresight(Protocol):
    """Answers to statements that were sent ahead.

    A flight ends at the first statement that fails; those behind it have no answer, and had no effect.
    """

    def take(self, statement: Statement) -> Rows | None:
        """Return the answer to a statement, once; None where it is still to be sent.

        Raises:
            psycopg.Error: the statement's own.

        """

    def leave(self) -> None:
        """Go on without it: something else is sent now."""


class ReadAhead:
    """The answers to statements that only read: they may be asked in any order, or not at all."""

    def __init__(self, answers: Iterable[tuple[Statement, Answer]]) -> None:
        """Keep the answers of a flight."""
        self._answers = list(answers)

    def take(self, statement: Statement) -> Rows | None:
        """Return the answer to a statement, once; None where it is still to be sent."""
        places = (place for place, (sent, _) in enumerate(self._answers) if sent.is_same(statement))
        place = next(places, None)
        return None if place is None else require_rows(self._answers.pop(place)[1])

    def leave(self) -> None:
        """Do nothing: an answer may still be asked for."""


class WorkAhead:
    """The answers to the first statements of a transaction, which must be just those that its work asks."""

    def __init__(self, answers: Iterable[tuple[Statement, Answer]]) -> None:
        """Keep the answers of a flight."""
        self._answers = deque(answers)

    def take(self, statement: Statement) -> Rows | None:
        """Return the answer to a statement, in the order in which they were sent; None behind the last.

        Raises:
            Mistaken: something else was sent.

        """
        if not self._answers:
            return None
        sent, answer = self._answers.popleft()
        if not sent.is_same(statement):
            raise Mistaken
        return require_rows(answer)

    def leave(self) -> None:
        """Make sure that nothing was written which the work has not asked for.

        Raises:
            Mistaken: something may have been.

        """
        if self._answers:
            raise Mistaken


def require_rows(answer: Answer) -> Rows:
    """Return an answer's rows, or raise the error that it is."""
    if isinstance(answer, psycopg.Error):
        raise answer
    return answer
