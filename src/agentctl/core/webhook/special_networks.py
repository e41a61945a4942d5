"""The networks that no webhook of the public internet is in: a table of our own, the same on every Python.

Its source are IANA's registries of special-purpose addresses for IPv4 and IPv6, both in whole, with IPv6's
global unicast space as the frame: what lies outside of it is nobody's yet. Addresses that clouds serve their
machines' credentials at stand here, too. It looks no name up.
"""

from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network


class Kind(StrEnum):
    """What is wrong with calling an address, as a word for messages: "n8n.example.com is KIND"."""

    UNSPECIFIED = "unspecified"
    LOOPBACK = "loopback"
    LINK_LOCAL = "link-local"
    METADATA = "a cloud's metadata service"
    PRIVATE = "private"
    MULTICAST = "multicast"
    NOT_PUBLIC = "not public"


_GLOBAL_UNICAST = IPv6Network("2000::/3")
# NAT64's well-known prefix: a packet to it ends up at the IPv4 address in the last 32 bits.
_TRANSLATED = IPv6Network("64:ff9b::/96")

# What lies in a narrower network stands before what holds it.
_TABLE: tuple[tuple[Kind, str], ...] = (
    (Kind.UNSPECIFIED, "0.0.0.0/8 ::/128"),
    (Kind.LOOPBACK, "127.0.0.0/8 ::1/128"),
    # Alibaba, Oracle, Azure's WireServer, and all of AWS's link-local services in IPv6.
    (Kind.METADATA, "100.100.100.200/32 192.0.0.192/32 168.63.129.16/32 fd00:ec2::/32"),
    (Kind.LINK_LOCAL, "169.254.0.0/16 fe80::/10"),
    (Kind.PRIVATE, "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7"),
    (Kind.MULTICAST, "224.0.0.0/4 ff00::/8"),
    # Shared space, protocol assignments, documentation, AS112, AMT, 6to4 relays, benchmarks, reserved.
    (Kind.NOT_PUBLIC, "100.64.0.0/10 192.0.0.0/24 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24"),
    (Kind.NOT_PUBLIC, "192.88.99.0/24 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24"),
    (Kind.NOT_PUBLIC, "240.0.0.0/4"),
    # Local NAT64, protocol assignments (Teredo and ORCHID among them), documentation, 6to4, AS112.
    (Kind.NOT_PUBLIC, "64:ff9b:1::/48 2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20"),
)


def _networks() -> tuple[tuple[Kind, IPv4Network | IPv6Network], ...]:
    return tuple((kind, ip_network(network)) for kind, networks in _TABLE for network in networks.split())


SPECIAL_NETWORKS = _networks()
"""Each network with what it is; the first that holds an address says what that is."""


def judge_address(address: IPv4Address | IPv6Address) -> Kind | None:
    """Return what is wrong with calling an address, or None for a public one."""
    if isinstance(address, IPv6Address):
        address = _embedded(address) or address
    for kind, network in SPECIAL_NETWORKS:
        if address in network:
            return kind
    outside = isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST
    return Kind.NOT_PUBLIC if outside else None


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that a packet to this IPv6 address ends up at, if there is one."""
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped
