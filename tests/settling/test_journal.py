"""A machine's journal: what it keeps, what it leaves out, and what it is used for."""

import json
import stat
from pathlib import Path
from typing import Any

from support.shop import Shop
from support.webhook_server import Reply


def _journal(shop: Shop) -> Path:
    return shop.program.home / ".local/state/agentctl/journal.jsonl"


def _lines(shop: Shop) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _journal(shop).read_text().splitlines()]


def test_the_journal_keeps_outcome_error_and_times_but_no_content(shop: Shop) -> None:
    shop.run_json("seo-blog", "topic=Secret plans")
    shop.answer(Reply.json({"message": "Error in workflow"}, 500))
    shop.run_json("seo-blog", "topic=Secret plans", exit_code=1)

    calling, answered, _, failed = _lines(shop)

    assert (calling["event"], answered["event"], answered["outcome"]) == ("calling", "answered", "success")
    assert failed["error"] == "The agent failed (500: Error in workflow)."
    assert isinstance(failed["duration_ms"], int)
    assert "Secret" not in _journal(shop).read_text()
    assert "Green tea" not in _journal(shop).read_text()
    assert stat.S_IMODE(_journal(shop).stat().st_mode) == 0o600
    assert stat.S_IMODE(_journal(shop).parent.stat().st_mode) == 0o700


def test_the_journal_keeps_inputs_and_results_with_content_true(shop_with: Any) -> None:
    shop = shop_with(more="[profiles.test.journal]\ncontent = true")
    shop.run_json("seo-blog", "topic=Tea")

    calling, answered = _lines(shop)

    assert calling["inputs"]["topic"] == "Tea"
    assert answered["result"]["title"] == "Green tea"


def test_history_shows_journal_values_without_a_column_in_the_table(full_shop: Shop) -> None:
    shop = full_shop
    shop.answer(Reply.json({"message": "Error in workflow"}, 500))
    done = shop.run_json("seo-blog", "topic=Tea", exit_code=1)
    execution = done["data"]["execution"]["id"]
    assert "this machine" not in shop.program("history", execution).stdout

    shop.marketplace.execute("ALTER TABLE agent_executions DROP COLUMN error")
    shown = shop.program("history", execution)

    assert "Known only to this machine, from its journal" in shown.stdout
    assert "The agent failed (500: Error in workflow)." in shown.stdout
    told = shop.program("history", execution, "--json").json["data"]["journal"]
    assert [(entry["event"], entry["http_status"]) for entry in told] == [
        ("calling", None),
        ("answered", 500),
    ]


def test_an_unwritable_journal_does_not_stop_a_run(shop: Shop) -> None:
    state = shop.program.home / ".local/state"
    state.parent.mkdir(parents=True, exist_ok=True)
    state.write_text("a file where the folder should be")

    done = shop.run_json("seo-blog", "topic=Tea")

    assert done["data"]["execution"]["status"] == "success"
    assert "journal cannot be written" in done["data"]["warnings"][0]
    assert len(done["data"]["warnings"]) == 1


def test_skips_damaged_journal_lines(shop: Shop) -> None:
    done = shop.run_json("seo-blog", "topic=Tea")
    execution = done["data"]["execution"]["id"]
    text = _journal(shop).read_text()
    _journal(shop).write_bytes(
        b'\xff\xfe{"torn": "' + execution.encode() + b"\n" + text.encode() + b'{"at": '
    )

    told = shop.program("history", execution, "--json").json["data"]["journal"]

    assert [entry["event"] for entry in told] == ["calling", "answered"]
