"""What each kind of answer means, and what is read out of it."""

import gzip
from datetime import UTC, datetime

import pytest

from agentctl.core.errors import ConfigError, Refused
from agentctl.core.models import Outcome
from agentctl.core.strict_json import parse_json
from agentctl.core.webhook.addresses import is_allowed, why_refused
from agentctl.core.webhook.answer import (
    BODY_LIMIT,
    BodyTooLarge,
    WebhookAnswer,
    decompress,
    parse_retry_after,
    read_content,
)
from agentctl.core.webhook.endpoint import Endpoint, check_endpoint, sign
from agentctl.core.webhook.judgement import Judgement, Reason, judge
from agentctl.core.webhook.success_rule import parse_rule

SUCCESS, FAILED, UNKNOWN = Outcome.SUCCESS, Outcome.FAILED, Outcome.UNKNOWN
JSON, HTML = "application/json", "text/html"
NOT_REGISTERED = b'{"code":404,"message":"The webhook is not registered.","hint":"Activate the\\nworkflow."}'

NOT_PUBLIC = """
    127.0.0.1 127.9.9.9 0.0.0.0 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 224.0.0.1
    240.0.0.1 255.255.255.255 192.0.2.1 198.18.0.1 :: ::1 fe80::1 fe80::1%eth0 fc00::1 fec0::1 ff02::1
    2001:db8::1 ::ffff:127.0.0.1 ::ffff:a00:1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 2002:7f00:1::
    ::7f00:1 2001::1 5f00::1 localhost a.localhost
"""


def judged(status: int, body: bytes, kind: str = JSON, *, rule: str | None = None) -> Judgement:
    return judge(WebhookAnswer(status, read_content(body, kind)), success_when=rule)


@pytest.mark.parametrize(
    ("status", "body", "kind", "outcome", "reason"),
    [
        (200, b'{"title": "x"}', JSON, SUCCESS, Reason.ANSWERED),
        (200, b"[]", JSON, SUCCESS, Reason.ANSWERED),
        (200, b'[{"a": 1}]', JSON, SUCCESS, Reason.ANSWERED),
        (200, b"null", JSON, SUCCESS, Reason.ANSWERED),
        (201, b'{"id": 1}', JSON, SUCCESS, Reason.ANSWERED),
        (200, b"# Title", "text/markdown", SUCCESS, Reason.ANSWERED),
        (200, b"%PDF-1.7 \0", "application/pdf", SUCCESS, Reason.ANSWERED),
        (200, b"", JSON, UNKNOWN, Reason.EMPTY),
        (200, b" \r\n", "", UNKNOWN, Reason.EMPTY),
        (200, b"", "image/png", UNKNOWN, Reason.EMPTY),
        (204, b"", "", UNKNOWN, Reason.EMPTY),
        (200, b'{"message":"Workflow was started"}', JSON, UNKNOWN, Reason.STARTED),
        (200, b'{"message":"Workflow was started", "id": 1}', JSON, SUCCESS, Reason.ANSWERED),
        (302, b"", "", UNKNOWN, Reason.REDIRECTED),
        (308, b"moved", HTML, UNKNOWN, Reason.REDIRECTED),
        (400, b"", "", FAILED, Reason.REJECTED),
        (403, b"<html>", HTML, FAILED, Reason.REJECTED),
        (404, NOT_REGISTERED, JSON, FAILED, Reason.REJECTED),
        (429, b"", "", FAILED, Reason.RATE_LIMITED),
        (500, b'{"message":"Error in workflow"}', JSON, FAILED, Reason.AGENT_ERROR),
        (500, b"{}", JSON, FAILED, Reason.AGENT_ERROR),
        (500, b"", "", UNKNOWN, Reason.SERVER_ERROR),
        (500, b"<html>Internal Server Error", HTML, UNKNOWN, Reason.SERVER_ERROR),
        (500, b'["no object"]', JSON, UNKNOWN, Reason.SERVER_ERROR),
        *((status, b"{}", JSON, UNKNOWN, Reason.GATEWAY_ERROR) for status in (501, 502, 503, 504)),
        *((status, b"<html>", HTML, UNKNOWN, Reason.GATEWAY_ERROR) for status in (505, 520, 522, 524, 599)),
        (101, b"", "", UNKNOWN, Reason.GATEWAY_ERROR),
        (999, b"{}", JSON, UNKNOWN, Reason.GATEWAY_ERROR),
    ],
)
def test_every_answer_has_its_outcome(
    status: int, body: bytes, kind: str, outcome: Outcome, reason: Reason
) -> None:
    judgement = judged(status, body, kind)
    assert (judgement.outcome, judgement.reason) == (outcome, reason)
    assert judgement.message.endswith(".")


