"""Places between two effects where a test stops the program, dead as a power cut would or for a moment.

Without AGENTCTL_FAILPOINT in the environment, passing one compares two strings and does nothing else.
"""

import os
import signal
from enum import StrEnum


class Failpoint(StrEnum):
    """Every place, in the order in which a run comes by; what has happened when it is reached."""

    CHOSEN = "chosen"
    """The execution has an id, and nothing is written."""
    RECORDED = "recorded"
    """Its row is written, not committed."""
    CHARGED = "charged"
    """Its charge is written, not committed."""
    CHARGE_COMMITTED = "charge-committed"
    CALLING = "calling"
    """The journal says that the webhook is being called; nothing is sent."""
    SENDING = "sending"
    """Connected; the first byte is about to go out."""
    SENT = "sent"
    """The last byte has gone out."""
    ANSWERED = "answered"
    """The whole answer has arrived; nobody else knows of it."""
    JUDGED = "judged"
    """The journal has the outcome; the row does not."""
    STATUS_WRITTEN = "status-written"
    """The row has the outcome, not committed."""
    BALANCE_RAISED = "balance-raised"
    """The balance has a refund or grant that the ledger does not have; not committed."""
    REFUNDED = "refunded"
    """The outcome and its refund are written, not committed."""
    SETTLED = "settled"
    """They are committed; the operator has seen nothing yet."""
    SAVED = "saved"
    """The result is in its file, if it was to go into one."""
    EVIDENCE_FOUND = "evidence-found"
    """`reconcile` knows an outcome that the row does not have."""
    CREDITS_MOVED = "credits-moved"
    """A grant or a refund by hand is committed, and the operator has seen nothing."""
    STEP_TAKEN = "step-taken"
    """A step of a migration is done, and nobody has been told."""
    BACKFILLED = "backfilled"
    """A batch of old executions is filled and committed, and nobody has been told."""
    CONTENT_SAVED = "content-saved"
    """A migration is taken back: what its columns hold is in a file; they are set aside, not dropped."""


# `NAME` kills, `NAME:stop` stops until SIGCONT, so that a signal can be sent at exactly this place.
_WANTED, _, _MANNER = os.environ.get("AGENTCTL_FAILPOINT", "").partition(":")


def passing(point: Failpoint) -> None:
    """Kill or stop this process if a test wants that here: nothing is flushed, closed or released."""
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
