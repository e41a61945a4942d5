"""Sockets on loopback, for whatever stands between the program and a server."""

import contextlib
import socket
import threading
from collections.abc import Callable
from urllib.parse import SplitResult


def address_through(url: SplitResult, port: int) -> str:
    """Return a database's URL by way of a port on loopback."""
    return url._replace(netloc=f"{url.username}:{url.password}@127.0.0.1:{port}").geturl()


def send_at_once(*ends: socket.socket) -> None:
    """Let no message wait for an acknowledgement of the one before."""
    for end in ends:
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def hang_up(end: socket.socket) -> None:
    """End a connection both ways, or a listener, whose accept wakes on Linux."""
    with contextlib.suppress(OSError):  # the other side was faster, or it was not listening
        end.shutdown(socket.SHUT_RDWR)


def start_thread(work: Callable[..., None], *args: object) -> threading.Thread:
    """Do work beside the test, which does not wait for it."""
    thread = threading.Thread(target=work, args=args, daemon=True)
    thread.start()
    return thread
