"""Executions that have a boolean and no status: read by it, and refused until they get one."""

from typing import Any, LiteralString

import pytest

from support.shop import Shop
from support.webhook_server import Reply

OPS = "ops@example.com"
READING = (
    ("agents",),
    ("history",),
    ("history", "--stats"),
    ("credits",),
    ("credits", "--user", OPS),
    ("audit",),
)
FLAGS: dict[str, LiteralString] = {
    "success, true by default": "success boolean DEFAULT true",
    "success, required": "success boolean NOT NULL DEFAULT true",
    "is_successful": "is_successful boolean",
    "a status that is a boolean": "status boolean DEFAULT true",
}


def give_flag(shop: Shop, flag: LiteralString) -> str:
    """Put a flag in the place of the executions' status, with two rows of the application's."""
    shop.marketplace.execute("ALTER TABLE agent_executions DROP COLUMN status, ADD COLUMN " + flag)
    name = flag.partition(" ")[0]
    shop.marketplace.execute(
        f"INSERT INTO agent_executions (user_id, agent_id, {name}) SELECT p.id, a.id, flag FROM profiles p, "
        f"agents a, (VALUES (true), (false)) v(flag) WHERE email = '{OPS}' AND name = 'Plain'".encode()
    )
    return name


def list_states(shop: Shop) -> list[str]:
    """Return the states that history shows, the oldest first."""
    data = shop.program("history", "--json").json["data"]
    return [row["status"] for row in reversed(data["executions"])]


@pytest.mark.parametrize("name", FLAGS)
def test_a_flag_is_read_and_a_run_is_refused_until_there_is_a_status(shop: Shop, name: str) -> None:
    flag = give_flag(shop, FLAGS[name])

    for command in READING:
        assert shop.program(*command).exit_code == 0, command
    assert sorted(list_states(shop)) == ["failed", "success"]
    refused: dict[str, Any] = shop.run_json("seo-blog", "topic=Tea", exit_code=3)["error"]
    assert refused["code"] == "column_missing"
    assert shop.program("reconcile").exit_code == 0
    assert len(shop.rows()) == 2
    findings = shop.program("schema-check", "--json").json["data"]["findings"]
    (hint,) = {item["hint"] for item in findings if item["id"] == "column-missing"}

    statement, _, _ = hint.partition("\n")
    shop.marketplace.execute(statement.encode())

    assert sorted(list_states(shop)) == ["failed", "success"]  # nothing of the application's is open now
    ran = shop.run_json("seo-blog", "topic=Tea")["data"]["execution"]["id"]
    shop.answer(Reply.json({"message": "Error in workflow"}, 500))
    failed = shop.run_json("seo-blog", "topic=Tea", exit_code=1)["data"]["execution"]["id"]
    shop.answer(Reply(504))
    unknown = shop.run_json("seo-blog", "topic=Tea", exit_code=5)["data"]["execution"]["id"]
    flags = {row["id"]: row[flag] for row in shop.rows()}
    assert flags[ran] is True
    assert flags[failed] is False
    assert not flags[unknown]
    assert [entry[:2] for entry in shop.ledger()] == [
        ("usage", -10),
        ("usage", -10),
        ("refund", 10),
        ("usage", -10),
    ]
    assert shop.balances_agree()
    assert shop.program("audit").exit_code == 0


def test_a_boolean_that_is_configured_as_the_status_is_refused_before_the_database_does(shop: Shop) -> None:
    give_flag(shop, "done boolean DEFAULT true")
    config = shop.program.home / "agentctl.toml"
    config.write_text(f'{config.read_text()}\n[profiles.test.schema.executions]\nstatus = "done"\n')

    refused = shop.run_json("seo-blog", "topic=Tea", exit_code=3)["error"]

    assert (refused["code"], "done is a boolean" in refused["message"]) == ("column_missing", True)
    assert shop.program("history").exit_code == 0


def test_a_flag_of_the_agents_that_is_asked_about_blocks_no_reading(shop: Shop) -> None:
    shop.marketplace.execute(
        "ALTER TABLE agents DROP COLUMN is_active, ADD COLUMN is_public boolean DEFAULT false"
    )
    shop.marketplace.execute("UPDATE agents SET is_public = true")

    for command in READING:
        assert shop.program(*command).exit_code == 0, command
    refused = shop.run_json("seo-blog", "topic=Tea", exit_code=3)["error"]
    assert "is_public" in refused["message"]
    line = next(line for line in refused["hint"].splitlines() if '"is_public"' in line)
    config = shop.program.home / "agentctl.toml"
    config.write_text(f"{config.read_text()}\n[profiles.test.schema.agents]\n{line}\n")
    assert shop.run("seo-blog", "topic=Tea").exit_code == 0


@pytest.mark.parametrize("command", [("reconcile", "--assume", "failed"), ("credits", "refund")])
def test_an_execution_whose_flag_is_open_is_left_alone_without_a_status(
    shop: Shop, command: tuple[str, ...]
) -> None:
    give_flag(shop, "success boolean")
    (execution,) = shop.marketplace.execute(
        "INSERT INTO agent_executions (user_id, agent_id, created_at) "
        "SELECT p.id, a.id, now() - interval '1 day' "
        "FROM profiles p, agents a WHERE email = %s AND name = 'Plain' RETURNING id::text",
        [OPS],
    )[0]
    reason = ("--reason", "lost") if command[0] == "credits" else ()

    done = shop.program(*command, execution, *reason)

    assert done.exit_code in {0, 3, 4}, done
    assert [row["success"] for row in shop.rows() if row["id"] == execution] == [None]
    assert shop.ledger() == []
