"""Reads the body of a webhook's answer: as JSON, as text or as a file.

It does not judge what the answer means, and accepts any content of a body that arrived whole.
"""

import codecs
import zlib
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime

from msgspec import Struct
from msgspec.structs import replace

from agentctl.core.strict_json import find_member, parse_json
from agentctl.core.webhook.stream import read_events, read_lines

BODY_LIMIT = 10 * 1024 * 1024
"""How many bytes of an answer are read, and how many its decompression may yield."""

_MOST_MEMBERS = 1000  # of a gzip body; taking a member off copies the rest
# These encode no text, or take very long to decode: whoever answers chooses the charset.
_NO_CHARSETS = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape", "utf-7"})
_TEXT = frozenset(
    {
        "application/javascript",
        "application/x-ndjson",
        "application/xml",
        "application/yaml",
        "application/toml",
    }
)


class BodyTooLarge(Exception):
    """The body has more than BODY_LIMIT bytes."""


class BodyBroken(Exception):
    """The body cannot be decompressed."""


class Content(Struct, frozen=True):
    """A body: JSON in `result` if `has_result`, else text, else bytes; an empty body has none of them.

    Attributes:
        stream_error: why a streamed answer failed, as its error line says.
        is_cut_short: whether a streamed answer lacks its end.

    """

    result: object = None
    has_result: bool = False
    text: str | None = None
    data: bytes | None = None
    content_type: str | None = None
    stream_error: str | None = None
    is_cut_short: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether the body holds nothing."""
        return not self.has_result and self.text is None and self.data is None


class WebhookAnswer(Struct, frozen=True):
    """An answer that arrived whole, with its headers unchanged; `allow_methods` is the CORS one."""

    status: int
    content: Content = Content()
    location: str | None = None
    retry_after: str | None = None
    allow_methods: str | None = None

    @property
    def kind(self) -> int:
        """The first digit of the status."""
        return self.status // 100

    def text_at(self, key: str) -> str:
        """Return the text under a key of the answer's JSON object; an empty one if there is none."""
        text = find_member(self.content.result, key)
        return text if isinstance(text, str) else ""


def decompress(body: bytes, encoding: str) -> bytes:
    """Undo a Content-Encoding, and stop as soon as there are more than BODY_LIMIT bytes.

    Raises:
        BodyTooLarge, BodyBroken: as their names say.

    """
    if encoding.strip().lower() in {"", "identity"} or not body:
        return body
    if encoding.strip().lower() not in {"gzip", "x-gzip"}:
        raise BodyBroken
    whole = bytearray()
    for _ in range(_MOST_MEMBERS):  # a gzip body may have several
        member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            whole += member.decompress(body, BODY_LIMIT + 1 - len(whole))
        except zlib.error:
            raise BodyBroken from None
        if len(whole) > BODY_LIMIT:
            raise BodyTooLarge
        if not member.eof:
            raise BodyBroken
        body = member.unused_data.lstrip(b"\0")  # the padding of a block
        if not body:
            return bytes(whole)
    raise BodyBroken


def read_content(body: bytes, content_type: str) -> Content:
    """Return a body as JSON, text or bytes: by its Content-Type or, without one, by its own bytes."""
    if not body.strip():
        return Content()
    header = Message()
    header["Content-Type"] = content_type
    kind = header.get_content_type() if content_type else ""
    if not _is_textual(kind, body):
        return Content(data=body, content_type=kind or "application/octet-stream")
    text = _decode_text(body, header.get_content_charset())
    stream = read_events(text) if kind == "text/event-stream" else read_lines(text)
    if stream is not None:
        content = _read_text(stream.text, kind)
        return replace(content, stream_error=stream.error, is_cut_short=not stream.has_ended)
    return _read_text(text, kind)


def _read_text(text: str, kind: str) -> Content:
    if not text.strip():
        return Content()
    # Text that looks like a number or a word stays text unless its type says that it is JSON.
    if _is_json(kind) or text.lstrip().startswith(("{", "[")):
        try:
            return Content(result=parse_json(text), has_result=True, content_type=kind or None)
        except ValueError:
            pass
    return Content(text=text, content_type=kind or None)


def parse_retry_after(retry_after: str | None, *, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks to wait, or None if it makes no sense."""
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return min(float(retry_after), 1e9)
    try:
        until = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return None
    until = until.replace(tzinfo=UTC) if until.tzinfo is None else until
    return max(0.0, (until - now).total_seconds())


def _is_json(kind: str) -> bool:
    return kind == "application/json" or kind.endswith("+json")


def _is_textual(kind: str, body: bytes) -> bool:
    if not kind:
        return b"\0" not in body and "\ufffd" not in body.decode("utf-8", "replace")
    return kind.startswith("text/") or kind.endswith("+xml") or _is_json(kind) or kind in _TEXT


def _decode_text(body: bytes, charset: str | None) -> str:
    """Return text; U+FFFD replaces what the charset cannot decode, and a byte order mark is dropped."""
    try:
        text = body.decode(_choose_codec(charset), "replace")
    except (LookupError, ValueError):  # no such charset, or one that cannot replace
        text = body.decode("utf-8", "replace")
    return text.removeprefix("\ufeff")


def _choose_codec(charset: str | None) -> str:
    name = codecs.lookup(charset or "utf-8").name
    return "utf-8" if name in _NO_CHARSETS else name
