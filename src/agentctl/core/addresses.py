"""Which hosts a webhook may be called at: public ones, and those that the operator has named.

It looks names up and judges addresses; it connects to nothing.
"""

import asyncio
import contextlib
import re
import socket
import threading
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import urlsplit

_GLOBAL_UNICAST = IPv6Network("2000::/3")
# Both carry an IPv4 address in their last 32 bits: NAT64, and a form that nobody uses any more.
_ENDS_IN_IPV4 = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))


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


def why_refused(host: str) -> str | None:
    """Return what is wrong with calling an address, or None for a public one and for a name.

    Only `localhost` is judged by its name; other names are judged by the addresses that they have.
    """
    if host == "localhost" or host.endswith(".localhost"):
        return "loopback"
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return _kind(_embedded(address) or address)


def _kind(address: IPv4Address | IPv6Address) -> str | None:
    kinds = {
        "unspecified": address.is_unspecified,
        "loopback": address.is_loopback,
        "link-local": address.is_link_local,
        "multicast": address.is_multicast,
        "private": address.is_private,
        # `is_global` alone takes shared space in IPv4 for what it is, but not all that IPv6 reserves.
        "not public": not address.is_global or (address.version == 6 and address not in _GLOBAL_UNICAST),  # noqa: PLR2004 - IPv6
    }
    return next((kind for kind, holds in kinds.items() if holds), None)


def _embedded(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that a packet to this IPv6 address ends up at."""
    if isinstance(address, IPv4Address) or address.is_loopback or address.is_unspecified:
        return None
    if any(address in network for network in _ENDS_IN_IPV4):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


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
