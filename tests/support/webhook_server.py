"""A scripted loopback server: it can also answer as no server should, and counts the requests.

It speaks HTTP/1.1 by hand, one request a connection, because a library would not let it send wrong answers.
"""

import contextlib
import gzip
import ipaddress
import json
import socket
import ssl
import struct
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from pathlib import Path
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

_NOT_REGISTERED = {
    "code": 404,
    "message": 'The requested webhook "POST x" is not registered.',
    "hint": "The workflow must be active for a production URL to run successfully.",
}
_TLS_HANDSHAKE = b"\x16"


class Hangup(Enum):
    """When the server drops a connection instead of answering."""

    BEFORE_READING = auto()
    AFTER_READING = auto()
    RESET_AFTER_READING = auto()


@dataclass(frozen=True)
class Reply:
    """What a path answers.

    Attributes:
        status: as a number, with no phrase.
        headers: besides Content-Length.
        body: as it goes over the wire.
        delay: seconds before the first byte of the answer.
        drip: seconds before each byte of the body, which then come one by one.
        declared_length: a wrong Content-Length; -1 for no such header.
        hangup: instead of an answer.
        raw: all bytes of the answer, instead of one built from the fields above.

    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0
    drip: float = 0
    declared_length: int | None = None
    hangup: Hangup | None = None
    raw: bytes | None = None

    @classmethod
    def json(cls, value: object, status: int = 200, **others: Any) -> Self:
        headers = {"Content-Type": "application/json; charset=utf-8", **others.pop("headers", {})}
        return cls(status=status, headers=headers, body=json.dumps(value).encode(), **others)

    @classmethod
    def text(cls, text: str, status: int = 200, *, content_type: str = "text/plain", **others: Any) -> Self:
        headers = {"Content-Type": content_type, **others.pop("headers", {})}
        return cls(status=status, headers=headers, body=text.encode(), **others)

    def gzipped(self) -> "Reply":
        """Return the same, compressed."""
        headers = {**self.headers, "Content-Encoding": "gzip"}
        return Reply(status=self.status, headers=headers, body=gzip.compress(self.body))

    def head(self) -> bytes:
        length = len(self.body) if self.declared_length is None else self.declared_length
        lengths = [] if length < 0 else [f"Content-Length: {length}"]
        lines = [f"HTTP/1.1 {self.status} ", *lengths, *(f"{n}: {v}" for n, v in self.headers.items())]
        return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1")


@dataclass(frozen=True)
class Request:
    """A request that arrived completely; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class WebhookServer:
    """Runs from its creation until `close`.

    Args:
        tls: for HTTPS.
        resets: every connection is reset as soon as it is accepted.

    Attributes:
        requests: all that arrived completely, in order.
        connections: how many were accepted, and `most_at_once` of them were open at one time.
        asked_for: the server names that TLS clients gave.

    """

    def __init__(self, tls: ssl.SSLContext | None = None, *, resets: bool = False) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.most_at_once = 0
        self.asked_for: list[str | None] = []
        self._replies: dict[str, list[Reply]] = {}
        self._tls = tls
        self._resets = resets
        if tls is not None:
            tls.sni_callback = lambda _socket, name, _context: self.asked_for.append(name)
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._start_thread(self._accept_connections)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def url(self, path: str = "/webhook/agent", host: str = "127.0.0.1") -> str:
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}{path}"

    def script(self, path: str, *replies: Reply) -> str:
        """Let a path give these answers in turn and then repeat the last one; return its URL."""
        with self._lock:
            self._replies[path] = list(replies)
        return self.url(path)

    def count(self, path: str) -> int:
        """Return how many requests for a path arrived completely."""
        return sum(request.path == path for request in self.requests)

    def close(self) -> None:
        """Stop at once, in the middle of any answer."""
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept on Linux
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _start_thread(self, work: Any, *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept_connections(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed
                return
            self.connections += 1
            if self._resets:
                _reset_connection(connection)
                connection.close()
                continue
            self._start_thread(self._serve_connection, connection)

    def _serve_connection(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)
            self.most_at_once = max(self.most_at_once, len(self._open))
        try:
            if self._tls:
                with self._lock:
                    self._open.discard(connection)
                connection = self._tls.wrap_socket(connection, server_side=True)
                with self._lock:
                    self._open.add(connection)
            self._answer_request(connection)
        except (OSError, ValueError):  # the other side has gone, or we are closing
            pass
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def _answer_request(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as stream:
            if stream.peek(1)[:1] == _TLS_HANDSHAKE:
                connection.sendall(Reply.text("This is not TLS.", 400).head())
                return
            line = stream.readline()
            if not line:
                return
            method, path, _ = line.decode("latin-1").split(" ", 2)
            reply = self._next_reply(path)
            if reply.hangup is Hangup.BEFORE_READING:
                _reset_connection(connection)
                return
            headers = {}
            while (line := stream.readline()) not in {b"\r\n", b""}:
                name, _, value = line.decode("latin-1").partition(":")
                headers[name.strip().lower()] = value.strip()
            body = stream.read(int(headers.get("content-length", 0)))
        with self._lock:
            self.requests.append(Request(method, path, headers, body))
        self._write_reply(connection, reply)

    def _next_reply(self, path: str) -> Reply:
        with self._lock:
            replies = self._replies.get(path) or [Reply.json(_NOT_REGISTERED, 404)]
            return replies.pop(0) if len(replies) > 1 else replies[0]

    def _write_reply(self, connection: socket.socket, reply: Reply) -> None:
        if self._closing.wait(reply.delay):
            return
        if reply.hangup is Hangup.RESET_AFTER_READING:
            _reset_connection(connection)
        if reply.hangup is not None:
            return
        connection.sendall(reply.head() if reply.raw is None else reply.raw)
        if not reply.drip:
            connection.sendall(reply.body)
            return
        for byte in reply.body:
            if self._closing.wait(reply.drip):
                return
            connection.sendall(bytes([byte]))


def _reset_connection(connection: socket.socket) -> None:
    """Make the next close a reset instead of a regular end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def make_certificate(
    folder: Path, names: Sequence[str], *, expired: bool = False
) -> tuple[Path, ssl.SSLContext]:
    """Make a self-signed certificate; return the file that trusts it, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=-1 if expired else 1))
        .add_extension(x509.SubjectAlternativeName([_build_subject(each) for each in names]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(Encoding.PEM))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file, key_file)
    return certificate_file, context


def _build_subject(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
