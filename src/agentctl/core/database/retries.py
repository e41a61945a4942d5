"""How long something is tried again, and with which pauses, while others are in its way."""

from tenacity import Retrying, stop_after_delay, wait_random_exponential
from tenacity.retry import retry_base

_SECONDS = 60.0


def retry_while(condition: retry_base, *, first_pause: float = 0.05, longest_pause: float = 2) -> Retrying:
    """Return what tries again while `condition` holds, for a minute; the pauses (in seconds) are random.

    After that minute the last attempt's error is raised.
    """
    return Retrying(
        retry=condition,
        stop=stop_after_delay(_SECONDS),
        wait=wait_random_exponential(multiplier=first_pause, max=longest_pause),
        reraise=True,
    )
