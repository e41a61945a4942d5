"""Decimals of inputs and results: what goes through agentctl comes out digit for digit."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from support.forks import forked_agentctl, typist  # noqa: F401 - fixtures: there are many commands
from support.shop import Shop
from support.webhook_server import Reply

# No float holds these: each would come out as another number.
NUMBERS = ("0.1000000000000000055", "12345678901234567.25", "9007199254740993.5", "1.10", "-0.30", "2.50e-7")


def number_body(number: str) -> bytes:
    return f'{{"total": {number}, "lines": [{number}]}}'.encode()


@pytest.mark.parametrize("number", NUMBERS)
def test_a_result_keeps_its_digits(full_shop: Shop, number: str, tmp_path: Path) -> None:
    shop = full_shop
    shop.answer(Reply(headers={"Content-Type": "application/json"}, body=number_body(number)))
    file = tmp_path / "result.json"

    done = shop.run("seo-blog", "topic=Tea", "--json", "-o", str(file))

    assert done.exit_code == 0, done
    wanted = {"total": Decimal(number), "lines": [Decimal(number)]}
    (stored,) = shop.marketplace.execute("SELECT result::text FROM agent_executions")
    history = shop.program("history", done.json["data"]["execution"]["id"], "--json")
    for text in (done.stdout, history.stdout):
        assert parse(text)["data"]["result" if text is done.stdout else "execution"] is not None
        assert find_result(parse(text)["data"]) == wanted
    assert parse(stored[0]) == wanted
    assert parse(file.read_text()) == wanted


def parse(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


def find_result(data: dict[str, Any]) -> object:
    return data["result"] if "result" in data else data["execution"]["result"]


@pytest.mark.parametrize("number", NUMBERS)
def test_an_input_reaches_the_agent_with_its_digits(full_shop: Shop, number: str) -> None:
    shop = full_shop
    path = shop.answer(Reply.json({"ok": True}))

    for inputs in ((f"words={number}",), ("--input-file", "-")):
        stdin = f'{{"topic": "Tea", "words": {number}}}'
        topic = ("topic=Tea",) if inputs[0].startswith("words") else ()
        assert shop.run("seo-blog", *topic, *inputs, stdin=stdin).exit_code == 0

    sent = [parse(request.body.decode()) for request in shop.webhook.requests if request.path == path]
    assert [body["inputs"]["words"] for body in sent] == [Decimal(number)] * 2
    rows = shop.marketplace.execute("SELECT inputs ->> 'words' FROM agent_executions")
    assert [Decimal(words) for (words,) in rows] == [Decimal(number)] * 2


def test_the_same_key_with_the_same_decimal_is_the_same_run(full_shop: Shop) -> None:
    keyed = ("seo-blog", "topic=Tea", "words=12345678901234567.25", "--idempotency-key", "monday")

    first, again = full_shop.run_json(*keyed), full_shop.run_json(*keyed)

    assert again["data"]["execution"]["replayed"] is True
    assert again["data"]["execution"]["id"] == first["data"]["execution"]["id"]


@pytest.mark.parametrize(
    ("rule", "value", "exit_code"),
    [
        ('{"multipleOf": 0.1}', "0.3", 0),
        ('{"multipleOf": 0.1}', "0.35", 2),
        ('{"type": "integer"}', "3.0", 0),
        ('{"type": "integer"}', "3.5", 2),
        ('{"minimum": 0.1000000000000000055}', "0.1", 2),
        ('{"maximum": 12345678901234567.25}', "12345678901234567.26", 2),
        ('{"enum": [1.10, 2]}', "1.1", 0),
    ],
)
def test_a_form_judges_decimals_exactly(shop: Shop, rule: str, value: str, exit_code: int) -> None:
    schema = f'{{"type": "object", "properties": {{"words": {rule}}}}}'
    shop.marketplace.execute("UPDATE agents SET input_schema = %s WHERE name = 'SEO Blog'", (schema,))

    done = shop.run("seo-blog", "--input-file", "-", stdin=f'{{"words": {value}}}')

    assert done.exit_code == exit_code, done
    assert "JsonNumber" not in done.stderr
