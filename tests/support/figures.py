"""How much a test does: a little every day, and the full figures with AGENTCTL_TORTURE=full."""

import os

FULL = os.environ.get("AGENTCTL_TORTURE") == "full"


def figure(*, full: int, everyday: int) -> int:
    """Return the figure that applies."""
    return full if FULL else everyday


HUNG_AFTER = figure(full=600, everyday=60)
"""Seconds after which a program counts as hung. In full, hundreds of others share the processors with it."""
