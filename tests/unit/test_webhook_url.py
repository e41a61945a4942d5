"""What of a webhook's URL is stored and shown: never what stands before an @ or after a ?."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import agentctl
from agentctl.core.webhook_url import without_secrets

_SOURCE = Path(agentctl.__file__).parent
# They call it, look whether it is there, or hand it on to those.
_MAY_KNOW_IT = {
    "core/agents/agent_table.py",
    "core/agents/reachability.py",
    "core/config/profiles.py",
    "core/setup/initialisation.py",
    "core/models.py",
    "core/settling/n8n/search.py",
    "core/running/preparation.py",
    "core/settling/reconciliation.py",
}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://n8n.example.com/webhook/seo", "https://n8n.example.com/webhook/seo"),
        ("https://n8n.example.com:5678/webhook/seo", "https://n8n.example.com:5678/webhook/seo"),
        ("http://[::1]:5678/webhook/a%20b;c=d", "http://[::1]:5678/webhook/a%20b;c=d"),
        ("https://pia:geheim@h.example/a?key=geheim#geheim", "https://h.example/a"),
        ("https://geheim@h.example", "https://h.example"),
        ("https://pia:geh@eim@h.example/a", "https://h.example/a"),
        ("https://pia:gehe/im@h.example/a", "https://***"),
        ("https://pia:geheim?x@h.example/a", "https://***"),
        ("https://pia:gehe#im@h.example/a", "https://***"),
        ("https://pia%3Ageheim%40h.example/a", "https://***"),
        ("https:\\\\pia:geheim@h.example\\a", "https:\\\\h.example\\a"),
        ("//pia:geheim@h.example/a", "//h.example/a"),
        ("https:/pia:geheim@h.example/a", "h.example/a"),
        ("ht\ntps://pia:geheim@h.example/a", "h.example/a"),
        (" https://pia:geheim@h.example/a", "h.example/a"),
        ("pia:geheim@h.example/a?geheim", "h.example/a"),
        ("https://pia:/geheim@h.example/a", "https://***"),
        ("https://pia:12/geheim@h.example/a", "https://***"),
        ("https://h.example:5678/@scope/a", "https://h.example:5678/@scope/a"),
        ("https://h.example/users/a@b", "https://h.example/users/a@b"),
        ("/webhook/a?geheim", "/webhook/a"),
        ("workflow 12", "workflow 12"),
        ("@SUM(A1)", "@SUM(A1)"),
        ("", ""),
    ],
)
def test_scheme_host_and_path_are_shown_and_nothing_else(url: str, shown: str) -> None:
    assert without_secrets(url) == shown
    assert "geheim" not in without_secrets(url)


_WORD = st.text("abcXYZ019-._~", min_size=1)


@given(
    st.sampled_from(["http", "https", "HTTPS"]),
    st.text("abc019:@!$&'()*+,;=%-._~/\\", max_size=8),
    st.text("abc019:@/?#&=", max_size=8),
    _WORD,
    st.sampled_from(["?", "#", "?a=", "#?"]),
)
def test_no_spelling_of_credentials_or_parameters_is_shown(
    scheme: str, before: str, after: str, host: str, mark: str
) -> None:
    for secret in ("pia:5ECRET5", "5ECRET5", f"pia:{before}5ECRET5"):
        assert "5ECRET5" not in without_secrets(f"{scheme}://{secret}@{host}/webhook/a{mark}5ECRET5{after}")


@given(st.sampled_from(["http", "https"]), _WORD, st.text("abc/@.-_~;=%", max_size=20))
def test_what_was_shown_once_is_shown_again(scheme: str, host: str, path: str) -> None:
    once = without_secrets(f"{scheme}://{host}/{path}")
    assert without_secrets(once) == once


def test_only_those_who_call_a_webhook_know_its_url() -> None:
    users = {
        str(path.relative_to(_SOURCE))
        for path in _SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "webhook_url"
    }
    assert users <= _MAY_KNOW_IT
