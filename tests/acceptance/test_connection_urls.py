"""Connection strings as other programs write them, and the refusals of poolers and hosts."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest

from support.marketplace import Marketplace
from support.program import Program

_SSL_REQUEST = 80877103


def _with_driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+asyncpg://")


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda url: f'"{url}"',
        lambda url: f"'{url}' ",
        _with_driver,
        lambda url: _with_driver(url).replace("postgresql+asyncpg", "postgres+psycopg2"),
        lambda url: f"{url}?pgbouncer=true&connection_limit=1",
        lambda url: f"{url}?pool_timeout=0&application_name=a%20b&schema=public",
    ],
    ids=["double quotes", "quotes", "asyncpg", "psycopg2", "Prisma", "Prisma's schema"],
)
def test_connects_with_the_urls_of_other_programs(
    agentctl: Program, marketplace: Marketplace, rewrite: Callable[[str], str]
) -> None:
    done = agentctl("history", env={"AGENTCTL_DATABASE_URL": rewrite(marketplace.url)})

    assert done.exit_code == 0, done


@pytest.mark.parametrize(
    ("suffix", "words"),
    [
        ("?schema=app", ("Prisma's parameter schema", 'schemas = ["app"]')),
        ("?sslmod=require&colour=s3cret", ("does not know: colour, sslmod.", "Leave them out.")),
        ("?pgbouncer=true&sslmode=perhaps", ("sslmode",)),
    ],
)
def test_names_a_parameter_that_it_cannot_honour(
    agentctl: Program, marketplace: Marketplace, suffix: str, words: tuple[str, ...]
) -> None:
    refused = agentctl("history", env={"AGENTCTL_DATABASE_URL": marketplace.url + suffix})

    assert refused.exit_code == 3
    assert all(word in refused.stderr for word in words), refused.stderr
    assert "s3cret" not in refused.stderr


@pytest.mark.parametrize("suffix", ["", "?pgbouncer=true", "?application_name=a@b"])
@pytest.mark.parametrize("password", ["p?ss=word", "p?w&x=1"])
def test_takes_no_part_of_a_password_for_a_parameter(agentctl: Program, password: str, suffix: str) -> None:
    url = f"postgresql://app:{password}@127.0.0.1:9/x{suffix}"

    refused = agentctl("history", env={"AGENTCTL_DATABASE_URL": url})

    assert refused.exit_code == 3
    assert "app@127.0.0.1/x" in refused.stderr
    assert password.partition("?")[2] not in refused.stderr


@pytest.fixture
def refusing_server() -> Iterator[Callable[[str, str], str]]:
    """Yield a function that starts a server with one FATAL answer to everybody, and returns its URL."""
    listeners: list[socket.socket] = []

    def serve(sqlstate: str, message: str) -> str:
        fields = f"SFATAL\0VFATAL\0C{sqlstate}\0M{message}\0\0".encode()
        answer = b"E" + struct.pack("!i", len(fields) + 4) + fields
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threading.Thread(target=_refuse_all, args=(listener, answer), daemon=True).start()
        return f"postgresql://app:s3cret@127.0.0.1:{listener.getsockname()[1]}/x"

    yield serve
    for listener in listeners:
        listener.close()


def _refuse_all(listener: socket.socket, answer: bytes) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        with client:
            if struct.unpack("!ii", client.recv(8))[1] == _SSL_REQUEST:
                client.sendall(b"N")
                client.recv(8)
            client.recv(4096)
            client.sendall(answer)


@pytest.mark.parametrize(
    ("sqlstate", "message", "retryable", "word"),
    [
        ("XX000", "MaxClientsInSessionMode: max clients reached - in Session mode", True, "6543"),
        ("XX000", "Max client connections reached", True, "The pooler has no room"),
        ("08P01", "no more connections allowed (max_client_conn)", True, "The pooler has no room"),
        ("XX000", "Tenant or user not found", False, "postgres.PROJECT_REF"),
        ("XX000", "(ENOTFOUND) tenant/user postgres.x not found", False, "postgres.PROJECT_REF"),
        ("XX000", "The project is paused.", False, "is paused"),
        ("XX000", "The endpoint has been disabled. Enable it using the API and retry.", False, "is paused"),
        ("57P03", "the database system is starting up", True, "The server is starting"),
        ("57P03", "the database system is not yet accepting connections", True, "The server is starting"),
        ("57P03", "the database system is shutting down", True, "The server is stopping"),
        ("53300", "sorry, too many clients already", True, "use a pooler"),
    ],
)
def test_says_what_to_do_about_a_refusal(
    agentctl: Program,
    refusing_server: Callable[[str, str], str],
    sqlstate: str,
    message: str,
    retryable: bool,
    word: str,
) -> None:
    url = refusing_server(sqlstate, message)

    refused = agentctl("history", "--json", env={"AGENTCTL_DATABASE_URL": url})

    assert refused.exit_code == 3, refused
    error = refused.json["error"]
    assert (error["code"], error["retryable"]) == ("connection", retryable)
    assert word in error["hint"]
    assert message.rstrip(".") in error["message"]
    assert "s3cret" not in refused.stdout + refused.stderr
