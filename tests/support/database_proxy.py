"""Stands between the program and PostgreSQL, and breaks the connection at an exact place.

It understands only the necessary parts of the protocol: where a message ends, and what a statement says. It
changes nothing that it passes on, and offers no encryption.
"""

import contextlib
import math
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Self
from urllib.parse import urlsplit

from support.flights import FlightCounter
from support.loopback import address_through, hang_up, send_at_once, start_thread

_LENGTH = struct.Struct("!I")
_ENCRYPTION_REQUESTS = (80877103, 80877104)  # TLS, GSSAPI
_QUERY, _PARSE, _SYNC, _READY, _TERMINATE = b"Q", b"P", b"S", b"Z", b"X"


class When(Enum):
    """Where a connection is cut."""

    BEFORE = auto()
    """The statement never arrives."""
    UNDER_WAY = auto()
    """It has been passed on; nobody waits for what becomes of it."""
    ANSWERED = auto()
    """PostgreSQL has done it and said so; the answer is lost."""


@dataclass(frozen=True)
class Fault:
    """One cut, at the first statement that matches.

    Attributes:
        when: before or after PostgreSQL has the statement.
        statement: how it begins; an empty text matches every statement.
        within: text that an earlier statement in the same transaction contains.
        skip: how many matching statements pass first.
        away: seconds for which connections are then refused; if infinite, until `come_back`.

    """

    when: When
    statement: str = "COMMIT"
    within: str = ""
    skip: int = 0
    away: float = 0


@dataclass(eq=False)
class Visit:
    """How one connection began, and when it ended; times are those of the monotonic clock.

    Attributes:
        flights: how often the client waited for an answer until it was connected.
        ready: when it was; None if it never was.

    """

    began: float = field(default_factory=time.monotonic)
    flights: int = 0
    ready: float | None = None
    ended: float | None = None


@dataclass(eq=False)
class _Wire:
    """One connection through the proxy: its two ends, the statements since BEGIN, the fault that struck."""

    client: socket.socket
    server: socket.socket
    transaction: list[str] = field(default_factory=list)
    counter: FlightCounter = field(default_factory=FlightCounter)
    flight: list[str] = field(default_factory=list)
    visit: Visit = field(default_factory=Visit)
    fault: Fault | None = None

    def cut(self) -> None:
        hang_up(self.client)
        hang_up(self.server)


class DatabaseProxy:
    """Listens on loopback from its creation until `close`.

    Attributes:
        port: where it listens.
        connections: how many were accepted.
        statements: all that arrived here, over all connections, in order.
        flights: the statements of each flight after connecting (`flights`).
        visits: how each connection began and ended, in order.
        struck: the statements at which a connection was cut.

    """

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._lock = threading.RLock()
        self._faults: list[Fault] = []
        self._passed = 0  # statements that fitted the next fault and were let pass
        self._wires: set[_Wire] = set()
        self._timers: list[threading.Timer] = []
        self.connections = 0
        self.statements: list[str] = []
        self.flights: list[list[str]] = []
        self.visits: list[Visit] = []
        self.struck: list[str] = []
        self._listener = _connect_bound(0)
        self.port: int = self._listener.getsockname()[1]
        self.come_back()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The database's URL through this proxy."""
        return address_through(self._url, self.port)

    @property
    def open(self) -> int:
        """The number of open connections."""
        return len(self._wires)

    def break_at(self, *faults: Fault) -> None:
        """Strike once for each of these faults, in this order."""
        with self._lock:
            self._faults, self._passed = list(faults), 0

    def leave(self) -> None:
        """Refuse connections until `come_back`, and cut those that are open."""
        with self._lock:
            hang_up(self._listener)
            self._listener.close()
            self._listener = _connect_bound(self.port)  # bound and not listening: refused
            for wire in self._wires:
                wire.cut()

    def come_back(self) -> None:
        """Accept connections."""
        self._listener.listen()
        start_thread(self._accept_connections, self._listener)

    def close(self) -> None:
        """Cut all connections for good."""
        for timer in self._timers:
            timer.cancel()
            timer.join()
        self.leave()
        self._listener.close()

    def _accept_connections(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # hung up
            while True:
                client, _ = listener.accept()
                start_thread(self._serve_client, listener, client)

    def _serve_client(self, listener: socket.socket, client: socket.socket) -> None:
        with contextlib.closing(client), contextlib.suppress(OSError, EOFError):
            server = socket.create_connection((self._url.hostname or "", self._url.port or 0))
            with contextlib.closing(server):
                send_at_once(client, server)
                wire = _Wire(client, server)
                with self._lock:
                    if listener is not self._listener:  # it left meanwhile
                        return
                    self.connections += 1
                    self.visits.append(wire.visit)
                    self._wires.add(wire)
                self._pass_messages(wire)

    def _pass_messages(self, wire: _Wire) -> None:
        answers = start_thread(self._pass_answers, wire)
        try:
            _pass_startup(wire)
            while True:
                self._pass_question(wire)
        finally:
            with self._lock:
                self._wires.discard(wire)
            wire.visit.ended = time.monotonic()
            if wire.fault is None:  # else the answer is awaited, and then cut
                wire.cut()
            answers.join()

    def _pass_question(self, wire: _Wire) -> None:
        kind, message = _read_message(wire.client)
        if wire.visit.ready is None:  # a password, or what is exchanged in its place
            wire.visit.flights += 1
        elif kind != _TERMINATE:
            self._count_question(wire, kind)
        if kind in {_QUERY, _PARSE}:
            self._record_statement(wire, _text_of(kind, message))
            if wire.fault and wire.fault.when is When.BEFORE:
                self._strike_fault(wire, wire.fault)
                raise EOFError
        wire.server.sendall(message)
        if wire.fault and wire.fault.when is When.UNDER_WAY and kind in {_QUERY, _SYNC}:
            self._strike_fault(wire, wire.fault)
            raise EOFError

    def _pass_answers(self, wire: _Wire) -> None:
        with contextlib.suppress(OSError, EOFError):
            while True:
                kind, message = _read_message(wire.server)
                self._count_answer(wire, kind)
                if wire.fault is None:
                    wire.client.sendall(message)
                elif kind == _READY:
                    break
        if wire.fault and wire.fault.when is When.ANSWERED:
            self._strike_fault(wire, wire.fault)
        wire.cut()

    def _count_question(self, wire: _Wire, kind: bytes) -> None:
        with self._lock:
            if wire.counter.send(kind):
                wire.flight = []
                self.flights.append(wire.flight)

    def _count_answer(self, wire: _Wire, kind: bytes) -> None:
        with self._lock:
            if wire.visit.ready is not None:
                wire.counter.receive(kind)
            elif kind == _READY:
                wire.visit.ready = time.monotonic()

    def _record_statement(self, wire: _Wire, statement: str) -> None:
        """Record a statement, and the fault that it meets."""
        if statement.startswith("BEGIN"):
            wire.transaction.clear()
        with self._lock:
            self.statements.append(statement)
            wire.flight.append(statement)
            fault = self._faults[0] if self._faults else None
            if fault and _matches_fault(fault, statement, wire.transaction):
                self._passed += 1
                if self._passed > fault.skip:
                    self._faults.pop(0)
                    self._passed = 0
                    wire.fault = fault
                    self.struck.append(statement)
        wire.transaction.append(statement)

    def _strike_fault(self, wire: _Wire, fault: Fault) -> None:
        if fault.away:  # first, so that nobody comes back in between
            self.leave()
        if 0 < fault.away < math.inf:
            timer = threading.Timer(fault.away, self.come_back)
            self._timers.append(timer)
            timer.start()
        wire.cut()


def _matches_fault(fault: Fault, statement: str, transaction: list[str]) -> bool:
    return statement.startswith(fault.statement) and any(fault.within in said for said in ("", *transaction))


def _pass_startup(wire: _Wire) -> None:
    """Refuse encryption, which libpq asks for first, and pass on the user and the database."""
    while True:
        message = _read_body(wire.client)
        wire.visit.flights += 1
        (request,) = _LENGTH.unpack(message[4:8])
        if request not in _ENCRYPTION_REQUESTS:
            wire.server.sendall(message)
            return
        wire.client.sendall(b"N")


def _read_message(source: socket.socket) -> tuple[bytes, bytes]:
    """Return a message's type and the complete message.

    Raises:
        EOFError: the connection has ended.

    """
    kind = _read_bytes(source, 1)
    return kind, kind + _read_body(source)


def _read_body(source: socket.socket) -> bytes:
    length = _read_bytes(source, _LENGTH.size)
    return length + _read_bytes(source, _LENGTH.unpack(length)[0] - _LENGTH.size)


def _read_bytes(source: socket.socket, size: int) -> bytes:
    read = b""
    while len(read) < size:
        chunk = source.recv(size - len(read))
        if not chunk:
            raise EOFError
        read += chunk
    return read


def _text_of(kind: bytes, message: bytes) -> str:
    """Return the statement of a Query or of a Parse; in a Parse, its name comes first."""
    parts = message[5:].split(b"\0")
    return parts[0 if kind == _QUERY else 1].decode()


def _connect_bound(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    return bound
