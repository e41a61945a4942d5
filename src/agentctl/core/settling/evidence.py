"""Evidence of how an open execution ended: from this machine's journal, n8n, the ledger, or the operator.

It asks nobody and settles nothing. Absence is never evidence: that nobody has heard of an execution does not
mean that its agent did not run.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from msgspec import Struct

from agentctl.core.database.row_identity import RowIdentity
from agentctl.core.executions.journal import Memory
from agentctl.core.hint_text import shell_command
from agentctl.core.models import Key, Outcome, Reticent


class Source(StrEnum):
    """Who the evidence comes from."""

    JOURNAL = "journal"
    N8N = "n8n"
    LEDGER = "ledger"
    """Its row is gone; the ledger has its charge."""
    OPERATOR = "operator"
    NOBODY = "nobody"


class Evidence(Reticent, Struct, frozen=True):
    """An outcome with its witness.

    Attributes:
        outcome: unknown where nobody can tell.
        source: the witness.
        message: a sentence for the operator; for an unknown outcome, what it would take to know it.
        result: what the agent returned, where `has_result`.
        ended_at: when, where the witness knows.

    """

    unsaid: ClassVar = frozenset({"result"})

    outcome: Outcome
    source: Source
    message: str
    result: object = None
    has_result: bool = False
    ended_at: datetime | None = None

    def facts(self) -> Mapping[str, object]:
        """Return what may be recorded, by column; a result that is not known is left as it is."""
        failed = self.outcome is Outcome.FAILED
        known: dict[str, object] = {"error": self.message if failed else None}
        if failed or self.has_result:
            known["result"] = None if failed else self.result
        if self.ended_at is not None:
            known["completed_at"] = self.ended_at
        return known


def from_journal(memory: Memory) -> Evidence | None:
    """Return the answer that this machine's own run got for this very row and could not write any more."""
    answer = memory.answer
    if answer is None or answer.outcome is None:
        return None
    message = answer.error or "The agent had already answered when the run was killed."
    return Evidence(
        outcome=answer.outcome,
        source=Source.JOURNAL,
        message=message,
        result=answer.result,
        has_result=answer.has_result,
        ended_at=answer.at,
    )


def describe_doubt(memory: Memory, execution: Key, row: RowIdentity) -> str | None:
    """Say which answer the journal has for this id, and why it settles nothing; None without an answer."""
    answer = memory.doubtful_answer
    if answer is None or answer.outcome is None:
        return None
    why = (
        row.obstacle or "an older agentctl wrote it, or could not see what distinguishes this row from others"
    )
    options = f"--assume {answer.outcome}"
    command = shell_command("agentctl reconcile", str(execution), options=options)
    return (
        f"This machine's journal has an answer for this id ({answer.outcome}), but it may be "
        f"about another row with that id: {why}. If you know better: {command}"
    )


def assumed(outcome: Outcome) -> Evidence:
    """Return the operator's word."""
    return Evidence(outcome, Source.OPERATOR, f"The operator says that it {_ENDED[outcome]}.")


def from_ledger() -> Evidence:
    """Return why a charge without its execution is given back: nobody can ever be told how that ended."""
    message = "Its row is gone: a charge without its execution is given back."
    return Evidence(Outcome.FAILED, Source.LEDGER, message)


def nobody_knows(why: str) -> Evidence:
    """Return that nobody can tell, and what it would take."""
    return Evidence(Outcome.UNKNOWN, Source.NOBODY, why)


_ENDED = {
    Outcome.SUCCESS: "succeeded",
    Outcome.FAILED: "failed",
    Outcome.UNKNOWN: "ended with an unknown outcome",
}
