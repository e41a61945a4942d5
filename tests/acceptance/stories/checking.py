"""Stories of schema-check and audit, with every check of the audit and nearly every finding."""

import shutil
from datetime import UTC, datetime
from typing import Any, LiteralString
from uuid import UUID

from acceptance.stories.stage import Stage, fixed_id
from codescan.expectations import CORPUS, SCHEMA
from support.code_project import AFTER, selecting, write, write_app
from support.executions import OPS, POOR, plant
from support.marketplace import Marketplace

_CHECK = "schema-check"
_DRIFT: LiteralString = """
    ALTER TABLE profiles ALTER credits TYPE numeric(10,2);
    ALTER TABLE agent_executions ADD surprise text;
    DROP INDEX idx_agent_executions_status;
    ALTER FUNCTION deduct_credits_atomic SET search_path = public;
    CREATE POLICY everybody ON credit_transactions USING (true);
    ALTER TABLE agents ENABLE ROW LEVEL SECURITY"""
_OPEN: LiteralString = """
    GRANT EXECUTE ON FUNCTION add_credits_atomic TO anon;
    ALTER FUNCTION add_credits_atomic RESET search_path;
    GRANT SELECT, UPDATE ON profiles TO authenticated;
    CREATE POLICY own ON profiles FOR UPDATE TO authenticated USING (true);
    GRANT INSERT ON credit_transactions TO anon;
    CREATE POLICY everything ON credit_transactions USING (true);
    GRANT UPDATE ON agent_executions TO authenticated;
    CREATE POLICY own ON agent_executions TO authenticated USING (true);
    ALTER TABLE credit_transactions DISABLE ROW LEVEL SECURITY;
    GRANT SELECT ON credit_transactions TO anon"""
_ODD: LiteralString = """
    ALTER TABLE agent_executions ADD result text, ADD inputs jsonb, ADD started_at timestamptz,
        ADD credits_used integer GENERATED ALWAYS AS (1) STORED;
    DROP INDEX idx_agent_executions_user_id;
    CREATE INDEX idx_agent_executions_started_at ON agent_executions (created_at);
    DROP INDEX idx_agent_executions_status;
    CREATE INDEX idx_agent_executions_status ON agent_executions (status);
    UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'idx_agent_executions_status'::regclass;
    ALTER TABLE agents DROP COLUMN webhook_url"""
_LESS: LiteralString = """
    DROP FUNCTION deduct_credits_atomic;
    ALTER TABLE credit_transactions DROP COLUMN execution_id;
    ALTER TABLE profiles DROP COLUMN email;
    ALTER TABLE agent_executions DROP CONSTRAINT agent_executions_user_id_fkey, ALTER user_id TYPE text"""
_WORDS: LiteralString = """
    ALTER TABLE agent_executions DROP CONSTRAINT agent_executions_status_check, ALTER status DROP DEFAULT;
    INSERT INTO agent_executions (user_id, agent_id, status) VALUES
        ('00000000-0000-4000-8000-0000000000a1', '00000000-0000-4000-8000-0000000000b1', 'completed');
    ALTER TABLE credit_transactions DROP CONSTRAINT credit_transactions_type_and_sign,
        ADD CHECK (type IN ('plus', 'minus')) NOT VALID"""
_UNCHECKED: LiteralString = """
    ALTER TABLE profiles DROP CONSTRAINT profiles_credits_check, ALTER credits TYPE numeric;
    ALTER TABLE credit_transactions DROP CONSTRAINT credit_transactions_type_and_sign"""
_BALANCES: LiteralString = """
    UPDATE profiles SET credits = credits - 300 WHERE email = 'ops@example.com';
    UPDATE credit_transactions SET balance_after = 77
    WHERE execution_id = '00000000-0000-4000-8000-000000000002';
    INSERT INTO profiles (id, email, credits)
    VALUES ('00000000-0000-4000-8000-0000000000a3', 'nan@example.com', 'NaN')"""
_CODE = (_CHECK, "--code", "app")


def schema(stage: Stage) -> None:
    """Check the reference schema, and damaged variants of it."""
    shop, record = stage.shop_with(), stage.record
    record("required", _CHECK, "--require", "result,nonsense", "--ignore", "index-missing")
    record("baseline", _CHECK, "--write-baseline", "schema.json")
    record("baseline-code", _CHECK, "--schema-from", "schema.json", "--require", "full")
    shop.marketplace.execute(_DRIFT)
    record("drift", _CHECK, "--baseline", "schema.json")
    record("no-baseline", _CHECK, "--baseline", "nowhere.json")
    shop.marketplace.execute(_OPEN)
    record("open", _CHECK)
    record("open-full", _CHECK, "--require", "full", "--ignore", "function-exposed")
    odd = stage.shop_with().marketplace
    odd.execute(_ODD)
    record("odd", _CHECK)
    record("odd-migrate", "migrate-full", "--dry-run")
    odd.execute(_LESS)
    record("less", _CHECK)
    record("less-run", "run", "seo-blog", "topic=Tea")
    stage.shop_with().marketplace.execute(_WORDS)
    record("words", _CHECK)
    with stage.other() as empty:
        record("empty", _CHECK, env={"AGENTCTL_DATABASE_URL": empty.url})


