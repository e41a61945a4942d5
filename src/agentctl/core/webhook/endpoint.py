"""Describes what to call: a webhook's URL with its settings, checked before anything is charged.

It makes a target and headers of them; it looks nothing up and sends nothing. Its messages hold no secret: no
value of a header, no signing key, nothing that stands before the `@` or after the `?` of a URL.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import quote, unquote, urlsplit

from msgspec import Struct, field

from agentctl import __version__
from agentctl.core.errors import ConfigError, Refused
from agentctl.core.models import Reticent
from agentctl.core.webhook import addresses
from agentctl.core.webhook.judgement import ALLOW_HOSTS_HINT
from agentctl.core.webhook.success_rule import parse_rule

ROW_HEADER = "X-Agentctl-Row"
"""The header that says which row of which database a call is for."""
SIGNATURE_HEADER = "X-Agentctl-Signature"
"""The header that proves that we sent the execution's id and its row."""
_PORTS = {"http": 80, "https": 443}
_LONGEST_URL = 8192
_SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix that Standard Webhooks gives every secret
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"([\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?)?")
_OUR_OWN = re.compile(
    "accept-encoding|connection|content-(encoding|length|type)|expect|host|idempotency-key|te|trailer"
    "|transfer-encoding|upgrade|webhook-(id|signature|timestamp)|x-agentctl-(execution-id|row|signature)",
    re.IGNORECASE,
)


class Endpoint(Reticent, Struct, frozen=True):
    """A webhook with its configuration.

    Attributes:
        url: http or https; credentials before an `@` are sent as Basic authentication.
        headers: added to every request.
        allow_hosts: hosts that may be called although their addresses are not public.
        signing_secret: `whsec_` and a key in base64, with which requests are signed by Standard Webhooks.
        idempotent: the same execution may be sent again after its outcome is unknown.
        success_when: a rule that the JSON answer must meet, such as `status == ok`.

    """

    unsaid: ClassVar = frozenset({"url", "headers", "signing_secret"})

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    allow_hosts: tuple[str, ...] = ()
    signing_secret: str | None = None
    idempotent: bool = False
    success_when: str | None = None


class Target(Reticent, Struct, frozen=True):
    """A URL as the parts that a connection needs; `resource` is its path and query."""

    unsaid: ClassVar = frozenset({"resource", "authorization"})

    scheme: str
    host: str
    port: int
    resource: str
    authorization: str | None = None

    @property
    def host_header(self) -> str:
        """The value of the Host header."""
        host = _bracket_ipv6(self.host)
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def url_at(self, address: str) -> str:
        """Return the URL with one of the host's addresses in place of its name, so that none is looked up."""
        return f"{self.scheme}://{_bracket_ipv6(address)}:{self.port}{self.resource}"


def check_endpoint(endpoint: Endpoint) -> None:
    """Refuse an endpoint that could never be called; names are looked up when the call is made.

    Raises:
        Refused: the URL is malformed, is n8n's test URL, or leads to an address that must not be called.
        ConfigError: a header, the signing secret, success_when or allow_hosts is wrong.

    """
    for entry in endpoint.allow_hosts:
        _check_allowed_host(entry)
    target = target_of(endpoint.url)
    _refuse_test_url(target)
    kind = addresses.why_refused(target.host)
    if kind and not addresses.is_allowed(target.host, target.port, endpoint.allow_hosts):
        raise Refused(
            f"The webhook's host {target.host} is {kind}.", hint=ALLOW_HOSTS_HINT, code="webhook_address"
        )
    for name, value in endpoint.headers.items():
        _check_header(name, value)
    if endpoint.signing_secret is not None:
        _decode_secret(endpoint.signing_secret)
    if endpoint.success_when is not None:
        parse_rule(endpoint.success_when)


def target_of(url: str) -> Target:
    """Return the parts of a URL.

    Raises:
        Refused: it is not the URL of a webhook; the message leaves it out, since it may hold credentials.

    """
    try:
        parts = urlsplit(url)
        host, port = addresses.canonical_host(parts.hostname or ""), parts.port
    except ValueError:
        parts, host, port = urlsplit("http://"), "", None  # refused below
    problems = {
        "it does not begin with http:// or https://": parts.scheme not in _PORTS,
        # urlsplit drops tabs and line ends; programs disagree about the end of a host with `\` or `%` in it.
        "it contains a space or a backslash": re.search(r"[\x00-\x20\x7f\\]", url),
        "its host or port is malformed": not host or "%" in host or port == 0,
        f"it is longer than {_LONGEST_URL} characters": len(url) > _LONGEST_URL,
    }
    for problem, is_present in problems.items():
        if is_present:
            raise Refused(
                f"The agent's webhook URL cannot be called: {problem}.",
                hint="Correct it in the agents table.",
                code="webhook_url",
            )
    return Target(
        scheme=parts.scheme,
        host=host,
        port=port or _PORTS[parts.scheme],
        resource=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        authorization=_format_basic(parts.username, parts.password),
    )


