"""The commands on a database that was made by hand with exactly the table of the seed document.

Its columns are nullable and its status is unchecked, unlike sql/minimal.sql's; the functions are the
reference database's as they are found: no pinned search_path, executable by everybody.
"""

from typing import Any, LiteralString

import pytest

from support.marketplace import OPTIONAL_COLUMNS, Database
from support.program import Program
from support.webhook_server import Reply, WebhookServer

HAND_MADE: LiteralString = """
CREATE TABLE profiles (
  id uuid PRIMARY KEY, email text NOT NULL, full_name text,
  credits integer NOT NULL DEFAULT 0 CHECK (credits >= 0), total_spent numeric,
  total_executions integer, role text DEFAULT 'user', is_active boolean,
  created_at timestamptz, updated_at timestamptz);
CREATE TABLE agents (
  id uuid PRIMARY KEY, name text NOT NULL, description text, category text,
  credit_cost integer NOT NULL CHECK (credit_cost > 0), is_active boolean,
  input_schema jsonb, webhook_url text, required_platforms text[],
  deleted_at timestamptz, created_at timestamptz, updated_at timestamptz);
CREATE TABLE agent_executions (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id UUID REFERENCES profiles(id),
  agent_id UUID REFERENCES agents(id),
  status TEXT,  -- 'pending', 'running', 'success', 'failed'
  created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW()
);
CREATE INDEX idx_agent_executions_user_id ON agent_executions(user_id);
CREATE INDEX idx_agent_executions_agent_id ON agent_executions(agent_id);
CREATE INDEX idx_agent_executions_status ON agent_executions(status);
CREATE TABLE credit_transactions (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid, type text,
  amount integer, balance_after integer, purchase_id uuid, execution_id uuid,
  created_at timestamptz DEFAULT now(),
  CHECK (type IN ('purchase', 'usage', 'refund', 'bonus', 'adjustment')
         AND (type <> 'usage' OR amount < 0)
         AND (type NOT IN ('purchase', 'refund', 'bonus') OR amount > 0)));
CREATE FUNCTION deduct_credits_atomic(
  p_user_id uuid, p_amount integer, p_agent_id uuid DEFAULT NULL, p_execution_id uuid DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE had integer;
BEGIN
  SELECT credits INTO had FROM profiles WHERE id = p_user_id FOR UPDATE;
  IF had < p_amount THEN
    RETURN jsonb_build_object('success', false, 'error', 'Insufficient credits',
                              'current_credits', had, 'required_credits', p_amount);
  END IF;
  UPDATE profiles SET credits = credits - p_amount WHERE id = p_user_id;
  INSERT INTO credit_transactions (user_id, type, amount, balance_after, execution_id)
  VALUES (p_user_id, 'usage', -p_amount, had - p_amount, p_execution_id);
  RETURN jsonb_build_object('success', true, 'previous_balance', had, 'amount_deducted', p_amount,
                            'new_balance', had - p_amount);
END $$;
INSERT INTO profiles (id, email, credits)
VALUES ('00000000-0000-4000-8000-0000000000a1', 'ops@example.com', 100);
INSERT INTO credit_transactions (user_id, type, amount, balance_after)
VALUES ('00000000-0000-4000-8000-0000000000a1', 'purchase', 100, 100);
INSERT INTO agents (id, name, credit_cost, input_schema)
VALUES ('00000000-0000-4000-8000-0000000000b1', 'SEO Blog', 10,
        '[{"name": "topic", "type": "text", "required": true}]');
"""
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
    database.execute(HAND_MADE)
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