def test_n8n_s_own_message_and_hint_are_shown_in_one_line() -> None:
    judgement = judged(404, NOT_REGISTERED)
    assert "404: The webhook is not registered." in judgement.message
    assert judgement.hint == "Activate the workflow."


def test_what_an_answer_says_is_shortened_and_without_control_characters() -> None:
    message = judged(500, b'{"message": "\\u001b[31m' + b"x" * 5000 + b'{status}"}').message
    assert len(message) < 350
    assert message.isprintable()


def test_a_redirect_is_named_without_credentials_and_parameters() -> None:
    answer = WebhookAnswer(301, location="https://user:pass@new.example.com/webhook/a?token=t#f")
    assert "https://new.example.com/webhook/a:" in (judge(answer).hint or "")


@pytest.mark.parametrize(
    ("location", "shown"), [(None, "no address"), ("", "no address"), ("http://[bad", "http://***")]
)
def test_a_redirect_to_nowhere_is_one_too(location: str | None, shown: str) -> None:
    assert f"points to {shown}:" in (judge(WebhookAnswer(302, location=location)).hint or "")


def test_a_failure_keeps_the_json_that_may_tell_why_and_an_unknown_outcome_keeps_nothing() -> None:
    assert judged(500, b'{"step": 3}').result == {"step": 3}
    assert not judged(502, b'{"step": 3}').has_result
    assert judged(403, b"<html>", HTML).result_text is None


@pytest.mark.parametrize(
    ("body", "kind", "result"),
    [
        (b'{"a": "\xc3\xa4"}', JSON, {"a": "ä"}),
        (b'\xef\xbb\xbf{"a": 1}', JSON, {"a": 1}),
        (b'{"a": "\xe4"}', "application/json; charset=latin-1", {"a": "ä"}),
        (b'{"a": 1}', HTML, {"a": 1}),
        (b'{"a": 1}', "", {"a": 1}),
        (b'"done"', JSON, "done"),
        (b"[1]", "application/problem+json", [1]),
    ],
)
def test_json_is_found_whatever_it_is_called(body: bytes, kind: str, result: object) -> None:
    content = read_content(body, kind)
    assert content.has_result
    assert content.result == result


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        (b"42", "text/plain", "42"),
        (b'{"a": NaN}', JSON, '{"a": NaN}'),
        (b'{"a": -Infinity}', JSON, '{"a": -Infinity}'),
        (b'{"a": 1e999}', JSON, '{"a": 1e999}'),
        (b'{"a": ' + b"9" * 5000 + b"}", JSON, '{"a": ' + "9" * 5000 + "}"),
        (b'{"a": ', JSON, '{"a": '),
        (b"caf\xc3\xa9", "text/plain; charset=utf-8", "café"),
        (b"caf\xe9", "text/plain; charset=latin-1", "café"),
        (b"caf\xe9", "text/plain", "caf\ufffd"),
        (b"caf\xc3\xa9", "text/plain; charset=no-such", "café"),
        (b"caf\xc3\xa9", "text/plain; charset=base64", "café"),
        (b"plain", "", "plain"),
        (b"<svg/>", "image/svg+xml", "<svg/>"),
    ],
)
def test_what_is_not_sound_json_is_text(body: bytes, kind: str, text: str) -> None:
    content = read_content(body, kind)
    assert (content.text, content.has_result) == (text, False)