def _refuse_test_url(target: Target) -> None:
    path = target.resource.partition("?")[0]
    if "webhook-test" not in path.split("/"):
        return
    production = f"{target.scheme}://{target.host_header}{path.replace('/webhook-test', '/webhook')}"
    raise Refused(
        "The agent's webhook URL is n8n's test URL, which works once per click in n8n's editor.",
        hint=f"Activate the workflow and use its production URL: {production}",
        code="webhook_test_url",
    )


def _check_allowed_host(entry: str) -> None:
    if not addresses.names_host(entry):
        raise ConfigError(
            f"{entry.rpartition('@')[2]!r} in allow_hosts is not a host.",
            hint="Write a name or an address, with or without :PORT: n8n.internal:5678.",
        )


def _check_header(name: str, value: str) -> None:
    if not _HEADER_NAME.fullmatch(name):
        raise ConfigError(f"{name!r} cannot be the name of a webhook header.")
    if _OUR_OWN.fullmatch(name):
        raise ConfigError(f"The webhook header {name} is set by agentctl itself.")
    if not _HEADER_VALUE.fullmatch(value):
        raise ConfigError(
            f"The value of the webhook header {name} has a character that is not allowed in a header.",
            hint="Line breaks, non-ASCII characters, and spaces at either end are not allowed.",
        )


def headers_for(
    endpoint: Endpoint,
    target: Target,
    content: bytes,
    *,
    execution_id: str,
    now: int,
    row_mark: str | None = None,
) -> dict[str, str]:
    """Return all headers of one request.

    Args:
        endpoint: has headers of its own, and the secret to sign with.
        target: its URL.
        content: the body.
        execution_id: the execution's id.
        now: seconds since 1970, for the signature.
        row_mark: identifies the execution's row if it is known.

    """
    identity = quote(execution_id, safe="")  # changes no usual id, and makes any other one harmless
    named = {name.lower() for name in endpoint.headers}
    replaceable = {"User-Agent": f"agentctl/{__version__}", "Authorization": target.authorization}
    headers = {
        "Host": target.host_header,
        **{name: value for name, value in replaceable.items() if value and name.lower() not in named},
        **endpoint.headers,
        "Content-Type": "application/json",
        "Accept-Encoding": "gzip",
        "Connection": "close",
        "X-Agentctl-Execution-Id": identity,
        "Idempotency-Key": identity,
    }
    if row_mark is not None:
        headers[ROW_HEADER] = row_mark
    if endpoint.signing_secret is not None:
        headers[SIGNATURE_HEADER] = sign_row(endpoint.signing_secret, identity, row_mark)
        headers["webhook-id"] = identity
        headers["webhook-timestamp"] = str(now)
        headers["webhook-signature"] = sign(endpoint.signing_secret, identity, content, now=now)
    return headers


def sign_row(secret: str, identity: str, row_mark: str | None) -> str:
    """Return a signature of an execution's id and row; n8n keeps headers unchanged, but no raw body.

    Raises:
        ConfigError: the secret is malformed.

    """
    return _sign_bytes(secret, json.dumps(["agentctl", identity, row_mark]).encode())


def sign(secret: str, identity: str, content: bytes, *, now: int) -> str:
    """Return the signature of Standard Webhooks: HMAC-SHA256 over id, timestamp and body.

    Raises:
        ConfigError: the secret is malformed.

    """
    return _sign_bytes(secret, f"{identity}.{now}.".encode() + content)


def _sign_bytes(secret: str, content: bytes) -> str:
    digest = hmac.new(_decode_secret(secret), content, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode('ascii')}"


def _decode_secret(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key or not secret.startswith(_SECRET_PREFIX):
        raise ConfigError(
            f"The webhook's signing_secret is not {_SECRET_PREFIX} followed by a key in base64."
        )
    return key


def _format_basic(user: str | None, password: str | None) -> str | None:
    if user is None:
        return None
    credentials = f"{unquote(user)}:{unquote(password or '')}".encode()
    return f"Basic {base64.b64encode(credentials).decode('ascii')}"


def _bracket_ipv6(host: str) -> str:
    return f"[{host}]" if ":" in host else host
