"""The fixtures for every test: servers, databases, the installed program.

The PostgreSQL version is the sandbox's, or those named by AGENTCTL_TEST_POSTGRES=18,17,15.
Tests in integration/ and migrations/ are marked `every_postgres`, and others mark themselves: those run on
each version, the rest on the first. A version that is asked for and not installed is an error: nothing is
skipped for it.
AGENTCTL_TEST_THROUGH=pgbouncer puts a PgBouncer in transaction mode between the program and every server.
support/cases.py says what AGENTCTL_TEST_CASES does, support/recordings.py what AGENTCTL_RECORD does.
"""

import contextlib
import os
import signal
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from support.cases import CASES, require_known_cases
from support.keeper import Keeper, server_of
from support.marketplace import Database, Marketplace, create_customers, empty_database
from support.marketplace import marketplace as make_marketplace
from support.pgbouncer import THROUGH, find_pgbouncer
from support.postgres import VERSIONS, Server, explain_missing, find_installation, full_version
from support.program import Program
from support.recordings import RECORD

_KEEPER = pytest.StashKey[Keeper]()
_KEEPER_FOLDER = pytest.StashKey[Path]()
_TESTS = Path(__file__).parent
_EVERYWHERE = {"integration", "migrations"}  # folders whose tests run on each version
_WANTED = "AGENTCTL_TEST_POSTGRES"
_SETTINGS = {_WANTED, "AGENTCTL_TORTURE", "AGENTCTL_TEST_STRANGERS", THROUGH, CASES, RECORD}


# How long an example takes says how busy the machine is.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")


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
    require_known_cases()
    config.stash[_KEEPER] = Keeper()
    config.stash[_KEEPER_FOLDER] = config.stash[_KEEPER].folder


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Pass a pytest-xdist worker, which has no types, the location of the session's servers."""
    node.workerinput["keeper"] = str(node.config.stash[_KEEPER_FOLDER])


def pytest_unconfigure(config: pytest.Config) -> None:
    if keeper := config.stash.get(_KEEPER, None):
        keeper.stop()


def pytest_report_header() -> str:
    installations = [find_installation(version) for version in _list_wanted_versions()]
    versions = ", ".join(full_version(folder) for folder in installations if folder)
    through = f", through {os.environ[THROUGH]}" if THROUGH in os.environ else ""
    return f"PostgreSQL{through}: {versions}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "server" not in metafunc.fixturenames:
        return
    versions, marks = _list_wanted_versions(), [pytest.mark.every_postgres]
    if not _EVERYWHERE & set(metafunc.definition.path.relative_to(_TESTS).parts):
        marks = []
        if not metafunc.definition.get_closest_marker("every_postgres"):
            versions = versions[:1]
    servers = [pytest.param(version, marks=marks) for version in versions]
    metafunc.parametrize("server", servers, indirect=True, scope="session", ids=map("pg{}".format, versions))


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Server:
    """Lend a PostgreSQL server, shared by the whole session: change nothing on it but your own database.

    It has the roles of a customer's browser from the beginning: what is read of a database depends on them,
    and would change in the middle of a test when another creates them.
    """
    lent = server_of(request.config.stash[_KEEPER_FOLDER], request.param)
    create_customers(lent)
    return lent


@pytest.fixture
def database(server: Server) -> Iterator[Database]:
    """Create an empty database for one test."""
    with empty_database(server) as made:
        yield made


@pytest.fixture
def marketplace_factory(server: Server) -> Iterator[Callable[..., Marketplace]]:
    """Yield a function that creates marketplaces for one test, with the optional columns in `columns`."""
    with contextlib.ExitStack() as made:

        def make(*, columns: Collection[str] = ()) -> Marketplace:
            return made.enter_context(make_marketplace(server, columns))

        yield make


@pytest.fixture
def marketplace(marketplace_factory: Callable[..., Marketplace]) -> Marketplace:
    """Create a marketplace for one test, with the minimal agent_executions."""
    return marketplace_factory()


@pytest.fixture
def agentctl(tmp_path: Path) -> Iterator[Program]:
    """Yield the installed program, with an empty home folder."""
    home = tmp_path / "home"
    home.mkdir()
    with contextlib.closing(Program(home)) as program:
        yield program


def _list_wanted_versions() -> tuple[str, ...]:
    named = os.environ.get(_WANTED)
    return tuple(named.split(",")) if named else VERSIONS[:1]


def _require_versions() -> None:
    """Refuse to run if a requested version is not installed."""
    for version in _list_wanted_versions():
        if version not in VERSIONS:
            msg = f"{_WANTED}: no PostgreSQL {version!r}; there are {', '.join(VERSIONS)}"
            raise pytest.UsageError(msg)
        if find_installation(version) is None:
            raise pytest.UsageError(explain_missing(version))


def _require_pooler() -> None:
    """Refuse to run without the requested pooler, or with an unknown one."""
    named = os.environ.get(THROUGH)
    if named not in {None, "pgbouncer"}:
        msg = f"{THROUGH}: no {named!r}; there is pgbouncer"
        raise pytest.UsageError(msg)
    if named and find_pgbouncer() is None:
        msg = f"{THROUGH}: PgBouncer is not installed (Debian's package is called pgbouncer)"
        raise pytest.UsageError(msg)
