"""Recognises our own calls among the inputs of n8n's executions.

Anybody can post an id to a public webhook, and every copy of a marketplace that shares an n8n sends the same
ids for the same keys. So a call of ours says which row of which database it is for, and signs that where
there is a signing secret: n8n keeps the headers as they came, but not the body that its signature is of.
"""

import hmac
from collections.abc import Iterator, Mapping
from typing import ClassVar
from urllib.parse import quote

from msgspec import Struct

from agentctl.core.database.row_identity import is_unrepeatable
from agentctl.core.models import Key, Reticent
from agentctl.core.strict_json import find_member, write_json
from agentctl.core.webhook.endpoint import ROW_HEADER, SIGNATURE_HEADER, sign, sign_row

_ID_HEADERS = ("x-agentctl-execution-id", "idempotency-key")
_MOST_DIGITS = 20  # of a time in seconds


class Call(Reticent, Struct, frozen=True):
    """A request that a webhook of n8n's received.

    Attributes:
        headers: the headers whose value is text, by their names in lower case.
        body: as n8n has read it.

    """

    unsaid: ClassVar = frozenset({"headers", "body"})

    headers: Mapping[str, str]
    body: object

    def ids(self) -> Iterator[str]:
        """Yield the ids in it that may be ours, each once."""
        header_ids = [self.headers.get(name) for name in _ID_HEADERS]
        body = find_member(self.body, "execution_id")
        body_id = body if isinstance(body, str | int) and not isinstance(body, bool) else None
        yield from dict.fromkeys(str(each) for each in (*header_ids, body_id) if each is not None)


def read_call(item: object) -> Call | None:
    """Return the request in an item of n8n's; None where it is not a webhook's input."""
    headers = find_member(item, "headers")
    if not isinstance(headers, dict):
        return None
    texts = {str(name).lower(): value for name, value in headers.items() if isinstance(value, str)}
    return Call(texts, find_member(item, "body"))


def why_not_ours(call: Call, execution: Key, row_mark: str | None, secret: str | None) -> str | None:
    """Say why a call with our id proves nothing about our row; None where it does.

    Args:
        call: has the id.
        execution: the id.
        row_mark: which row of which database the question is about; None where that is not known.
        secret: signs our calls; None where they are not signed.

    """
    mark = call.headers.get(ROW_HEADER.lower())
    if None not in {mark, row_mark} and mark != row_mark:
        return "was sent for another row with that id"
    if None in {mark, row_mark} and not is_unrepeatable(execution):
        return "does not say which row it was sent for, and ids like this can repeat"
    if secret is not None and not _is_signed(call, quote(str(execution), safe=""), mark, secret):
        return "does not carry agentctl's signature: anyone can post an id to a webhook"
    return None


def _is_signed(call: Call, identity: str, mark: str | None, secret: str) -> bool:
    signature = call.headers.get(SIGNATURE_HEADER.lower(), "")
    if _is_same(signature, sign_row(secret, identity, mark)):
        return True
    # A call without a row's mark has its body signed, as Standard Webhooks says.
    return mark is None and _has_signed_body(call, identity, secret)


def _has_signed_body(call: Call, identity: str, secret: str) -> bool:
    timestamp = call.headers.get("webhook-timestamp", "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < _MOST_DIGITS):
        return False
    signatures = call.headers.get("webhook-signature", "").split(" ")
    expected = [sign(secret, identity, body, now=int(timestamp)) for body in _spell_body(call.body)]
    return call.headers.get("webhook-id") == identity and any(
        _is_same(signature, expected_signature) for signature in signatures for expected_signature in expected
    )


def _spell_body(body: object) -> Iterator[bytes]:
    """Yield the bytes that a body may have been before n8n read it."""
    for separators in ((", ", ": "), (",", ":")):
        for ensure_ascii in (True, False):
            text = write_json(body, separators=separators, ensure_ascii=ensure_ascii)
            yield text.encode("utf-8", "surrogatepass")


def _is_same(text: str, expected: str) -> bool:
    return hmac.compare_digest(text.encode("utf-8", "surrogatepass"), expected.encode())
