"""Divides the cases of parametrized tests between the everyday suite and another one, by a rule.

AGENTCTL_TEST_CASES=few leaves the first and the last case of each test, `rest` leaves the others; without it
all are run. What starts the program many times for one rule is quick enough every day this way.
"""

import os
from collections import defaultdict
from collections.abc import Sequence

import pytest

CASES = "AGENTCTL_TEST_CASES"


def require_known_cases() -> None:
    """Refuse an unknown value of AGENTCTL_TEST_CASES.

    Raises:
        pytest.UsageError: it lists the known values.

    """
    if os.environ.get(CASES) not in {None, "few", "rest"}:
        msg = f"{CASES}: no {os.environ[CASES]!r}; there are few, rest"
        raise pytest.UsageError(msg)


def list_unwanted(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return the tests that run in the other suite."""
    if CASES not in os.environ:
        return []
    groups = defaultdict(list)
    for item in items:
        groups[_name_test(item)].append(item)
    few = {id(item) for cases in groups.values() for item in (cases[0], cases[-1])}
    return [item for item in items if (id(item) in few) is (os.environ[CASES] == "rest")]


def _name_test(item: pytest.Item) -> tuple[str, str]:
    """Return the name that all cases of one test on one PostgreSQL share."""
    callspec = getattr(item, "callspec", None)
    version = callspec.params.get("server") if callspec else None
    return item.nodeid.partition("[")[0], str(version)