@pytest.mark.parametrize(
    ("kind", "shown"),
    [("image/png", "image/png"), ("application/octet-stream", "application/octet-stream"), ("", None)],
)
def test_a_file_keeps_its_bytes(kind: str, shown: str | None) -> None:
    content = read_content(b"\x89PNG\0\xff", kind)
    assert content.data == b"\x89PNG\0\xff"
    assert content.content_type == (shown or "application/octet-stream")


@pytest.mark.parametrize("depth", [101, 5000, 100_000])
def test_json_that_is_nested_too_deeply_is_refused_before_it_overflows_anything(depth: int) -> None:
    with pytest.raises(ValueError, match="100"):
        parse_json("[" * depth + "]" * depth)
    assert parse_json("[" * 100 + "]" * 100)


@pytest.mark.parametrize(
    ("rule", "body", "outcome"),
    [
        ("status == ok", b'{"status": "ok"}', SUCCESS),
        ("status == ok", b'{"status": "error"}', FAILED),
        ("status == ok", b"{}", UNKNOWN),
        ("status != error", b"{}", UNKNOWN),
        ("status==ok", b'[{"status": "ok"}]', SUCCESS),
        ("0.status == ok", b'[{"status": "ok"}]', SUCCESS),
        ("data.items.1 == 2", b'{"data": {"items": [1, 2.0]}}', SUCCESS),
        ("error == null", b'{"error": null}', SUCCESS),
        ("error == null", b"{}", UNKNOWN),
        ("error != true", b'{"error": 1}', SUCCESS),
        ("error != true", b'{"error": true}', FAILED),
        ('status == "all good"', b'{"status": "all good"}', SUCCESS),
        ('tags == ["a"]', b'{"tags": ["a"]}', SUCCESS),
        ("count == 1", b'{"count": "1"}', FAILED),
        ("status == ok", b'{"message":"Workflow was started"}', UNKNOWN),
        ("status == ok", b"ok", UNKNOWN),
        ("status == ok", b"", UNKNOWN),
    ],
)
def test_success_when_decides_about_json_answers_only(rule: str, body: bytes, outcome: Outcome) -> None:
    kind = JSON if body[:1] in {b"{", b"["} else "text/plain"
    assert judged(200, body, kind, rule=rule).outcome is outcome


def test_a_rule_whose_path_is_missing_names_the_path() -> None:
    judgement = judged(200, b'{"data": {}}', rule="data.status != error")

    assert judgement.message == "The agent answered (200), but without data.status, which success_when needs."


def test_a_rule_that_is_not_met_says_what_was_found() -> None:
    judgement = judged(200, b'{"status": {"code": "{nope}"}}', rule="status == ok")
    assert judgement.reason is Reason.RULE_NOT_MET
    assert 'status is {"code": "{nope}"}' in judgement.message


def test_success_when_says_nothing_about_failures() -> None:
    assert judged(500, b'{"status": "ok"}', rule="status == ok").outcome is FAILED


@pytest.mark.parametrize(
    "rule", ["", "status", "status = ok", "status == ", "a b == c", "status == two words", "x > 1", ".a == 1"]
)
def test_anything_else_is_no_rule(rule: str) -> None:
    with pytest.raises(ConfigError, match="success_when"):
        parse_rule(rule)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7),
        ("0", 0),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("Mon, 23 Nov 2026 10:00:30 GMT", 30),
        ("Mon, 23 Nov 2026 09:00:00 GMT", 0),
        ("9" * 400, 1e9),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert parse_retry_after(header, now=datetime(2026, 11, 23, 10, tzinfo=UTC)) == seconds


@pytest.mark.parametrize(
    "address",
    NOT_PUBLIC.split(),
)
def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    assert why_refused(address)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "172.32.0.1", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8", "example.com"],
)
def test_public_addresses_and_names_may_be_called(address: str) -> None:
    assert why_refused(address) is None


@pytest.mark.parametrize(
    ("entry", "allowed"),
    [
        ("n8n.internal", True),
        ("N8N.internal.", True),
        ("n8n.internal:5678", True),
        ("n8n.internal:80", False),
        ("internal", False),
        ("a.n8n.internal", False),
        ("n8n.internal:port", False),
        ("", False),
    ],
)
def test_a_host_is_allowed_by_its_whole_name_and_by_its_port_if_one_is_given(
    entry: str, allowed: bool
) -> None:
    assert is_allowed("n8n.internal", 5678, (entry,)) is allowed


