"""The fixtures of the torture tests, and their figures after pytest's own summary of failures."""

from collections import Counter
from typing import Any

from support.shop import full_shop, shop, shop_with, webhook

__all__ = ["full_shop", "shop", "shop_with", "webhook"]

_FIGURES = ("kills", "processes", "executions", "examples", "faults", "commands", "writes")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print how often each thing was done; `record_property` brings the figures here, from workers too."""
    done: Counter[str] = Counter()
    tests: Counter[str] = Counter()
    for report in terminalreporter.stats.get("passed", ()):
        for name, value in getattr(report, "user_properties", ()):
            if name in _FIGURES:
                done[name] += value
                tests[name] += 1
    for name, total in done.items():
        terminalreporter.write_line(f"torture: {total} {name} in {tests[name]} tests")
