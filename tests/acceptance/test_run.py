"""`agentctl run`, through the installed program, on a real database and a webhook on a real socket."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from agentctl.core.failpoints import Failpoint
from support.marketplace import OPTIONAL_COLUMNS
from support.webhook_server import Hangup, Reply

OPS = "00000000-0000-4000-8000-0000000000a1"
ONE = ("inputs",)
SIX = tuple(name for name in OPTIONAL_COLUMNS if name != "result")


@pytest.mark.every_postgres
@pytest.mark.parametrize(
    "columns", [(), ONE, SIX, OPTIONAL_COLUMNS], ids=["minimal", "one", "six", "all seven"]
)
def test_a_success_records_exactly_the_columns_that_exist(
    shop_with: Callable[..., Any], columns: tuple[str, ...]
) -> None:
    shop = shop_with(*columns)
    path = shop.answer(Reply.json({"markdown": "# Tea"}))

    data = shop.run_json("seo-blog", "topic=Tea", "words=300")["data"]

    execution = data["execution"]
    assert execution["status"] == execution["outcome"] == "success"
    assert execution["recorded"] == list(columns)
    assert execution["not_recorded"] == [name for name in OPTIONAL_COLUMNS if name not in columns]
    (row,) = shop.rows()
    sent = {"topic": "Tea", "words": 300, "tone": "neutral"}
    expected = {
        "workflow_id": shop.webhook.url(path),
        "inputs": sent,
        "result": {"markdown": "# Tea"},
        "error": None,
        "credits_used": 10,
    }
    for name in columns:
        if name in expected:
            assert row[name] == expected[name]
        else:
            assert row[name] is not None  # a time
    assert row["id"] == execution["id"]
    assert row["status"] == "success"
    assert shop.ledger() == [("usage", -10, execution["id"])]
    assert data["credits"] == {
        "cost": 10,
        "charged": 10,
        "refunded": 0,
        "balance_before": 100,
        "balance_after": 90,
    }
    (request,) = shop.webhook.requests
    assert request.json["inputs"] == sent
    assert request.json["user"] == {"id": OPS, "email": "ops@example.com"}
    assert request.json["execution_id"] == request.headers["x-agentctl-execution-id"] == execution["id"]
    assert shop.balances_agree()


def test_a_failure_is_settled_with_its_refund_and_exits_1(full_shop: Any) -> None:
    full_shop.answer(Reply.json({"message": "Error in workflow"}, 500))

    whole = full_shop.run_json("seo-blog", "topic=Tea", exit_code=1)

    assert whole["error"]["code"] == "agent_failed"
    assert whole["data"]["credits"]["refunded"] == 10
    assert whole["data"]["credits"]["balance_after"] == 100
    (row,) = full_shop.rows()
    assert (row["status"], row["credits_used"], row["result"]) == ("failed", 0, None)
    assert "Error in workflow" in row["error"]
    execution = whole["data"]["execution"]["id"]
    assert full_shop.ledger() == [("usage", -10, execution), ("refund", 10, execution)]
    assert full_shop.balances_agree()


def test_a_failure_keeps_its_charge_with_on_failure_keep(shop_with: Callable[..., Any]) -> None:
    shop = shop_with("credits_used", more='[profiles.test.billing]\non_failure = "keep"')
    shop.answer(Reply.json({"message": "Error in workflow"}, 500))

    data = shop.run_json("seo-blog", "topic=Tea", exit_code=1)["data"]

    assert (data["credits"]["refunded"], data["credits"]["balance_after"]) == (0, 90)
    assert shop.rows()[0]["credits_used"] == 10


@pytest.mark.parametrize(
    "reply",
    [
        Reply(),
        Reply.json({"message": "Workflow was started"}),
        Reply.text("<h1>Bad gateway</h1>", 502),
        Reply(hangup=Hangup.AFTER_READING),
    ],
    ids=["an empty answer", "only started", "a gateway's error", "a dropped connection"],
)
def test_an_unknown_outcome_exits_5_holds_the_charge_and_names_reconcile(shop: Any, reply: Reply) -> None:
    path = shop.answer(reply)

    whole = shop.run_json("seo-blog", "topic=Tea", exit_code=5)

    execution = whole["data"]["execution"]
    assert whole["error"]["code"] == "outcome_unknown"
    assert execution["id"] in whole["error"]["message"]
    assert f"agentctl reconcile {execution['id']}" in whole["error"]["hint"]
    assert shop.rows()[0]["status"] == "running"
    assert shop.ledger() == [("usage", -10, execution["id"])]
    assert shop.webhook.count(path) == 1


def test_a_timeout_is_one_deadline_over_a_dripping_answer(shop: Any) -> None:
    shop.answer(Reply(body=b"x" * 600, drip=0.1))

    whole = shop.run_json("seo-blog", "topic=Tea", "--timeout", "500ms", exit_code=5)

    assert whole["data"]["webhook"] == {"http_status": 200, "attempts": 1, "sent": True}


def test_a_refused_connection_fails_for_certain_and_is_refunded(shop: Any) -> None:
    shop.marketplace.set_webhook("SEO Blog", "http://127.0.0.1:9/x")

    data = shop.run_json("seo-blog", "topic=Tea", "--timeout", "1s", exit_code=1)["data"]

    assert data["webhook"]["sent"] is False
    assert data["credits"]["balance_after"] == 100


def test_names_all_input_problems_at_once_and_writes_and_sends_nothing(shop: Any) -> None:
    whole = shop.run_json("seo-blog", "tone=angry", "words=many", exit_code=2)

    message = whole["error"]["message"]
    assert "topic" in message
    assert "angry" in message
    assert "many" in message
    assert whole["data"] is None
    assert shop.rows() == []
    assert shop.ledger() == []
    assert shop.webhook.requests == []


def test_a_pattern_of_javascript_is_judged_as_a_browser_would(shop: Any) -> None:
    schema = {"properties": {"topic": {"type": "string", "pattern": r"^\p{Lu}\w+$"}}}
    shop.marketplace.execute("UPDATE agents SET input_schema = %s WHERE name = 'SEO Blog'", (Jsonb(schema),))

    whole = shop.run_json("seo-blog", "topic=\u0394elta", exit_code=0)
    refused = shop.run_json("seo-blog", "topic=delta", exit_code=2)

    assert whole["ok"] is True
    assert r"topic: 'delta' does not match '^\\p{Lu}\\w+$'" in refused["error"]["message"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("nobody-knows",), "agent_not_found"),
        (("inactive",), "agent_inactive"),
        (("deleted",), "agent_deleted"),
        (("plain", "--user", "nobody@example.com"), "user_not_found"),
        (("plain", "--user", "poor@example.com"), "insufficient_credits"),
    ],
)
def test_a_refusal_exits_4_and_leaves_nothing_behind(
    shop: Any, arguments: tuple[str, ...], code: str
) -> None:
    whole = shop.run_json(*arguments, exit_code=4)

    assert whole["error"]["code"] == code
    assert shop.rows() == []
    assert shop.ledger() == []
    assert shop.webhook.requests == []


def test_lists_both_agents_that_match_a_name(shop: Any) -> None:
    shop.marketplace.execute("INSERT INTO agents (name, credit_cost) VALUES ('seo blog', 1)")

    whole = shop.run_json("seo-blog", "topic=Tea", exit_code=4)

    assert whole["error"]["code"] == "agent_ambiguous"
    assert "SEO Blog" in whole["error"]["message"]
    assert "seo blog" in whole["error"]["message"]


def test_finds_an_agent_by_id_name_slugified_name_and_slug_column(shop: Any) -> None:
    shop.marketplace.execute("ALTER TABLE agents ADD COLUMN slug text")
    shop.marketplace.execute("UPDATE agents SET slug = 'blogger' WHERE name = 'SEO Blog'")

    keys = ("00000000-0000-4000-8000-0000000000b1", "SEO Blog", "seo-blog", "blogger")
    for key in keys:
        found = shop.run_json(key, "topic=Tea", "--dry-run")["data"]["execution"]["agent"]
        assert found["name"] == "SEO Blog"
        assert found["slug"] == "blogger"


def test_a_dry_run_resolves_and_prices_and_writes_and_sends_nothing(shop: Any) -> None:
    data = shop.run_json("seo-blog", "topic=Tea", "--dry-run")["data"]

    assert data["dry_run"] is True
    assert data["credits"]["cost"] == 10
    assert data["inputs"] == {"topic": "Tea", "tone": "neutral", "words": 600}
    assert shop.rows() == []
    assert shop.webhook.requests == []


def test_no_charge_records_the_execution_and_touches_no_credits(shop_with: Callable[..., Any]) -> None:
    shop = shop_with("credits_used")

    data = shop.run_json("seo-blog", "topic=Tea", "--no-charge")["data"]

    assert data["credits"] == {
        "cost": 0,
        "charged": 0,
        "refunded": 0,
        "balance_before": 100,
        "balance_after": 100,
    }
    assert shop.rows()[0]["credits_used"] == 0
    assert shop.ledger() == []


def test_one_idempotency_key_is_one_execution(full_shop: Any) -> None:
    first = full_shop.run_json("seo-blog", "topic=Tea", "--idempotency-key", "k1")["data"]
    again = full_shop.run_json("seo-blog", "topic=Tea", "--idempotency-key", "k1")["data"]
    other = full_shop.run_json("seo-blog", "topic=Tea", "--idempotency-key", "k2")["data"]

    assert again["execution"]["id"] == first["execution"]["id"]
    assert again["execution"]["replayed"] is True
    assert again["result"] == first["result"]
    assert other["execution"]["id"] != first["execution"]["id"]
    assert len(full_shop.rows()) == len(full_shop.webhook.requests) == 2


def test_a_replayed_failure_exits_1_again_and_charges_nothing(shop: Any) -> None:
    shop.answer(Reply.json({"message": "Error in workflow"}, 500))
    shop.run_json("seo-blog", "topic=Tea", "--idempotency-key", "k", exit_code=1)

    data = shop.run_json("seo-blog", "topic=Tea", "--idempotency-key", "k", exit_code=1)["data"]

    assert data["execution"]["replayed"] is True
    assert len(shop.webhook.requests) == 1
    assert [kind for kind, _, _ in shop.ledger()] == ["usage", "refund"]


def test_refuses_a_used_key_with_other_inputs_where_inputs_are_recorded(
    shop_with: Callable[..., Any],
) -> None:
    shop = shop_with("inputs")
    shop.run_json("seo-blog", "topic=Tea", "--idempotency-key", "k")

    whole = shop.run_json("seo-blog", "topic=Coffee", "--idempotency-key", "k", exit_code=4)

    assert whole["error"]["code"] == "idempotency_key_reused"
    assert len(shop.webhook.requests) == 1


def test_ten_runs_at_once_with_one_key_charge_and_call_once(shop: Any) -> None:
    shop.answer(Reply.json({"ok": True}, delay=0.3))

    started = [
        shop.program.start("run", "seo-blog", "topic=Tea", "--idempotency-key", "k", "--json")
        for _ in range(10)
    ]
    outcomes = [json.loads(process.communicate(timeout=60)[0]) for process in started]

    assert len({whole["data"]["execution"]["id"] for whole in outcomes}) == 1
    assert sum(not whole["data"]["execution"]["replayed"] for whole in outcomes) == 1
    assert len(shop.rows()) == len(shop.ledger()) == len(shop.webhook.requests) == 1


def test_runs_of_one_user_at_once_charge_exactly_what_the_balance_allows(shop: Any) -> None:
    shop.marketplace.execute("UPDATE agents SET credit_cost = 25 WHERE name = 'SEO Blog'")

    started = [shop.program.start("run", "seo-blog", "topic=Tea", "--json") for _ in range(8)]
    codes = [process.wait(timeout=60) for process in started]

    assert sorted(codes) == [0] * 4 + [4] * 4
    assert shop.marketplace.execute("SELECT credits FROM profiles WHERE id = %s", (OPS,)) == [(0,)]
    assert shop.balances_agree()


@pytest.mark.every_postgres
@pytest.mark.parametrize("column", ["result", "completed_at", "credits_used"])
def test_a_column_that_vanishes_while_the_webhook_runs_does_not_stop_the_settlement(
    full_shop: Any, column: str
) -> None:
    path = full_shop.answer(Reply.json({"ok": True}, delay=1.5))
    process = full_shop.program.start("run", "seo-blog", "topic=Tea", "--json")
    _wait_until(lambda: full_shop.webhook.count(path) == 1)

    full_shop.marketplace.execute(f"ALTER TABLE agent_executions DROP COLUMN {column}".encode())
    whole = json.loads(process.communicate(timeout=60)[0])

    assert whole["exit_code"] == 0
    assert full_shop.rows()[0]["status"] == "success"
    if column != "credits_used":  # that one was written before it vanished
        assert column in whole["data"]["execution"]["not_recorded"]


def test_does_not_change_a_row_that_somebody_else_settled(shop: Any) -> None:
    path = shop.answer(Reply.json({"message": "Error in workflow"}, 500, delay=1.5))
    process = shop.program.start("run", "seo-blog", "topic=Tea", "--json")
    _wait_until(lambda: shop.webhook.count(path) == 1)

    shop.marketplace.execute("UPDATE agent_executions SET status = 'success'")
    whole = json.loads(process.communicate(timeout=60)[0])

    assert whole["data"]["execution"]["status"] == "success"
    assert [kind for kind, _, _ in shop.ledger()] == ["usage"]
    assert any("This execution was already settled as" in warning for warning in whole["data"]["warnings"])


@pytest.mark.parametrize("cause", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_after_sending_exits_130_and_leaves_the_execution_open(
    shop: Any, cause: signal.Signals
) -> None:
    path = shop.answer(Reply.json({"ok": True}, delay=20))
    process = shop.program.start("run", "seo-blog", "topic=Tea", "--json")
    _wait_until(lambda: shop.webhook.count(path) == 1)

    process.send_signal(cause)
    stdout, stderr = process.communicate(timeout=20)

    whole = json.loads(stdout)
    assert process.returncode == whole["exit_code"] == 130
    assert whole["data"]["execution"]["id"] in whole["error"]["message"]
    assert shop.rows()[0]["status"] == "running"
    assert "Traceback" not in stderr


def test_announces_the_execution_just_before_its_charge_is_committed(shop: Any) -> None:
    run = shop.program.start(
        "run", "seo-blog", "topic=Tea", env={"AGENTCTL_FAILPOINT": f"{Failpoint.ANNOUNCED}:stop"}
    )
    os.waitpid(run.pid, os.WUNTRACED)
    assert shop.rows() == []

    run.send_signal(signal.SIGCONT)
    _, stderr = run.communicate(timeout=20)

    (row,) = shop.rows()
    assert stderr.count(f"execution {row['id']}\n") == 1


def test_a_terminal_shows_the_execution_before_its_steps(shop: Any) -> None:
    screen = shop.program.on_terminal("run", "seo-blog", "topic=Tea")

    (row,) = shop.rows()
    assert 0 <= screen.text.find(f"Execution {row['id']}") < screen.text.find("Execution record created")


def test_a_run_with_too_few_credits_announces_no_execution(shop: Any) -> None:
    shop.marketplace.execute("UPDATE profiles SET credits = 3")

    refused = shop.run("seo-blog", "topic=Tea")

    assert refused.exit_code == 4
    assert "execution " not in refused.stderr


def test_a_run_that_is_refused_at_its_commit_announces_no_execution(shop: Any) -> None:
    shop.marketplace.execute("""
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
            AS $$ BEGIN RAISE EXCEPTION 'no runs on Mondays'; END $$;
        CREATE CONSTRAINT TRIGGER no_mondays AFTER INSERT ON agent_executions
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse();
    """)

    refused = shop.run("seo-blog", "topic=Tea")

    assert refused.exit_code != 0
    assert "no runs on Mondays" in refused.stderr
    assert "execution " not in refused.stderr
    assert shop.rows() == []


def test_prints_the_execution_id_on_stderr_before_the_outcome(shop: Any) -> None:
    path = shop.answer(Reply.json({"ok": True}, delay=20))
    process = shop.program.start("run", "seo-blog", "topic=Tea")
    _wait_until(lambda: shop.webhook.count(path) == 1)

    process.kill()
    _, stderr = process.communicate(timeout=20)

    assert shop.rows()[0]["id"] in stderr


def test_a_run_with_a_closed_stdout_is_still_settled(shop: Any) -> None:
    path = shop.answer(Reply.json({"ok": True}, delay=1))
    process = shop.program.start("run", "seo-blog", "topic=Tea")
    process.stdout.close()
    process.stderr.close()

    _wait_until(lambda: shop.webhook.count(path) == 1)
    assert process.wait(timeout=20) == 0

    assert shop.rows()[0]["status"] == "success"


def test_a_piped_run_prints_only_the_article_on_stdout_and_credits_on_stderr(shop: Any) -> None:
    result = shop.run("seo-blog", "topic=Tea")

    assert result.exit_code == 0
    assert result.stdout.startswith("# Green tea\n\nDrink it.\n")
    assert "Credits: 10 charged, 90 left." in result.stderr
    assert "inputs" in result.stderr  # what the minimal table cannot hold
    assert "\x1b" not in result.stdout + result.stderr


def test_quiet_prints_nothing_on_success_and_the_error_on_failure(shop: Any) -> None:
    done = shop.run("seo-blog", "topic=Tea", "--quiet")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")

    shop.answer(Reply.json({"message": "Error in workflow"}, 500))
    failed = shop.run("seo-blog", "topic=Tea", "--quiet")
    assert failed.exit_code == 1
    assert "Error in workflow" in failed.stderr


def test_the_result_is_written_to_a_file_as_text_or_as_json(shop: Any, tmp_path: Path) -> None:
    shop.run("seo-blog", "topic=Tea", "-o", tmp_path / "tea.md")
    shop.run("seo-blog", "topic=Tea", "-o", tmp_path / "tea.json")

    assert (tmp_path / "tea.md").read_text() == "# Green tea\n\nDrink it.\n"
    assert json.loads((tmp_path / "tea.json").read_text())["title"] == "Green tea"


def test_refuses_an_unwritable_output_file_before_the_charge(shop: Any, tmp_path: Path) -> None:
    shop.run_json("seo-blog", "topic=Tea", "-o", tmp_path / "no" / "such" / "tea.md", exit_code=2)

    assert shop.rows() == []


def test_a_terminal_shows_each_step_and_the_rendered_article(shop: Any) -> None:
    screen = shop.program.on_terminal("run", "seo-blog", "topic=Tea")

    assert screen.exit_code == 0
    steps = ("Execution record created", "Credits deducted", "Webhook called", "Workflow executed")
    places = [screen.text.find(step) for step in (*steps, "Drink it.", "Credits: 10 charged, 90 left.")]
    assert places == sorted(places)
    assert -1 not in places


def test_asks_on_a_terminal_for_missing_inputs_until_they_are_valid(shop: Any) -> None:
    shop.marketplace.execute(
        """UPDATE agents SET input_schema = '[
            {"name": "topic", "type": "text", "label": "Topic", "required": true},
            {"name": "words", "type": "number", "label": "Words", "required": true}
        ]' WHERE name = 'SEO Blog'"""
    )

    screen = shop.program.on_terminal(
        "run", "seo-blog", answers=[("Topic", "Tea\r"), ("Words", "many\r"), ("Words", "300\r")]
    )

    assert screen.exit_code == 0, screen.text
    assert shop.webhook.requests[0].json["inputs"] == {"topic": "Tea", "words": 300}


def test_a_result_that_the_database_cannot_store_unchanged_still_settles(full_shop: Any) -> None:
    body = rb'{"nul": "a\u0000b", "lone": "\ud800", "pair": "\ud83d\ude00", "slash": "\\u0000"}'
    full_shop.answer(Reply(headers={"Content-Type": "application/json"}, body=body))

    whole = full_shop.run_json("seo-blog", "topic=Tea")

    assert whole["data"]["result"] == json.loads(body)
    assert full_shop.rows()[0]["result"] == {
        "nul": "a\N{REPLACEMENT CHARACTER}b",
        "lone": "\N{REPLACEMENT CHARACTER}",
        "pair": "\N{GRINNING FACE}",
        "slash": "\\u0000",
    }


def test_hostile_text_in_an_answer_is_harmless_in_a_pipe_and_on_a_terminal(shop: Any) -> None:
    evil = "# Hi \x1b]52;c;ZXZpbA==\x07 \x9b31m \u202e [red]x[/red] &#27;[2J [a](http://x/\x1b[2J)"
    shop.answer(Reply.json({"markdown": evil}))

    piped = shop.run("seo-blog", "topic=Tea")
    assert not set("\x1b\x07\x9b\u202e") & set(piped.stdout)

    seen = shop.program.on_terminal("run", "seo-blog", "topic=Tea").text
    assert "\x1b]52" not in seen
    assert "\x1b]8" not in seen
    assert "\x1b[2J" not in seen
    assert not set("\x07\x9b\u202e") & set(seen)
    assert "[red]x[/red]" in seen

    result = shop.run("seo-blog", "topic=Tea", "--json")
    assert result.stdout.isascii()
    assert result.stdout.strip().isprintable()
    assert result.json["data"]["result"] == {"markdown": evil}


def test_refuses_a_private_address_unless_allow_hosts_names_it(shop: Any) -> None:
    config = shop.program.home / "agentctl.toml"
    config.write_text(config.read_text().replace('allow_hosts = ["127.0.0.1"]', ""))

    whole = shop.run_json("seo-blog", "topic=Tea", exit_code=4)

    assert "allow_hosts" in whole["error"]["hint"]
    assert shop.rows() == []
    assert shop.webhook.connections == 0


def test_an_n8n_test_url_is_refused_with_the_reason(shop: Any) -> None:
    shop.marketplace.set_webhook("SEO Blog", shop.webhook.url("/webhook-test/x"))

    whole = shop.run_json("seo-blog", "topic=Tea", exit_code=4)

    assert "/webhook/" in whole["error"]["message"] + whole["error"]["hint"]
    assert shop.rows() == []


def _wait_until(fits: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not fits():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


@pytest.mark.parametrize("library", ["httpx", "filelock"])
def test_a_defect_after_the_charge_refunds_and_names_the_execution(shop: Any, library: str) -> None:
    """A library that cannot be imported stands in for any unforeseen error."""
    shadow = shop.program.home / "shadow"
    shadow.mkdir()
    (shadow / f"{library}.py").write_text("raise RuntimeError")

    whole = shop.run_json("seo-blog", "topic=Tea", exit_code=3, env={"PYTHONPATH": str(shadow)})

    execution = whole["data"]["execution"]
    assert (whole["error"]["code"], execution["status"]) == ("defect", "failed")
    assert execution["id"] in whole["error"]["message"]
    assert shop.ledger() == [("usage", -10, execution["id"]), ("refund", 10, execution["id"])]
    assert shop.webhook.requests == []


def test_an_unreadable_form_hides_no_other_agent(shop: Any) -> None:
    shop.marketplace.execute(
        "UPDATE agents SET input_schema = %s WHERE name = 'SEO Blog'", ("[" * 5000 + "]" * 5000,)
    )

    assert shop.program("agents").exit_code == 0
    assert shop.run("plain").exit_code == 0
    assert shop.run("seo-blog", "topic=Tea").exit_code == 3


def test_an_empty_idempotency_key_is_refused(shop: Any) -> None:
    """A script's unset variable would make all its runs one execution."""
    assert shop.run("seo-blog", "topic=Tea", "--idempotency-key", "").exit_code == 2
    assert shop.rows() == []


def test_an_error_that_is_longer_than_its_column_is_cut(shop: Any) -> None:
    shop.marketplace.execute("ALTER TABLE agent_executions ADD error varchar(12)")
    shop.answer(Reply.json({"message": "Error in workflow"}, 500))

    assert shop.run("seo-blog", "topic=Tea").exit_code == 1

    assert shop.marketplace.execute("SELECT status, error FROM agent_executions") == [
        ("failed", "The agent fa")
    ]
