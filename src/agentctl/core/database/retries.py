"""How long something is tried again, and with which pauses, while others are in its way."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_SECONDS = 60.0


def try_while(
    refused: Callable[[BaseException], bool],
    work: Callable[[], T],
    *,
    seconds: float | None = None,
    first_pause: float = 0.05,
    longest_pause: float = 2,
) -> T:
    """Do `work`, and do it again for some time while `refused` holds for its error; then raise the last one.

    Args:
        refused: whether an error is one after which trying again may help.
        work: what is safe to repeat after such an error.
        seconds: for how long it is done again; a minute, if None.
        first_pause: in seconds; pauses are random, and grow from this one.
        longest_pause: in seconds.

    """
    try:
        return work()
    except Exception as error:
        if not refused(error):
            raise
    # Imported here: hardly any command is refused.
    from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential  # noqa: PLC0415

    time.sleep(random.uniform(0, first_pause))  # noqa: S311 - a pause is no secret
    again = Retrying(
        retry=retry_if_exception(refused),
        stop=stop_after_delay(seconds or _SECONDS),
        wait=wait_random_exponential(multiplier=first_pause, max=longest_pause),
        reraise=True,
    )
    return again(work)
