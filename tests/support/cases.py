"""Divides the cases of parametrized tests between the everyday suite and another one, by rule.

AGENTCTL_TEST_CASES=few leaves the first and the last case of each test, `rest` leaves the others; without it
all are run. What starts the program many times for one rule is quick enough every day this way.
"""

import os
from collections import defaultdict
from collections.abc import Sequence

import pytest

CASES = "AGENTCTL_TEST_CASES"


def require_known_cases() -> None:
    """Refuse a value that nobody knows.

    Raises:
        pytest.UsageError: with those that there are.

    """
    if os.environ.get(CASES) not in {None, "few", "rest"}:
        msg = f"{CASES}: no {os.environ[CASES]!r}; there are few, rest"
        raise pytest.UsageError(msg)


def list_unwanted(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return the tests that this suite leaves to the other one."""
    if CASES not in os.environ:
        return []
    groups = defaultdict(list)
    for item in items:
        groups[_name_test(item)].append(item)
    few = {id(item) for cases in groups.values() for item in (cases[0], cases[-1])}
    return [item for item in items if (id(item) in few) is (os.environ[CASES] == "rest")]


def _name_test(item: pytest.Item) -> tuple[str, str]:
    """Return what all cases of one test on one PostgreSQL have in common."""
    callspec = getattr(item, "callspec", None)
    version = callspec.params.get("server") if callspec else None
    return item.nodeid.partition("[")[0], str(version)
