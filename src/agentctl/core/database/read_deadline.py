"""The time within which a statement must be answered, kept by the client.

A timeout that the server keeps would have to live in the session, which a pooler in transaction mode hands to
others. It cancels nothing itself: whoever waits does.
"""

import time
from datetime import timedelta
from typing import TypeVar, cast

import psycopg
from psycopg.abc import PQGen

T = TypeVar("T")


class AnswerOverdue(psycopg.OperationalError):
    """A statement was not answered in time."""


def end_within(limit: timedelta, waiting: PQGen[T]) -> PQGen[T]:
    """Wait for what another generator waits for, until the limit has passed and nothing has come."""
    end = time.monotonic() + limit.total_seconds()
    try:
        wanted = next(waiting)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() >= end:
                raise AnswerOverdue(f"the database has not answered within {limit.total_seconds():g} seconds")
            wanted = waiting.send(ready)
    except StopIteration as done:
        return cast("T", done.value)