@pytest.mark.parametrize("entry", ["::1", "[::1]", "[::1]:5678", "0:0:0:0:0:0:0:1"])
def test_ipv6_addresses_are_allowed_however_they_are_written(entry: str) -> None:
    check_endpoint(Endpoint("http://[::1]:5678/webhook/x", allow_hosts=(entry,)))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "n8n.example.com/webhook/x",
        "ftp://n8n.example.com/x",
        "file:///etc/passwd",
        "http://",
        "http:///webhook",
        "http://user:secret@",
        "https://user:secret@n8n.example.com:99999/",
        "https://user:secret@[bad/",
        "https://n8n.example.com:0/",
        "https://n8n.example.com/a b?secret",
        "https://n8n.example.com\\@evil.example/secret",
        "https://n8n.example.com/\nsecret",
        "https://n8n%2eexample.com/secret",
        "https://" + "a" * 70 + "ä.example.com/secret",
        "https://n8n.example.com/secret" + "x" * 9000,
    ],
)
def test_what_is_no_webhook_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(Refused) as caught:
        check_endpoint(Endpoint(url))
    assert caught.value.code == "webhook_url"
    assert "secret" not in f"{caught.value.message} {caught.value.hint}"


def test_n8n_s_test_url_is_refused_and_the_production_url_is_named() -> None:
    with pytest.raises(Refused, match="once per click") as caught:
        check_endpoint(Endpoint("https://u:secret@n8n.example.com/webhook-test/seo?token=secret"))
    assert caught.value.hint is not None
    assert caught.value.hint.endswith(": https://n8n.example.com/webhook/seo")


def test_a_private_address_in_the_url_is_refused_before_anything_is_charged() -> None:
    with pytest.raises(Refused, match="link-local") as caught:
        check_endpoint(Endpoint("http://169.254.169.254/latest"))
    assert "allow_hosts" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Key", "sesame\r\nX-Other: 1"),
        ("X-Key", "sesame\n"),
        ("X-Key", " sesame"),
        ("X-Key", "sesame\0"),
        ("X-Key", "sesäme"),
        ("X Key", "sesame"),
        ("", "sesame"),
        ("Host", "sesame"),
        ("content-LENGTH", "sesame"),
        ("Idempotency-Key", "sesame"),
    ],
)
def test_a_header_that_cannot_be_sent_is_an_error_that_keeps_its_value_to_itself(
    name: str, value: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        check_endpoint(Endpoint("https://n8n.example.com/", headers={name: value}))
    assert "ses" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_not base64", "c2VzYW1l", "sesame"])
def test_a_signing_secret_that_is_none_is_an_error_that_keeps_it_to_itself(secret: str) -> None:
    with pytest.raises(ConfigError, match="signing_secret") as caught:
        check_endpoint(Endpoint("https://n8n.example.com/", signing_secret=secret))
    assert not secret or secret == "whsec_" or secret not in caught.value.message


def test_an_endpoint_does_not_show_its_secrets() -> None:
    shown = repr(Endpoint("https://u:sesame@h/", headers={"a": "sesame"}, signing_secret="sesame"))
    assert "sesame" not in shown


def test_a_signature_is_the_one_that_openssl_makes() -> None:
    # printf '%s' 'run-1.1763892000.{"a":1}' | openssl dgst -sha256 -hmac 'open sesame' -binary | base64
    expected = "v1,nGHlzkEWJeHhW2hyzW7dEQlNxNNSXuaIrkD9RZZZnIA="
    assert sign("whsec_b3BlbiBzZXNhbWU=", "run-1", b'{"a":1}', now=1763892000) == expected


def test_a_decompressed_body_may_be_as_large_as_the_limit_and_no_larger() -> None:
    assert len(decompress(gzip.compress(bytes(BODY_LIMIT)), "gzip")) == BODY_LIMIT
    with pytest.raises(BodyTooLarge):
        decompress(gzip.compress(bytes(BODY_LIMIT)) + gzip.compress(b"x"), "GZIP")
