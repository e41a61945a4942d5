"""The networks in which no webhook of the public internet can be: our own table, the same on every Python.

It holds all of IANA's special-purpose registries for IPv4 and IPv6, and everything outside IPv6's global
unicast space, which is assigned to nobody yet. The addresses at which clouds serve credentials to their
machines are in it, too. It looks no name up.
"""

from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_network


class Kind(StrEnum):
    """Why an address is not called, as a word for messages: "n8n.example.com is KIND"."""

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

# A narrower network stands before the one that holds it.
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


SPECIAL_NETWORKS = tuple(
    (kind, ip_network(network)) for kind, networks in _TABLE for network in networks.split()
)
"""Each network with its kind; the first that holds an address decides the address's kind."""


def judge_address(address: IPv4Address | IPv6Address) -> Kind | None:
    """Return why an address is not called, or None for a public one."""
    if isinstance(address, IPv6Address):
        address = _find_embedded_ipv4(address) or address
    for kind, network in SPECIAL_NETWORKS:
        if address in network:
            return kind
    outside = isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST
    return Kind.NOT_PUBLIC if outside else None


def _find_embedded_ipv4(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that a packet to this IPv6 address ends up at, if there is one."""
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped
