"""Puts a server some milliseconds away: a relay that delivers each byte later than it came, both ways.

It knows no protocol, and what was sent together arrives together.
"""

import contextlib
import queue
import socket
import time
from typing import Self
from urllib.parse import urlsplit

from support.loopback import address_through, hang_up, send_at_once, start_thread

_SIZE = 65536


class Distant:
    """Listens on loopback from its creation until `close`.

    Args:
        url: the server's; `self.url` is the same at a distance.
        seconds: each way.

    """

    def __init__(self, url: str, seconds: float) -> None:
        self._url = urlsplit(url)
        self._seconds = seconds
        self._ends: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        start_thread(self._accept_connections)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The server's URL through this relay."""
        return address_through(self._url, self._listener.getsockname()[1])

    def close(self) -> None:
        """Cut all connections for good."""
        for end in (self._listener, *self._ends):
            hang_up(end)
            end.close()

    def _accept_connections(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection((self._url.hostname or "", self._url.port or 0))
                send_at_once(client, server)
                self._ends += [client, server]
                # Greetings on TCP are a journey there and back before the first byte can leave.
                start_thread(self._carry, client, server, time.monotonic() + 2 * self._seconds)
                start_thread(self._carry, server, client, 0.0)

    def _carry(self, source: socket.socket, target: socket.socket, earliest: float) -> None:
        """Read what comes at once, and let another thread deliver it when it is due."""
        under_way: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
        start_thread(_deliver, under_way, target)
        data = b"something"
        while data:
            try:
                data = source.recv(_SIZE)
            except OSError:
                data = b""
            under_way.put((max(earliest, time.monotonic()) + self._seconds, data))


def _deliver(under_way: queue.SimpleQueue[tuple[float, bytes]], target: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other side has gone
        while True:
            due, data = under_way.get()
            time.sleep(max(0, due - time.monotonic()))
            if not data:
                break
            target.sendall(data)
    hang_up(target)
