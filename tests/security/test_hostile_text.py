"""Hostile text: shown harmlessly on a terminal and in a pipe, and unchanged in JSON.

It is everywhere that other people can write: names, e-mail addresses, forms, inputs, results, errors.
"""

import json
from typing import Any
from uuid import UUID

import pytest

from support.executions import OPS, SEO_BLOG, plant
from support.screens import is_harmless, require_harmless
from support.webhook_server import Reply

# A title, a clipboard, a colour, a hidden text, an 8-bit clear, overwriting, a reversed file name, markup.
EVIL = (
    "\x1b]0;owned\x07\x1b]52;c;aGk=\x1b\\\x1b[38;5;199mpink\x1b[8mhidden\x9b2J\x85\r\bover\x7f"
    "\u202egpj.exe\u2066i\u2069[red]r[/red][link=http://evil.example]l[/link]:smile:"
)
SHOWN = ("\\x1b]0;owned\\x07", "\\x9b2J", "\\x0d\\x08over\\x7f", "\\u202egpj", "[red]r[/red]", ":smile:")
MARKDOWN = (
    f"# {EVIL}\n\n- [click](http://evil.example/{EVIL})\n\n```{EVIL}\n{EVIL}\n```\n\n| {EVIL} |\n|---|\n"
    "| &#27;]0;owned&#7; &#x9b;2J &#8238; |\n\n<b>\x1b[8m</b> ![image](http://evil.example/\x1b[8m)\n"
)
KEY = UUID("eeeeeeee-0000-4000-8000-000000000001")


@pytest.fixture
def hostile(full_shop: Any) -> Any:
    """Create a shop in which every text is hostile."""
    execute = full_shop.marketplace.execute
    execute("ALTER TABLE agents ADD COLUMN slug text")
    field = {"name": "topic", "label": EVIL, "type": "select", "options": [EVIL], "default": EVIL}
    execute(
        "UPDATE agents SET slug = %s, name = %s, description = %s, category = %s, input_schema = %s, "
        "required_platforms = %s WHERE id = %s",
        (EVIL, EVIL, EVIL, EVIL, json.dumps([field]), [EVIL], SEO_BLOG),
    )
    execute("UPDATE profiles SET email = %s WHERE id = %s", (EVIL, OPS))
    content: dict[str, Any] = {"inputs": json.dumps({EVIL: EVIL}), "result": json.dumps([EVIL])}
    plant(
        full_shop.marketplace, status="failed", charged=10, key=KEY, error=EVIL, workflow_id=EVIL, **content
    )
    return full_shop


def strings(value: object) -> set[str]:
    """Return all texts in a JSON value, including the names in its objects."""
    match value:
        case str():
            return {value}
        case list():
            return set().union(*map(strings, value))
        case dict():
            return set().union(*map(strings, [*value.keys(), *value.values()]))
    return set()


@pytest.mark.parametrize(
    "arguments",
    [
        ("history",),
        ("history", "--all"),
        ("history", str(KEY)),
        ("credits",),
        ("credits", "--user", str(OPS)),
        ("credits", "grant", str(OPS), "1", "--reason", EVIL),
        ("agents",),
        ("agents", str(SEO_BLOG)),
        ("run", str(SEO_BLOG), "--user", str(OPS), "--dry-run"),
        ("history", EVIL),
        ("history", "--agent", EVIL + "?"),
        ("history", "--user", EVIL + "?"),
        ("history", "--since", EVIL),
        ("run", str(SEO_BLOG), "--user", str(OPS), f"{EVIL}={EVIL}"),
    ],
    ids=lambda arguments: " ".join(arguments).replace(EVIL, "EVIL").encode("unicode_escape").decode(),
)
def test_shows_hostile_text_by_its_codes_and_unchanged_in_json(
    hostile: Any, arguments: tuple[str, ...]
) -> None:
    whole = hostile.program(*arguments, "--json")
    assert is_harmless(whole.stdout)
    assert whole.stdout.isascii()
    assert is_harmless(whole.stderr)
    if whole.exit_code == 0:
        assert EVIL in strings(whole.json)

    on_terminal = hostile.program.on_terminal(*arguments)
    require_harmless(on_terminal)
    assert "\\x1b" in on_terminal.text

    piped = hostile.program(*arguments)
    assert is_harmless(piped.stdout + piped.stderr), repr(piped)
    if whole.exit_code == 0:
        for text in SHOWN:
            assert text in piped.stdout


