"""Serves the webhooks of the demo agents on a loopback port, and answers like n8n for any other path.

It listens on 127.0.0.1 only, and does not know the database.
"""

import contextlib
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import cast

from agentctl.sandbox.agents import AGENTS, AgentAnswer, answer

_ADDRESS = "127.0.0.1"
_PREFIX = "/webhook/"
_EXECUTION_HEADER = "X-Agentctl-Execution-Id"
_LARGEST_BODY = 1024 * 1024  # bytes
_REMEMBERED_EXECUTIONS = 10_000


def listen(*, preferred_port: int) -> int:
    """Answer in the background until the process ends; return the port, the preferred one if it is free.

    Raises:
        OSError: no port can be had.

    """
    server = _bind_server(preferred_port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def _bind_server(preferred_port: int) -> "_Server":
    try:
        return _Server((_ADDRESS, preferred_port), _Handler)
    except OSError:
        return _Server((_ADDRESS, 0), _Handler)


class _Server(ThreadingHTTPServer):
    """Counts the requests of each execution, on which the agent `flaky` depends."""

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self._attempts: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    def server_bind(self) -> None:
        """Bind without the name lookup of the base class, which can take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = _ADDRESS, self.socket.getsockname()[1]

    def count(self, execution: str | None) -> int:
        if execution is None:
            return 1
        with self._lock:
            self._attempts[execution] = self._attempts.pop(execution, 0) + 1
            if len(self._attempts) > _REMEMBERED_EXECUTIONS:
                self._attempts.popitem(last=False)
            return self._attempts[execution]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "agentctl-sandbox"
    sys_version = ""
    timeout = 60  # seconds of silence, so that no thread waits for a stalled client for ever

    def do_POST(self) -> None:
        body = self._read_body()
        agent = AGENTS.get(self.webhook_name)
        if body is None:
            self._send_answer(
                _refuse_request(413, {"message": "A body of known length is needed, at most 1 MiB."})
            )
        elif agent is None:
            self._send_answer(_make_not_registered(f"POST {self.webhook_name}"))
        else:
            server = cast("_Server", self.server)
            self._send_answer(answer(agent, body, attempt=server.count(self.headers.get(_EXECUTION_HEADER))))

    def do_OPTIONS(self) -> None:
        registered = self.webhook_name in AGENTS
        self.send_response(204 if registered else 500)
        self.send_header("Access-Control-Allow-Methods", "OPTIONS, POST" if registered else "OPTIONS")
        if not registered:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        if self.webhook_name in AGENTS:
            message = (
                f"This webhook is not registered for {self.command} requests. "
                "Did you mean to make a POST request?"
            )
            self._send_answer(_refuse_request(404, {"code": 404, "message": message}))
        else:
            self._send_answer(_make_not_registered(f"{self.command} {self.webhook_name}"))

    do_HEAD = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - named by the base class

    def log_message(self, *_: object) -> None:
        """Say nothing: the log is PostgreSQL's."""

    @property
    def webhook_name(self) -> str:
        path = self.path.partition("?")[0]
        return path.removeprefix(_PREFIX) if path.startswith(_PREFIX) else path.lstrip("/")

    def _read_body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _LARGEST_BODY:
            return None
        return self.rfile.read(int(length))

    def _send_answer(self, reply: AgentAnswer) -> None:
        time.sleep(reply.delay)
        with contextlib.suppress(ConnectionError):  # the client did not wait
            self._write_answer(reply)

    def _write_answer(self, reply: AgentAnswer) -> None:
        body = json.dumps(reply.body).encode()
        self.send_response(reply.status)
        headers = {"Content-Type": "application/json; charset=utf-8", "Content-Length": str(len(body))}
        for name, value in (headers | dict(reply.headers)).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _make_not_registered(request: str) -> AgentAnswer:
    body = {
        "code": 404,
        "message": f'The requested webhook "{request}" is not registered.',
        "hint": f"The sandbox answers for {', '.join(AGENTS)}.",
    }
    return _refuse_request(404, body)


def _refuse_request(status: int, body: Mapping[str, object]) -> AgentAnswer:
    return AgentAnswer(status, body, {"Connection": "close"})
