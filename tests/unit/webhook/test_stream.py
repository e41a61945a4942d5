"""How a streamed answer is put together: n8n's objects, and server-sent events."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.core.webhook.stream import StreamedAnswer, read_events, read_lines


def write(kind: str, content: object = None, node: str = "n1") -> str:
    piece = {"type": kind, "content": content, "metadata": {"nodeId": node, "runIndex": 0, "itemIndex": 0}}
    return json.dumps(piece)


BEGIN, END = write("begin"), write("end")


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (
            [BEGIN, write("item", "Green "), write("item", "tea"), END],
            StreamedAnswer("Green tea", None, True),
        ),
        ([BEGIN, write("item", "Green")], StreamedAnswer("Green", None, False)),
        ([BEGIN, write("item", "Green"), END[:20]], StreamedAnswer("Green", None, False)),
        ([BEGIN], StreamedAnswer("", None, False)),
        ([BEGIN, END], StreamedAnswer("", None, True)),
        ([BEGIN, write("item", "x"), write("begin", node="n2"), END], StreamedAnswer("x", None, False)),
        (
            [BEGIN, write("begin", node="n2"), write("item", "x"), END, write("end", node="n2")],
            StreamedAnswer("x", None, True),
        ),
        ([BEGIN, write("keep-alive", "…"), write("item", "x"), END], StreamedAnswer("x", None, True)),
        ([BEGIN, write("item", "x"), write("error", "overloaded")], StreamedAnswer("x", "overloaded", False)),
        ([write("error", "overloaded"), BEGIN, END], StreamedAnswer("", "overloaded", True)),
        ([write("error")], StreamedAnswer("", "it gave no reason", False)),
        ([json.dumps({"type": kind}) for kind in ("item", "end")], StreamedAnswer("", None, True)),
    ],
)
def test_joins_the_objects_of_n8n(pieces: list[str], expected: StreamedAnswer) -> None:
    for separator in ("\n", "\r\n\r\n", ""):
        assert read_lines(separator.join(pieces)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# Green tea",
        '{"title": "Green tea"}',
        '{"type": "item", "content": "a product"}',
        '{"type": "error", "content": "what an agent may say of a text"}',
        '[{"type": "begin"}]',
        '{"a": 1}\n{"b": 2}',
        '{"type": "cat"}\n{"type": "dog"}',
        '{"type": "item"}\n{"type": "en',
        "1 2 3",
    ],
)
def test_takes_nothing_else_for_a_stream(text: str) -> None:
    assert read_lines(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data: Green\ndata: tea\n\ndata: [DONE]\n\n", StreamedAnswer("Green\ntea", None, True)),
        ("data: Green\r\n\r\nevent: done\r\ndata: {}\r\n\r\n", StreamedAnswer("Green", None, True)),
        (
            'data:{"content": "Gr"}\n\ndata:{"content": "een"}\n\nevent:end',
            StreamedAnswer("Green", None, True),
        ),
        (f"data: {BEGIN}\n\ndata: {write('item', 'x')}\n\ndata: {END}\n\n", StreamedAnswer("x", None, True)),
        ("data: Green\n\n", StreamedAnswer("Green", None, False)),
        (": keep-alive\n\n", StreamedAnswer("", None, False)),
        ("data: x\n\nevent: error\ndata: overloaded\n\n", StreamedAnswer("x", "overloaded", False)),
        (f"data: {write('error', 'overloaded')}\n\n", StreamedAnswer("", "overloaded", False)),
        ("id: 7\nretry: 10\ndata: x\n\nevent: complete\n\n", StreamedAnswer("x", None, True)),
    ],
)
def test_joins_server_sent_events(text: str, expected: StreamedAnswer) -> None:
    assert read_events(text) == expected


@given(st.text(alphabet='{}[]":, \ntypebginmd\r') | st.text())
def test_reads_any_text(text: str) -> None:
    read_lines(text)
    assert isinstance(read_events(text), StreamedAnswer)