def test_a_refund_escapes_the_name_of_its_user(hostile: Any) -> None:
    screen = hostile.program.on_terminal("credits", "refund", str(KEY), "--reason", EVIL)

    assert "Refunded 10 credits to" in screen.text
    assert "\\x1b]0;owned" in screen.text
    require_harmless(screen)


def test_exports_escape_hostile_text(hostile: Any) -> None:
    (line,) = hostile.program("history", "--format", "jsonl").stdout.splitlines()
    assert line.isascii()
    assert is_harmless(line)
    one = json.loads(line)
    assert (one["error"], one["result"], one["inputs"]) == (EVIL, [EVIL], {EVIL: EVIL})
    assert (one["agent"]["slug"], one["agent"]["name"], one["user"]["email"]) == (EVIL, EVIL, EVIL)

    exported = hostile.program("history", "--format", "csv").stdout
    assert is_harmless(exported)
    assert len(exported.splitlines()) == 2
    for text in SHOWN:
        assert text in exported


def test_a_name_with_line_breaks_adds_no_line_to_a_list(shop: Any) -> None:
    forged = "ops@example.com\n2026-11-01T12:00:00Z  forged\r\n\u2028forged\x0bforged\x0cforged\x85forged"
    shop.marketplace.execute("UPDATE profiles SET email = %s WHERE id = %s", (forged, OPS))
    plant(shop.marketplace)

    assert len(shop.program("history").stdout.splitlines()) == 2
    follower = shop.program.start("history", "--follow")
    assert "forged" in follower.stdout.readline()
    last = plant(shop.marketplace)
    assert str(last) in follower.stdout.readline()


@pytest.mark.parametrize(("name", "code"), [("markdown", "\\x1b"), ("no text for people", "\\u001b")])
def test_renders_a_result_without_hidden_characters(shop: Any, name: str, code: str) -> None:
    shop.answer(Reply.json({name: MARKDOWN}))
    run = ("run", "seo-blog", "topic=Tea")

    screen = shop.program.on_terminal(*run)
    assert screen.exit_code == 0, screen
    require_harmless(screen)
    assert f"{code}]0;owned" in screen.text

    piped = shop.run(*run[1:])
    assert is_harmless(piped.stdout)
    assert f"{code}]0;owned" in piped.stdout
    assert shop.run_json(*run[1:])["data"]["result"] == {name: MARKDOWN}


def test_writes_a_text_result_to_a_file_unchanged(shop: Any) -> None:
    shop.answer(Reply.text(MARKDOWN, content_type="text/markdown; charset=utf-8"))

    shop.run("seo-blog", "topic=Tea", "-o", "result.md")

    assert (shop.program.home / "result.md").read_bytes() == MARKDOWN.encode()


@pytest.mark.parametrize(
    ("reply", "quotes"),
    [
        (Reply.json({"message": f"Error in workflow {EVIL}"}, 500), True),
        (
            Reply.json(
                {"code": 404, "message": f"The requested webhook is not registered. {EVIL}", "hint": EVIL},
                404,
            ),
            True,
        ),
        (Reply.text(EVIL, 400), False),
    ],
    ids=["a failed workflow", "n8n's hint", "a text"],
)
def test_escapes_the_error_text_of_a_webhook(full_shop: Any, reply: Reply, quotes: bool) -> None:
    full_shop.answer(reply)

    screen = full_shop.program.on_terminal("run", "seo-blog", "topic=Tea")
    assert screen.exit_code == 1
    require_harmless(screen)

    whole = full_shop.run("seo-blog", "topic=Tea", "--json")
    assert is_harmless(whole.stdout)
    assert whole.stdout.isascii()
    quoted = whole.json["error"]["message"] + str(whole.json["error"]["hint"])
    assert ("[red]r[/red]" in quoted) is quotes
    assert is_harmless(full_shop.program("history", whole.json["data"]["execution"]["id"]).stdout)
