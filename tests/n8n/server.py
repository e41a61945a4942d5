"""Runs a real n8n on loopback with the workflows of this folder, and reads its executions.

It uses n8n's API directly, not through agentctl, so that a test can trust what it sees here.
"""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPMessage
from pathlib import Path
from typing import Any

from n8n import install
from support.marketplace import Database

HEADER_KEY = "let-me-in"
"""What `guarded.json` wants in the header X-Api-Key."""

_HERE = Path(__file__).parent
_START_SECONDS = 180
_REQUEST_SECONDS = 30
_READ_SCOPES = ("execution:read", "execution:list", "workflow:read", "workflow:list")
_WRITE_SCOPES = ("credential:create", "workflow:create", "workflow:activate")
_SETTINGS = {  # what would ask its makers' servers is off
    "N8N_LISTEN_ADDRESS": "127.0.0.1",
    "N8N_DIAGNOSTICS_ENABLED": "false",
    "N8N_VERSION_NOTIFICATIONS_ENABLED": "false",
    "N8N_TEMPLATES_ENABLED": "false",
    "N8N_LICENSE_AUTO_RENEW_ENABLED": "false",
    "N8N_DYNAMIC_BANNERS_ENABLED": "false",
    "N8N_DISABLED_MODULES": "mcp-registry",
}


@dataclass(frozen=True, slots=True)
class N8n:
    """A running n8n.

    Attributes:
        url: without a slash at its end.
        version: as n8n reports it.
        api_key: may read executions and workflows, and nothing else.
        workflows: the id of each by the name of its file, which is its webhook's path, too.

    """

    url: str
    version: str
    api_key: str
    workflows: Mapping[str, str]

    def webhook(self, workflow: str) -> str:
        """Return a workflow's production URL."""
        return f"{self.url}/webhook/{workflow}"

    def executions(self, workflow: str) -> list[dict[str, Any]]:
        """Return all executions of a workflow with everything that n8n keeps of them."""
        found = []
        for status in ("", "&status=running"):  # which n8n tells only if asked for
            which = f"workflowId={self.workflows[workflow]}{status}&limit=250&includeData=true"
            found += _ask(f"{self.url}/api/v1/executions?{which}", key=self.api_key)["data"]
        return found


@contextlib.contextmanager
def running(database: Database, folder: Path, log: Path) -> Iterator[N8n]:
    """Run n8n on an empty database.

    Args:
        database: for n8n alone.
        folder: for n8n alone, empty.
        log: the file for n8n's output.

    Raises:
        RuntimeError: it is not installed, or does not start.

    """
    installation = install.find_installation()
    if installation is None:
        msg = f"n8n {install.N8N} is not installed in {install.folder()}: make n8n"
        raise RuntimeError(msg)
    port = _free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                install.node(installation),
                "--require",
                _HERE / "end_with_us.cjs",
                install.program(installation),
                "start",
            ],
            env=_environment(installation, database, folder) | {"N8N_PORT": str(port)},
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _await_ready(process, f"http://127.0.0.1:{port}", log)
        yield _set_up(f"http://127.0.0.1:{port}")
    finally:
        # Without mercy: nobody will read its database again, and it would wait for slow workflows.
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _environment(installation: Path, database: Database, folder: Path) -> dict[str, str]:
    server = database.server
    return _SETTINGS | {
        "PATH": f"{install.node(installation).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "N8N_USER_FOLDER": str(folder),
        "DB_TYPE": "postgresdb",
        "DB_POSTGRESDB_HOST": "127.0.0.1",
        "DB_POSTGRESDB_PORT": str(server.port),
        "DB_POSTGRESDB_USER": "postgres",
        "DB_POSTGRESDB_PASSWORD": server.password,
        "DB_POSTGRESDB_DATABASE": database.name,
    }


def _await_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        # Not /healthz, which answers while the database is still being made.
        with contextlib.suppress(OSError, RuntimeError):
            _exchange(f"{url}/healthz/readiness")
            return
        time.sleep(0.1)
    msg = f"n8n did not start ({process.returncode}), see {log}"
    raise RuntimeError(msg)


def _set_up(url: str) -> N8n:
    """Create the owner, the API keys and the workflows; active workflows answer when this returns."""
    cookie = _make_owner(url)
    write_key = _make_key(url, cookie, _WRITE_SCOPES)
    credential = _ask(
        f"{url}/api/v1/credentials",
        {"name": "Key", "type": "httpHeaderAuth", "data": {"name": "X-Api-Key", "value": HEADER_KEY}},
        key=write_key,
    )
    workflows = {
        file.stem: _make_workflow(url, write_key, file.read_text().replace("CREDENTIAL_ID", credential["id"]))
        for file in sorted(_HERE.glob("workflows/*.json"))
    }
    version = _ask(f"{url}/rest/settings", cookie=cookie)["data"]["versionCli"]
    return N8n(url, version, _make_key(url, cookie, _READ_SCOPES), workflows)


def _make_owner(url: str) -> str:
    """Create the only user, and return the cookie of the session."""
    owner = {
        "email": "owner@example.com",
        "firstName": "Olga",
        "lastName": "Owner",
        "password": f"A1{secrets.token_urlsafe(12)}",
    }
    _, headers = _exchange(f"{url}/rest/owner/setup", owner)
    return str(headers["Set-Cookie"]).partition(";")[0]


def _make_key(url: str, cookie: str, scopes: tuple[str, ...]) -> str:
    wanted = {"label": scopes[0], "expiresAt": None, "scopes": scopes}
    made: str = _ask(f"{url}/rest/api-keys", wanted, cookie=cookie)["data"]["rawApiKey"]
    return made


def _make_workflow(url: str, key: str, text: str) -> str:
    """Create a workflow from its export, publish it if it is active, and return its id."""
    workflow = json.loads(text)
    active = workflow.pop("active")
    identity: str = _ask(f"{url}/api/v1/workflows", workflow, key=key)["id"]
    if active:
        _ask(f"{url}/api/v1/workflows/{identity}/activate", {}, key=key)
    return identity


def _ask(url: str, body: object = None, *, key: str = "", cookie: str = "") -> Any:
    answer, _ = _exchange(url, body, {"X-N8N-API-KEY": key, "Cookie": cookie})
    return json.loads(answer)


def _exchange(
    url: str, body: object = None, headers: Mapping[str, str] | None = None
) -> tuple[bytes, HTTPMessage]:
    request = urllib.request.Request(
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **(headers or {})},
    )
    try:
        with urllib.request.urlopen(request, timeout=_REQUEST_SECONDS) as response:
            return response.read(), response.headers
    except urllib.error.HTTPError as error:
        with error:
            msg = f"n8n answered {error.code} at {url}: {error.read().decode()}"
        raise RuntimeError(msg) from None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
