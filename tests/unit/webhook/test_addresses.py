"""Hosts in disguise, and what allow_hosts may name."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.core.errors import ConfigError, Refused
from agentctl.core.webhook.addresses import callable_addresses, canonical_host, is_allowed, why_refused
from agentctl.core.webhook.endpoint import Endpoint, check_endpoint, headers_for, target_of

DISGUISES = """
    127.1 2130706433 0x7f000001 0177.0.0.1 0x7f.1 0 localhost. LOCALHOST \uff4cocalhost
    ①②⑦.⓪.⓪.① 127。0。0。1 localhost。 [::ffff:7f00:1] [0:0:0:0:0:0:0:1]
"""


@pytest.mark.parametrize("host", DISGUISES.split())
def test_a_private_host_in_disguise_is_refused_before_anything_is_charged(host: str) -> None:
    with pytest.raises(Refused) as refused:
        check_endpoint(Endpoint(f"http://{host}/webhook/x"))
    assert refused.value.code == "webhook_address"


@pytest.mark.parametrize("host", ["n8n", "1e3", "face", "8.8.8.8.example.com", "0x7f000001.example.com"])
def test_a_name_that_resembles_an_address_is_a_name(host: str) -> None:
    assert canonical_host(host) == host
    assert why_refused(host) is None


@pytest.mark.parametrize(
    ("host", "entry"),
    [
        ("127.1", "127.0.0.1"),
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("xn--mnchen-3ya.example", "MÜNCHEN.example."),
    ],
)
def test_one_host_is_allowed_in_all_its_spellings(host: str, entry: str) -> None:
    assert is_allowed(canonical_host(host), 443, (entry,))


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "a b",
        "https://n8n.internal",
        "n8n.internal/webhook",
        "*.internal",
        "10.0.0.0/8",
        "n8n.internal:port",
        "u:sesame@n8n.internal",
    ],
)
def test_an_entry_of_allow_hosts_that_names_no_host_is_an_error(entry: str) -> None:
    with pytest.raises(ConfigError, match="in allow_hosts is not a host") as caught:
        check_endpoint(Endpoint("https://n8n.example.com/", allow_hosts=(entry,)))
    assert "sesame" not in caught.value.message


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "fd00:ec2::254", "100.100.100.200"])
def test_a_name_that_is_allowed_leads_to_private_addresses_and_to_no_link_local_or_metadata_one(
    address: str,
) -> None:
    addresses = ("10.1.2.3", address, "8.8.8.8")

    assert callable_addresses("plum.internal", 80, addresses, ()) == ("8.8.8.8",)
    assert callable_addresses("plum.internal", 80, addresses, ("plum.internal",)) == ("10.1.2.3", "8.8.8.8")
    assert callable_addresses("plum.internal", 80, addresses, ("plum.internal", address)) == addresses
    assert callable_addresses("plum.internal", 80, addresses, (address,)) == ("8.8.8.8",)
    assert callable_addresses(address, 80, [address], (address,)) == (address,)


@pytest.mark.parametrize("host", ["metadata.google.internal", "METADATA.google.internal.", "instance-data"])
def test_a_metadata_service_s_name_is_refused_before_anything_is_charged(host: str) -> None:
    with pytest.raises(Refused, match="metadata service"):
        check_endpoint(Endpoint(f"http://{host}/computeMetadata/v1/"))


@given(
    st.text(max_size=30)
    | st.builds("http{}://{}{}".format, st.sampled_from(["", "s"]), st.text(max_size=15), st.text(max_size=9))
)
def test_any_text_is_a_webhook_url_or_is_refused(url: str) -> None:
    with contextlib.suppress(Refused):
        check_endpoint(Endpoint(url))


@pytest.mark.parametrize("name", ["Authorization", "authorization", "AUTHORIZATION", "user-agent"])
def test_a_header_of_the_configuration_replaces_ours_whatever_its_case(name: str) -> None:
    endpoint = Endpoint("https://u:p@n8n.example.com/", headers={name: "mine"})
    sent = headers_for(endpoint, target_of(endpoint.url), b"", execution_id="1", now=1)
    assert [value for header, value in sent.items() if header.lower() == name.lower()] == ["mine"]
