"""The commands on a database created by hand with exactly the table of the seed document.

Its columns are nullable and its status is unchecked, unlike sql/minimal.sql's; the functions are the
reference database's in their usual state: no pinned search_path, executable by everybody.
"""

from typing import Any

import pytest

from support.forks import forked_agentctl, typist  # noqa: F401 - fixtures: there are many commands
from support.marketplace import OPTIONAL_COLUMNS, SEED_TABLE, Database
from support.program import Program
from support.webhook_server import Reply, WebhookServer

TYPES = dict(
    zip(
        OPTIONAL_COLUMNS,
        ("TEXT", "JSONB", "JSONB", "TEXT", "INTEGER DEFAULT 0", "TIMESTAMPTZ", "TIMESTAMPTZ"),
        strict=True,
    )
)
LAYOUTS = {
    "none": (),
    "one": ("result",),
    "six": tuple(name for name in OPTIONAL_COLUMNS if name != "inputs"),
    "all seven": OPTIONAL_COLUMNS,
}


@pytest.fixture(params=list(LAYOUTS.values()), ids=list(LAYOUTS))
def columns(request: pytest.FixtureRequest) -> tuple[str, ...]:
    columns: tuple[str, ...] = request.param
    return columns


@pytest.fixture
def by_hand(
    database: Database, columns: tuple[str, ...], webhook: WebhookServer, agentctl: Program
) -> Database:
    database.execute(SEED_TABLE)
    for column in columns:
        database.execute(f"ALTER TABLE agent_executions ADD COLUMN {column} {TYPES[column]}".encode())
    url = webhook.script("/webhook/seo", Reply.json({"markdown": "# Tea"}))
    database.execute("UPDATE agents SET webhook_url = %s", (url,))
    (agentctl.home / "agentctl.toml").write_text(
        f'[profiles.p]\ndatabase_url = "{database.url}"\nuser = "ops@example.com"\n'
        '[profiles.p.webhook]\nallow_hosts = ["127.0.0.1"]\n'
    )
    return database


def test_run_reports_exactly_the_columns_that_it_wrote(
    by_hand: Database, columns: tuple[str, ...], agentctl: Program
) -> None:
    result = agentctl("run", "seo-blog", "topic=Tea", "--json")

    assert result.exit_code == 0, result
    execution = result.json["data"]["execution"]
    assert execution["recorded"] == list(columns)
    assert set(execution["not_recorded"]) == set(OPTIONAL_COLUMNS) - set(columns)
    ((row,),) = by_hand.execute("SELECT to_jsonb(e) FROM agent_executions e")
    assert (row["id"], row["status"]) == (execution["id"], "success")
    written = {name: row[name] for name in columns if name != "error"}
    assert None not in written.values()
    assert written.get("result", {"markdown": "# Tea"}) == {"markdown": "# Tea"}


def test_every_other_command_works_too(
    by_hand: Database, columns: tuple[str, ...], agentctl: Program
) -> None:
    agentctl("run", "seo-blog", "topic=Tea")
    # What the table allows, somebody has written: no status, no user, no agent, no time.
    by_hand.execute("INSERT INTO agent_executions (created_at) VALUES (NULL)")

    listed = agentctl("history", "--json").json["data"]["executions"]
    assert [one["status"] for one in listed] == [None, "success"]
    for arguments in (
        ("history",),
        ("history", "--stats"),
        ("history", listed[0]["id"]),
        ("history", "--all", "--format", "csv"),
        ("credits", "--user", "ops@example.com"),
        ("credits", "grant", "ops@example.com", "5", "--reason", "x"),
        ("agents",),
        ("schema-check",),
    ):
        done: Any = agentctl(*arguments)
        assert done.exit_code == 0, (arguments, done)
    full = 0 if columns == OPTIONAL_COLUMNS else 6
    assert agentctl("schema-check", "--require", "full").exit_code == full
    assert agentctl("migrate-full", "--yes").exit_code == 0
    assert agentctl("schema-check", "--require", "full").exit_code == 0
