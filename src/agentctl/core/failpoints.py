"""Points between two effects where a test stops the program, for good as a power cut would, or for a moment.

Without AGENTCTL_FAILPOINT in the environment, passing one compares two strings and does nothing else.
"""

import os
import signal
from enum import StrEnum


class Failpoint(StrEnum):
    """Every point in the order in which a run reaches it, and what has happened by then."""

    CHOSEN = "chosen"
    """The execution has an id, and nothing is written."""
    RECORDED = "recorded"
    """Its row is written, not committed."""
    CHARGED = "charged"
    """Its charge is written, not committed."""
    ANNOUNCED = "announced"
    """The operator has seen the id; the charge is about to be committed."""
    CHARGE_COMMITTED = "charge-committed"
    CALLING = "calling"
    """The journal says that the webhook is being called; nothing is sent."""
    SENDING = "sending"
    """Connected; the first byte is about to go out."""
    SENT = "sent"
    """The last byte has gone out."""
    ANSWERED = "answered"
    """The whole answer has arrived; it is recorded nowhere."""
    JUDGED = "judged"
    """The journal has the outcome; the row does not."""
    STATUS_WRITTEN = "status-written"
    """The row has the outcome: with a refund not committed, and else committed as well."""
    BALANCE_RAISED = "balance-raised"
    """The balance has a refund or grant that the ledger does not have; not committed."""
    REFUNDED = "refunded"
    """The outcome and its refund are written, not committed."""
    SETTLED = "settled"
    """They are committed; the operator has seen nothing yet."""
    SAVED = "saved"
    """The result is in its file, if it was to go into one."""
    EVIDENCE_FOUND = "evidence-found"
    """`reconcile` knows an outcome that the row does not have yet."""
    CREDITS_MOVED = "credits-moved"
    """A grant or a refund by hand is committed, and the operator has seen nothing."""
    STEP_TAKEN = "step-taken"
    """A step of a migration is done, and not yet reported."""
    BACKFILLED = "backfilled"
    """A batch of old executions is filled and committed, and not yet reported."""
    CONTENT_SAVED = "content-saved"
    """A migration is being undone: the content of its columns is in a file; they are not dropped yet."""


# `NAME` kills, `NAME:stop` stops until SIGCONT, so that a signal can be sent at exactly this point.
_WANTED, _, _MANNER = os.environ.get("AGENTCTL_FAILPOINT", "").partition(":")


def passing(point: Failpoint) -> None:
    """Kill or stop this process if a test asks for that: nothing is flushed, closed or released."""
    if point != _WANTED:
        return
    if _MANNER == "stop":
        _pause_once()
    else:
        os.kill(os.getpid(), signal.SIGKILL)


def _pause_once() -> None:
    global _WANTED  # noqa: PLW0603 - a second attempt comes by here, too
    _WANTED = ""
    os.kill(os.getpid(), signal.SIGSTOP)