def roles(stage: Stage) -> None:
    """Connect as a role that may do little, then as one that sees no rows."""
    market, record = stage.full_shop().marketplace, stage.record
    env = {"AGENTCTL_DATABASE_URL": market.add_role("reader")}
    write(stage.program.home / "app", {"one.ts": selecting("name")})
    record("denied", _CHECK, env=env)
    record("denied-required", *_CODE, "--require", "full", env=env)
    record("denied-history", "history", env=env)
    market.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {market.name}_reader".encode())
    record("hidden", _CHECK, env=env)
    for command in (("audit",), ("credits",), ("run", "seo-blog", "topic=Tea")):
        record(f"hidden-{command[0]}", *command, env=env)


def code(stage: Stage) -> None:
    """Check application code, before and after the accident was fixed, and the whole corpus."""
    shop, record, home = stage.shop_with(), stage.record, stage.program.home
    write_app(home)
    record("before", *_CODE)
    record("before-ignored", *_CODE, "--ignore", "code-unknown-column")
    write_app(home, AFTER, **{"broken.ts": "const = {{{ ;\n", "broken.sql": "SELEC 1;\n"})
    record("after", *_CODE)
    shutil.copytree(CORPUS, home / "corpus")
    shutil.copy(SCHEMA, home / "schema.sql")
    record("corpus", _CHECK, "--code", "corpus", "--schema-from", "schema.sql")
    (home / "broken.sql").write_text("CREATE TABLE (")
    record("broken-schema", _CHECK, "--schema-from", "broken.sql")
    assert shop.rows() == []


def audit(stage: Stage) -> None:
    """Audit a ledger in which each check finds something."""
    shop, record = stage.shop_with("credits_used"), stage.record
    record("nothing", "audit")
    _corrupt(shop.marketplace)
    record("everything", "audit")
    record("since", "audit", "--since", "2024-03-01")
    record(
        "warnings",
        "audit",
        "--fail-on",
        "warning",
        "--check",
        "failed-not-refunded",
        "--check",
        "open-too-long",
    )
    shop.marketplace.execute("ALTER TABLE agent_executions DROP COLUMN credits_used")
    record("not-run", "audit", "--check", "credits-used-differs")
    record("explained", "explain", "not-an-amount")


def _corrupt(market: Marketplace) -> None:
    """Plant something for each check."""
    market.execute(_UNCHECKED)
    begun = datetime(2024, 2, 29, 12, tzinfo=UTC)
    executions = iter(fixed_id(number) for number in range(1, 100))

    def leave(status: str, *moves: tuple[str, int], **columns: Any) -> None:
        """Write an execution, and move credits for it in these ledger rows."""
        charged = sum(-amount for kind, amount in moves if kind == "usage")
        used: dict[str, Any] = {"credits_used": charged, **columns}
        key = plant(market, status=status, key=next(executions), created_at=begun, **used)
        for kind, amount in moves:
            _move(market, kind, amount, key)

    leave("success", ("usage", -10), credits_used=7)
    leave("success", ("usage", -10), ("usage", -10))
    leave("failed", ("usage", -10), ("refund", 5), ("refund", 5), credits_used=0)
    leave("failed", ("usage", -10), ("refund", 12), credits_used=0)
    leave("success", ("usage", -10), ("refund", 10), credits_used=0)
    leave("running", ("usage", -10), ("refund", 10), credits_used=0)
    leave("failed", ("usage", -10))
    leave("running", ("usage", -10))
    leave("success")
    leave("success", user=POOR)
    _move(market, "usage", -5, fixed_id(10))
    _move(market, "usage", -5, fixed_id(99))
    _move(market, "usage", -5, None)
    _move(market, "bonus", -5, None)
    market.execute(_BALANCES)


def _move(market: Marketplace, kind: str, amount: int, execution: UUID | None) -> None:
    """Move credits in one transaction, whatever the ledger's rules are."""
    market.execute(
        "WITH paid AS (UPDATE profiles SET credits = credits + %s WHERE id = %s RETURNING id, credits) "
        "INSERT INTO credit_transactions (user_id, type, amount, balance_after, execution_id) "
        "SELECT id, %s, %s, credits, %s FROM paid",
        (amount, OPS, kind, amount, execution),
    )
