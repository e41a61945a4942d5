"""Decides which hosts may be called: public ones, and those that the operator has allowed.

It looks names up and judges addresses; it connects to nothing.
"""

import asyncio
import contextlib
import re
import socket
import threading
from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from agentctl.core.webhook.special_networks import Kind, judge_address

NEVER_BY_NAME = frozenset({Kind.LINK_LOCAL, Kind.METADATA})
"""Kinds that are called only if the address itself is allowed; `init` never allows them."""
_METADATA_NAMES = frozenset(
    {
        *("metadata", "metadata.goog", "metadata.google.internal"),
        *("instance-data", "instance-data.ec2.internal", "metadata.ec2.internal"),
        *("metadata.azure.com", "metadata.azure.internal", "metadata.packet.net"),
        *("metadata.platformequinix.com", "metadata.tencentyun.com"),
    }
)


def canonical_host(host: str) -> str:
    """Return a host's name or address in the form in which hosts are compared and looked up.

    Raises:
        ValueError: no host can have that name.

    """
    name = host if host.isascii() else host.encode("idna").decode("ascii")
    name = name.lower().removesuffix(".")
    with contextlib.suppress(ValueError):
        return str(ip_address(name))
    # The system takes `127.1`, `0x7f000001` and `2130706433` for addresses as well.
    with contextlib.suppress(OSError):
        return socket.inet_ntoa(socket.inet_aton(name))
    return name


def is_allowed(host: str, port: int, allow_hosts: Iterable[str]) -> bool:
    """Tell whether the operator has allowed this host, or this host with this port.

    Args:
        host: in its canonical form.
        port: the one to call.
        allow_hosts: names or addresses; `:PORT` may follow, and an IPv6 address is then in brackets.

    """
    return any(_split_entry(entry) in {(host, None), (host, port)} for entry in allow_hosts)


def entry_for(host: str, port: int) -> str:
    """Return the entry of allow_hosts that allows a host with this port and no other."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def names_host(entry: str) -> bool:
    """Tell whether an entry of allow_hosts names a host; a URL, a network or a pattern does not."""
    return bool(_split_entry(entry)[0]) and not re.search(r"[\s/*?#@\\]", entry)


def _split_entry(entry: str) -> tuple[str, int | None]:
    bare_ipv6 = entry.count(":") > 1 and not entry.startswith("[")
    try:
        parts = urlsplit(f"//[{entry}]" if bare_ipv6 else f"//{entry}")
        return canonical_host(parts.hostname or ""), parts.port
    except ValueError:
        return "", None  # no host has this name


def why_refused(host: str) -> Kind | None:
    """Return why a host is not called, or None for a public address and for a name.

    The only names that are judged are `localhost` and those of metadata services; others have addresses.
    """
    if host == "localhost" or host.endswith(".localhost"):
        return Kind.LOOPBACK
    if host in _METADATA_NAMES:
        return Kind.METADATA
    try:
        return judge_address(ip_address(host))
    except ValueError:
        return None


def callable_addresses(
    host: str, port: int, addresses: Iterable[str], allow_hosts: Sequence[str]
) -> tuple[str, ...]:
    """Return the addresses of a host that may be called.

    Public addresses may, and those of a host that the operator has allowed. A link-local address or a
    metadata service must be allowed itself as well: whoever owns the name could point it there later.
    """
    is_named = is_allowed(host, port, allow_hosts)

    def may_be_called(address: str) -> bool:
        kind = why_refused(address)
        if kind in NEVER_BY_NAME:
            return is_named and is_allowed(canonical_host(address), port, allow_hosts)
        return kind is None or is_named

    return tuple(filter(may_be_called, addresses))


async def resolve(host: str, port: int) -> tuple[str, ...]:
    """Return the addresses of a name, or the address itself, as the system orders them.

    The look-up runs in a thread that nothing waits for: with asyncio's own pool, a resolver that hangs
    would keep the program from ending.

    Raises:
        OSError: the resolver's `socket.gaierror`.
        UnicodeError: no host can have that name.

    """
    loop = asyncio.get_running_loop()
    resolved: asyncio.Future[list[Any]] = loop.create_future()

    def deliver(outcome: Any, error: Exception | None) -> None:
        if resolved.done():
            return  # the caller has given up
        if error is None:
            resolved.set_result(outcome)
        else:
            resolved.set_exception(error)

    def look_up() -> None:
        outcome, failure = None, None
        try:
            outcome = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nothing waits any more
            loop.call_soon_threadsafe(deliver, outcome, failure)

    threading.Thread(target=look_up, name="resolver", daemon=True).start()
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in await resolved))
