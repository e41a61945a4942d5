"""The steps of a run, as whoever watches it is told them."""

from collections.abc import Callable
from enum import StrEnum


class Step(StrEnum):
    """What a run has just done, or is about to do."""

    CHOSEN = "chosen"
    RECORDED = "recorded"
    CHARGED = "charged"
    CALLING = "calling"
    SENT = "sent"
    WAITING = "waiting"
    SUCCESS = "success"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SETTLED = "settled"


Watch = Callable[[Step, str], None]
"""Is told each step with a detail for people, as it happens."""
