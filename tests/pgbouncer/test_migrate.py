"""migrate-full behind a pooler in transaction mode: it works, or says which connection it needs."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from agentctl.core.database.connection import read_database_url
from agentctl.core.database.pooler import shares_servers
from support.marketplace import Marketplace
from support.pgbouncer import pooled
from support.postgres import Server
from support.program import Program


@pytest.fixture
def through_pooler(server: Server, marketplace: Marketplace) -> Iterator[str]:
    """Return the marketplace's URL through a PgBouncer in transaction mode."""
    with TemporaryDirectory(prefix="agentctl-tests-") as folder:
        Path(folder).chmod(0o711)  # the pooler is somebody else, if we are root
        with pooled(server, Path(folder) / "pgbouncer") as there:
            yield there.url(marketplace.name)


def _direct(marketplace: Marketplace) -> str:
    """Return the URL without a pooler, even if all tests go through one."""
    return marketplace.server.socket_url(marketplace.name)


def test_distinguishes_a_pooler_in_transaction_mode_from_a_server(
    marketplace: Marketplace, through_pooler: str
) -> None:
    with read_database_url(through_pooler, source="a test").connect() as connection:
        assert shares_servers(connection)
    with read_database_url(_direct(marketplace), source="a test").connect() as connection:
        assert not shares_servers(connection)


def test_migrate_full_works_behind_a_pooler(agentctl: Program, through_pooler: str) -> None:
    env = {"AGENTCTL_DATABASE_URL": through_pooler}

    assert agentctl("migrate-full", "--yes", env=env).exit_code == 0
    assert agentctl("migrate-full", env=env).stdout.endswith("nothing to do.\n")
    assert agentctl("migrate-full", "--undo", "--yes", env=env).exit_code == 0


@pytest.mark.parametrize("setting", ["statement_timeout", "lock_timeout"])
def test_names_migrate_database_url_if_the_pooler_keeps_a_time_limit(
    agentctl: Program, marketplace: Marketplace, through_pooler: str, setting: str
) -> None:
    marketplace.execute(f"ALTER DATABASE {marketplace.name} SET {setting} = '2min'".encode())

    result = agentctl("migrate-full", "--yes", "--json", env={"AGENTCTL_DATABASE_URL": through_pooler})

    assert (result.exit_code, result.json["error"]["code"]) == (3, "pooler")
    assert f"{setting} is 2min" in result.json["error"]["message"]
    assert "migrate_database_url" in result.json["error"]["hint"]


def test_uses_migrate_database_url(agentctl: Program, marketplace: Marketplace, through_pooler: str) -> None:
    marketplace.execute(f"ALTER DATABASE {marketplace.name} SET statement_timeout = '2min'".encode())
    (agentctl.home / "agentctl.toml").write_text(
        f'[profiles.test]\ndatabase_url = "{through_pooler}"\nmigrate_database_url = "env:DIRECT"\n'
    )

    result = agentctl("migrate-full", "--yes", env={"DIRECT": _direct(marketplace)})

    assert result.exit_code == 0, result
