"""The fixtures that every test may ask for: servers, databases, the installed program.

Which PostgreSQL versions: all that can be had, or those named by AGENTCTL_TEST_POSTGRES=18,17. Tests in
integration/ and migrations/, and those marked `every_postgres`, run on each; the others on the first.
AGENTCTL_TEST_THROUGH=pgbouncer puts a PgBouncer in transaction mode between the program and every server.
"""

import contextlib
import os
import signal
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.keeper import Keeper, server_of
from support.marketplace import Database, Marketplace, empty_database
from support.marketplace import marketplace as make_marketplace
from support.pgbouncer import THROUGH, find_pgbouncer
from support.postgres import FROM_PACKAGES, VERSIONS, Server, find_installation, full_version
from support.program import Program

_KEEPER = pytest.StashKey[Keeper]()
_KEEPER_FOLDER = pytest.StashKey[Path]()
_WANTED = "AGENTCTL_TEST_POSTGRES"
_SETTINGS = {_WANTED, "AGENTCTL_TORTURE", THROUGH}


def pytest_configure(config: pytest.Config) -> None:
    # Whoever starts a job in the background lets it ignore Ctrl-C, and what it starts would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in list(os.environ):
        if name.startswith(("PG", "AGENTCTL_")) and name not in _SETTINGS:
            del os.environ[name]  # the tester's own settings are no part of a test
    if hasattr(config, "workerinput"):
        config.stash[_KEEPER_FOLDER] = Path(config.workerinput["keeper"])
        return
    _require_versions()
    _require_pooler()
    config.stash[_KEEPER] = Keeper()
    config.stash[_KEEPER_FOLDER] = config.stash[_KEEPER].folder


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a pytest-xdist worker, which has no types, where the session's servers are."""
    node.workerinput["keeper"] = str(node.config.stash[_KEEPER_FOLDER])


def pytest_unconfigure(config: pytest.Config) -> None:
    if keeper := config.stash.get(_KEEPER, None):
        keeper.stop()


def pytest_report_header() -> str:
    found = {version: find_installation(version) for version in _wanted()}
    there = ", ".join(full_version(folder) for folder in found.values() if folder)
    missing = ", ".join(version for version, folder in found.items() if not folder)
    through = f", through {os.environ[THROUGH]}" if THROUGH in os.environ else ""
    return f"PostgreSQL{through}: {there}" + (f"; not found: {missing}" if missing else "")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "server" not in metafunc.fixturenames:
        return
    versions = [version for version in _wanted() if find_installation(version)]
    everywhere = {"integration", "migrations"} & set(metafunc.definition.path.parts)
    if not everywhere and not metafunc.definition.get_closest_marker("every_postgres"):
        versions = versions[:1]
    metafunc.parametrize("server", versions, indirect=True, scope="session", ids="pg{}".format)


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Server:
    """Lend a PostgreSQL server, shared by the whole session: change nothing on it but your own database."""
    return server_of(request.config.stash[_KEEPER_FOLDER], request.param)


@pytest.fixture
def database(server: Server) -> Iterator[Database]:
    """Make an empty database of the test's own."""
    with empty_database(server) as made:
        yield made


@pytest.fixture
def marketplace_factory(server: Server) -> Iterator[Callable[..., Marketplace]]:
    """Yield a maker of marketplaces of the test's own, with the optional columns named by `columns`."""
    with contextlib.ExitStack() as made:

        def make(*, columns: Collection[str] = ()) -> Marketplace:
            return made.enter_context(make_marketplace(server, columns))

        yield make


@pytest.fixture
def marketplace(marketplace_factory: Callable[..., Marketplace]) -> Marketplace:
    """Make a marketplace of the test's own, with the minimal agent_executions."""
    return marketplace_factory()


@pytest.fixture
def agentctl(tmp_path: Path) -> Iterator[Program]:
    """Yield the installed program, with an empty home folder."""
    home = tmp_path / "home"
    home.mkdir()
    with contextlib.closing(Program(home)) as program:
        yield program


def _wanted() -> tuple[str, ...]:
    named = os.environ.get(_WANTED)
    return tuple(named.split(",")) if named else VERSIONS


def _require_versions() -> None:
    """Refuse to run without a version that was asked for, that comes with the packages, or in CI."""
    optional = not (os.environ.get(_WANTED) or os.environ.get("CI") == "true")
    for version in _wanted():
        if version not in VERSIONS:
            msg = f"{_WANTED}: no PostgreSQL {version!r}; there are {', '.join(VERSIONS)}"
            raise pytest.UsageError(msg)
        if find_installation(version) is None and not (optional and version not in FROM_PACKAGES):
            msg = f"PostgreSQL {version} is not installed (`make test` installs what pip can install)"
            raise pytest.UsageError(msg)


def _require_pooler() -> None:
    """Refuse to run without a pooler that was asked for, or with one that nobody knows."""
    named = os.environ.get(THROUGH)
    if named not in {None, "pgbouncer"}:
        msg = f"{THROUGH}: no {named!r}; there is pgbouncer"
        raise pytest.UsageError(msg)
    if named and find_pgbouncer() is None:
        msg = f"{THROUGH}: PgBouncer is not installed (Debian's package is called pgbouncer)"
        raise pytest.UsageError(msg)
