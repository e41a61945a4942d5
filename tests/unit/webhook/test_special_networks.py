"""Every block of IANA's two registries of special-purpose addresses, at its edges: none may be called.

The blocks are written down here once more, from the registries, so that a typing error in the program's own
table is a failure.
"""

import ast
from ipaddress import IPv4Address, IPv6Address, ip_network
from pathlib import Path

import pytest

from agentctl.core.webhook import special_networks
from agentctl.core.webhook.addresses import callable_addresses, why_refused
from agentctl.core.webhook.special_networks import SPECIAL_NETWORKS, Kind

REGISTERED = {
    Kind.UNSPECIFIED: "0.0.0.0/8 0.0.0.0/32 ::/128",
    Kind.LOOPBACK: "127.0.0.0/8 ::1/128",
    Kind.LINK_LOCAL: "169.254.0.0/16 fe80::/10",
    Kind.PRIVATE: "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7",
    Kind.MULTICAST: "224.0.0.0/4 ff00::/8",
    Kind.METADATA: "100.100.100.200/32 192.0.0.192/32 168.63.129.16/32 fd00:ec2::254/128 fd00:ec2::23/128",
    Kind.NOT_PUBLIC: """
        100.64.0.0/10 192.0.0.0/24 192.0.0.0/29 192.0.0.8/32 192.0.0.9/32 192.0.0.10/32 192.0.0.170/32
        192.0.0.171/32 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.175.48.0/24
        198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 255.255.255.255/32
        64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/23 2001::/32 2001:1::1/128 2001:1::2/128 2001:1::3/128
        2001:2::/48 2001:3::/32 2001:4:112::/48 2001:10::/28 2001:20::/28 2001:30::/28 2001:db8::/32
        2002::/16 2620:4f:8000::/48 3fff::/20 5f00::/16 fec0::/10 4000::/3 ::/96 ::102:304/128
    """,
}
BLOCKS = [(kind, block) for kind, blocks in REGISTERED.items() for block in blocks.split()]
# Exactly one address beyond a block, on the side where nothing else special begins.
PUBLIC = """
    1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255
    169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.0.3.0 192.31.195.255 192.31.197.0
    192.52.192.255 192.52.194.0 192.88.98.255 192.88.100.0 192.167.255.255 192.169.0.0 192.175.47.255
    192.175.49.0 198.17.255.255 198.20.0.0 198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0
    223.255.255.255 168.63.129.15 168.63.129.17 8.8.8.8
    2000:: 2001:200:: 2001:db7:ffff:: 2001:db9:: 2003:: 2620:4f:7fff:: 2620:4f:8001:: 3ffe:: 2606:4700::1111
    ::ffff:8.8.8.8 64:ff9b::8.8.8.8
"""


def edges(block: str) -> tuple[IPv4Address | IPv6Address, IPv4Address | IPv6Address]:
    network = ip_network(block)
    return network[0], network[-1]


@pytest.mark.parametrize(("kind", "block"), BLOCKS, ids=[block for _, block in BLOCKS])
def test_the_first_and_the_last_address_of_each_registered_block_are_refused(kind: Kind, block: str) -> None:
    for address in edges(block):
        narrower = {"::": Kind.UNSPECIFIED}.get(str(address), kind)
        assert why_refused(str(address)) is narrower
        assert callable_addresses("plum.example", 443, [str(address)], ()) == ()


@pytest.mark.parametrize("block", [block for kind, block in BLOCKS if ":" not in block], ids=str)
@pytest.mark.parametrize("prefix", ["::ffff:", "64:ff9b::"], ids=["mapped", "translated"])
def test_an_ipv4_address_inside_an_ipv6_address_is_judged_as_what_it_is(prefix: str, block: str) -> None:
    for address in edges(block):
        assert why_refused(f"{prefix}{address}") is why_refused(str(address))


@pytest.mark.parametrize("block", [block for _, block in BLOCKS if ":" not in block])
def test_an_ipv4_address_behind_6to4_or_teredo_is_refused(block: str) -> None:
    for address in edges(block):
        high, low = int(address) >> 16, int(address) & 0xFFFF
        assert why_refused(f"2002:{high:x}:{low:x}::1") is Kind.NOT_PUBLIC
        assert why_refused(f"2001::{high ^ 0xFFFF:x}:{low ^ 0xFFFF:x}") is Kind.NOT_PUBLIC


@pytest.mark.parametrize("address", PUBLIC.split())
def test_the_addresses_beside_the_blocks_are_public(address: str) -> None:
    assert why_refused(address) is None


def test_the_verdict_is_the_table_s_whatever_this_python_calls_private(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for kind in (IPv4Address, IPv6Address):
        for name in [name for name in dir(kind) if name.startswith("is_")]:
            monkeypatch.setattr(kind, name, property(lambda _self: pytest.fail("Python was asked")))
    for _, block in BLOCKS:
        assert all(why_refused(str(address)) for address in edges(block))
    assert why_refused("192.0.0.8") is Kind.NOT_PUBLIC


def test_neither_module_asks_python_what_is_private() -> None:
    source = Path(special_networks.__file__)
    for path in (source, source.with_name("addresses.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        asked = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not {name for name in asked if name.startswith("is_") and name != "is_allowed"}


def test_the_table_has_each_network_once() -> None:
    networks = [network for _, network in SPECIAL_NETWORKS]
    assert len(networks) == len(set(networks))
