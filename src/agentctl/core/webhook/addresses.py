"""Which hosts a webhook may be called at: public ones, and those that the operator has named.

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
"""What is called only where the address itself is allowed, and what `init` never allows."""
_METADATA_NAMES = frozenset(
    {
        *("metadata", "metadata.goog", "metadata.google.internal"),
        *("instance-data", "instance-data.ec2.internal", "metadata.ec2.internal"),
        *("metadata.azure.com", "metadata.azure.internal", "metadata.packet.net"),
        *("metadata.platformequinix.com", "metadata.tencentyun.com"),
    }
)


def canonical_host(host: str) -> str:
    """Return a host's name or address in the one form that it is compared and looked up in.

    Raises:
        ValueError: no such name can exist.

    """
    name = host if host.isascii() else host.encode("idna").decode("ascii")
    name = name.lower().removesuffix(".")
    with contextlib.suppress(ValueError):
        return str(ip_address(name))
    # The system takes `127.1`, `0x7f000001` and `2130706433` for addresses, too.
    with contextlib.suppress(OSError):
        return socket.inet_ntoa(socket.inet_aton(name))
    return name


def is_allowed(host: str, port: int, allow_hosts: Iterable[str]) -> bool:
    """Tell whether the operator has named this host, or this host with this port.

    Args:
        host: canonical.
        port: that is to be called.
        allow_hosts: names or addresses; `:PORT` may follow, IPv6 is then in brackets.

    """
    return any(_split(entry) in {(host, None), (host, port)} for entry in allow_hosts)


def entry_for(host: str, port: int) -> str:
    """Return the entry of allow_hosts that names a host with this port and no other."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def names_host(entry: str) -> bool:
    """Tell whether an entry of allow_hosts names a host; URLs, networks and patterns name none."""
    return bool(_split(entry)[0]) and not re.search(r"[\s/*?#@\\]", entry)


def _split(entry: str) -> tuple[str, int | None]:
    bare_ipv6 = entry.count(":") > 1 and not entry.startswith("[")
    try:
        parts = urlsplit(f"//[{entry}]" if bare_ipv6 else f"//{entry}")
        return canonical_host(parts.hostname or ""), parts.port
    except ValueError:
        return "", None  # no host is called that


def why_refused(host: str) -> Kind | None:
    """Return what is wrong with calling an address, or None for a public one and for a name.

    Of names, `localhost` and those of metadata services are judged; all others by the addresses they have.
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
    """Return those of a host's addresses that may be called.

    Public ones may, and those of a host that the operator has named. A link-local address or a metadata
    service must be named itself, too: whoever owns a name could point it there later.
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

    The look-up runs in a thread that nobody waits for: asyncio's own pool would hold up the end of the
    program for as long as a resolver hangs.

    Raises:
        OSError: `socket.gaierror`, as the resolver said it.
        UnicodeError: no such name can exist.

    """
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[Any]] = loop.create_future()

    def tell(outcome: Any, error: Exception | None) -> None:
        if found.done():
            return  # given up meanwhile
        if error is None:
            found.set_result(outcome)
        else:
            found.set_exception(error)

    def look_up() -> None:
        outcome, failure = None, None
        try:
            outcome = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(tell, outcome, failure)

    threading.Thread(target=look_up, name="resolver", daemon=True).start()
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in await found))
