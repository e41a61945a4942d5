"""One n8n for the whole session, and a shop whose agents are its workflows."""

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from n8n.server import N8n, running
from n8n.shop import N8nShop
from support.marketplace import OPTIONAL_COLUMNS, empty_database
from support.postgres import Server
from support.shop import Shop, shop_with, webhook

__all__ = ["shop_with", "webhook"]

_LOG = pytest.StashKey[Path]()
_VERSION = pytest.StashKey[str]()
_SHOWN_CHARACTERS = 4000  # of the end of n8n's log, with a failure


@pytest.fixture(scope="session")
def n8n(
    server: Server, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[N8n]:
    """Run n8n; change nothing in it."""
    folder = tmp_path_factory.mktemp("n8n")
    pytestconfig.stash[_LOG] = folder / "log"
    with empty_database(server) as database, running(database, folder, folder / "log") as started:
        pytestconfig.stash[_VERSION] = started.version
        yield started


@pytest.fixture
def n8n_shop(shop_with: Callable[..., Shop], n8n: N8n) -> Callable[..., N8nShop]:
    """Make a shop of n8n's agents, with more lines for the section [profiles.test.webhook] and beyond."""

    def make(more: str = "") -> N8nShop:
        return N8nShop(shop_with(*OPTIONAL_COLUMNS, more=more), n8n)

    return make


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the end of n8n's log with each failure."""
    report = yield
    log = item.config.stash.get(_LOG, None)
    if report.failed and log and log.exists():
        report.sections.append((f"the end of n8n's log, {log}", log.read_text()[-_SHOWN_CHARACTERS:]))
    return report


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if version := config.stash.get(_VERSION, None):
        terminalreporter.write_line(f"n8n: {version}, as it says itself")
