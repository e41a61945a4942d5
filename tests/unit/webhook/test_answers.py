"""What is read out of a body, whatever it is said to be."""

import gzip
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.core.strict_json import is_shallow
from agentctl.core.webhook.answer import BodyBroken, decompress, parse_retry_after, read_content

JSON, TEXT = "application/json", "text/plain"
CHARSETS = ["utf-8", "UTF8", "latin-1", "utf-16", "hex", "idna", "undefined", "utf-7", "", "''", "foo'en'%ff"]


@given(
    st.binary(max_size=60),
    st.text(max_size=30)
    | st.builds(
        "{}; charset{}={}".format,
        st.sampled_from([JSON, TEXT, "", ";", "a/b/c"]),
        st.sampled_from(["", "*", "*0", "*0*"]),
        st.sampled_from(CHARSETS) | st.text(max_size=9),
    ),
)
def test_nothing_that_a_body_or_its_type_may_be_is_an_error(body: bytes, content_type: str) -> None:
    content = read_content(body, content_type)
    assert content.is_empty or is_shallow(content.result)


@given(st.text(max_size=30) | st.text(alphabet="0123456789,:+- MonNovGT", max_size=40))
def test_nothing_that_retry_after_may_say_is_an_error(header: str) -> None:
    seconds = parse_retry_after(header, now=datetime(2026, 11, 23, tzinfo=UTC))
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize("kind", ["", JSON, f"{JSON}; charset=utf-8", f"{JSON}; charset=UTF8"])
def test_a_byte_order_mark_hides_no_json(kind: str) -> None:
    assert read_content(b'\xef\xbb\xbf {"a": 1}', kind).result == {"a": 1}


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-32"])
def test_a_charset_that_is_named_is_used(charset: str) -> None:
    body = '{"a": "ä"}'.encode(charset)
    assert read_content(body, f"{JSON}; charset={charset}").result == {"a": "ä"}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xef\xbb\xbf", JSON),
        (b"\xef\xbb\xbf\r\n", f"{TEXT}; charset=utf-8"),
        (b"\xff\xfe", f"{TEXT}; charset=utf-16"),
        ("\u00a0".encode(), TEXT),
    ],
)
def test_a_body_of_nothing_to_read_is_empty_and_so_no_success(body: bytes, kind: str) -> None:
    assert read_content(body, kind).is_empty


@pytest.mark.parametrize("charset", ["punycode", "idna", "unicode_escape", "no-such", "hex", "a\0b"])
def test_a_charset_that_is_none_of_text_is_taken_as_utf_8(charset: str) -> None:
    # Reading a quarter of a megabyte as Punycode alone takes seconds, the limit's ten an hour.
    body = "ä".encode() + b"a" * 10_000 + b"-" + b"b" * 500_000
    assert (read_content(body, f"{TEXT}; charset={charset}").text or "").startswith("äaaa")


def test_an_array_stays_an_array_as_n8n_sent_it() -> None:
    assert read_content(b'[{"json": {"a": 1}}]', JSON).result == [{"json": {"a": 1}}]


@pytest.mark.parametrize("body", [b"{", b'{"a": NaN}', b"[1e999]", b"[" * 5000, b"9" * 5000])
def test_what_is_said_to_be_json_and_is_not_is_text(body: bytes) -> None:
    content = read_content(body, JSON)
    assert not content.has_result
    assert content.text == body.decode()


def test_gzip_may_have_several_members_and_padding() -> None:
    assert decompress(gzip.compress(b"a") + gzip.compress(b"b") + b"\0" * 9, "x-GZip") == b"ab"


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(b"abc")[:-1], "gzip"),
        (gzip.compress(b"abc") + b"more", "gzip"),
        (b"abc", "gzip"),
        (b"abc", "br"),
        (b"abc", "gzip, gzip"),
        (gzip.compress(b"") * 400_000, "gzip"),  # each copies the rest: minutes, if all were undone
    ],
    ids=["cut", "followed", "none", "br", "twice", "crumbs"],
)
def test_a_compression_that_cannot_be_undone_says_so(body: bytes, encoding: str) -> None:
    with pytest.raises(BodyBroken):
        decompress(body, encoding)
