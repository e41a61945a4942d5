"""The steps of a run, for whoever shows its progress."""

from collections.abc import Callable
from enum import StrEnum


class Step(StrEnum):
    """What a run has just done, or is about to do."""

    CHOSEN = "chosen"
    COMMITTING = "committing"
    RECORDED = "recorded"
    CHARGED = "charged"
    CALLING = "calling"
    SENT = "sent"
    WAITING = "waiting"
    SUCCESS = "success"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SETTLED = "settled"


OnStep = Callable[[Step, str], None]
"""Called with each step as it happens, and a detail to show."""
