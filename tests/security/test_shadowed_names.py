"""Functions and operators that shadow PostgreSQL's own: no statement of agentctl ever calls one."""

from collections.abc import Callable

import pytest

from support.database_proxy import DatabaseProxy
from support.shadows import cast_shadows
from support.shop import Shop
from support.sql_names import Names, means_the_same_unqualified, names_of
from support.webhook_server import Hangup, Reply

# An operator's day: what is typed, and how it ends.
_DAY: tuple[tuple[int, str], ...] = (
    (0, "agents"),
    (0, "agents seo-blog"),
    (0, "run seo-blog topic=Barley --dry-run"),
    (0, "run seo-blog topic=Barley --idempotency-key harvest"),
    (0, "run seo-blog topic=Barley --idempotency-key harvest"),
    (1, "run plain"),
    (5, "run plain"),
    (0, "run seo-blog topic=Oats --no-charge"),
    (0, "history"),
    (0, "history --all --format jsonl"),
    (0, "history --agent seo-blog --user ops@example.com --status success,failed --since 7d"),
    (0, "history --status failed"),
    (0, "history --stats"),
    (0, "credits"),
    (0, "credits --user ops@example.com"),
    (0, "credits grant ops@example.com 5 --reason rain --idempotency-key rain"),
    (6, "reconcile --stale-after 0s"),
    (0, "reconcile --stale-after 0s --assume failed"),
    (0, "audit"),
    (0, "audit --since 7d"),
    (0, "schema-check"),
    (0, "migrate-full --dry-run"),
    (0, "migrate-full --yes --backfill"),
    (0, "history --stats --since 7d"),
    (0, "migrate-full --history-index --yes"),
    (0, "migrate-full --undo --history-index --yes"),
    (0, "migrate-full --undo --discard-data --yes"),
)


def _open_shop(shop_with: Callable[..., Shop]) -> Shop:
    """Create a shop with one run that succeeds, one that fails, and one with an unknown outcome."""
    shop = shop_with()
    shop.answer(Reply.json({"error": "no"}, status=500), Reply(hangup=Hangup.AFTER_READING), agent="Plain")
    return shop


def _spend_the_day(shop: Shop, url: str) -> None:
    for exit_code, line in _DAY:
        done = shop.program(*line.split(), env={"AGENTCTL_DATABASE_URL": url}, timeout=120)
        assert done.exit_code == exit_code, f"`agentctl {line}` ended with {done}"


@pytest.fixture(scope="session")
def statements_of_a_day() -> list[str]:
    """Record the statements of a day's commands, once per session."""
    return []


@pytest.fixture
def statements(statements_of_a_day: list[str], shop_with: Callable[..., Shop]) -> list[str]:
    """Return every statement of a day, as it arrives at the server."""
    if not statements_of_a_day:
        shop = _open_shop(shop_with)
        with DatabaseProxy(shop.marketplace.url) as proxy:
            _spend_the_day(shop, proxy.url)
            statements_of_a_day += dict.fromkeys(proxy.statements)
    return statements_of_a_day


@pytest.fixture
def names(statements: list[str]) -> Names:
    return names_of(map(_before_its_own_path, statements))


def _before_its_own_path(statement: str) -> str:
    """Return a statement; of the catalog's message, only what the search path decides on."""
    return statement.partition("WITH RECURSIVE")[0] if "AS catalog" in statement else statement


def test_every_statement_qualifies_functions_operators_and_types(names: Names) -> None:
    assert names.loose == set()
    assert {"set_config", "unnest", "lower", "count"} <= names.functions
    assert {"=", "<", "-"} <= names.operators


def test_qualified_operators_bind_as_written(statements: list[str]) -> None:
    changed = [statement for statement in statements if not means_the_same_unqualified(statement)]

    assert not changed, "\n\n".join(changed)


# What only some databases need: agents with versions and dates, times without a zone in one that is named.
_UNUSUAL = (
    "ALTER TABLE agent_executions DROP CONSTRAINT agent_executions_agent_id_fkey",
    "ALTER TABLE agents DROP CONSTRAINT agents_pkey CASCADE",
    "ALTER TABLE agents ADD COLUMN version {kind} NOT NULL DEFAULT 1, ADD PRIMARY KEY (id, version)",
    "ALTER TABLE agent_executions ADD COLUMN agent_version {kind} NOT NULL DEFAULT 1",
    "ALTER TABLE agent_executions ADD FOREIGN KEY (agent_id, agent_version) REFERENCES agents (id, version)",
    "ALTER TABLE agents ADD COLUMN archived_at date, ADD COLUMN published_at timestamp DEFAULT '2026-01-01'",
    "ALTER TABLE agent_executions ALTER created_at TYPE timestamp USING created_at AT TIME ZONE '{zone}'",
    "ALTER TABLE credit_transactions ALTER created_at TYPE timestamp USING created_at AT TIME ZONE '{zone}'",
    "ALTER TABLE agent_executions ADD COLUMN started_at timestamp, ADD COLUMN completed_at timestamp",
)
# A ledger whose rows name a wallet, and executions whose states are in a table.
_BY_ACCOUNT = (
    "DROP FUNCTION deduct_credits_atomic",
    "DROP FUNCTION add_credits_atomic",
    "CREATE TABLE wallets (id bigserial PRIMARY KEY, user_id uuid UNIQUE REFERENCES profiles, balance int)",
    "ALTER TABLE wallets ADD COLUMN bought integer DEFAULT 0, ADD COLUMN used integer DEFAULT 0",
    "INSERT INTO wallets (user_id, balance) SELECT id, credits FROM profiles",
    "ALTER TABLE profiles DROP COLUMN credits",
    "ALTER TABLE credit_transactions ADD COLUMN wallet_id bigint REFERENCES wallets",
    "UPDATE credit_transactions t SET wallet_id = w.id FROM wallets w WHERE w.user_id = t.user_id",
    "ALTER TABLE credit_transactions DROP COLUMN user_id CASCADE",
    "CREATE TABLE run_states (id smallint PRIMARY KEY, name text NOT NULL)",
    "INSERT INTO run_states VALUES (1, 'queued'), (2, 'running'), (3, 'done'), (4, 'error')",
    "ALTER TABLE agent_executions DROP COLUMN status, ADD COLUMN state_id smallint REFERENCES run_states",
)


@pytest.mark.parametrize("kind", ["integer", "text"])
def test_nor_do_the_statements_that_some_databases_need(shop_with: Callable[..., Shop], kind: str) -> None:
    shop = _open_shop(shop_with)
    for statement in _UNUSUAL:
        shop.marketplace.execute(statement.format(kind=kind, zone="America/Los_Angeles").encode())
    config = shop.program.home / "agentctl.toml"
    config.write_text(config.read_text() + '[profiles.test.schema]\ntimezone = "America/Los_Angeles"\n')

    with DatabaseProxy(shop.marketplace.url) as proxy:
        _spend_the_day(shop, proxy.url)

    assert names_of(map(_before_its_own_path, proxy.statements)).loose == set()
    assert [one for one in dict.fromkeys(proxy.statements) if not means_the_same_unqualified(one)] == []
    sent = "\n".join(proxy.statements)
    assert all(text in sent for text in ("DISTINCT ON", "AT TIME ZONE 'America/Los_Angeles'", "'TimeZone'"))


def test_nor_do_those_for_rows_that_name_accounts_and_states(shop_with: Callable[..., Shop]) -> None:
    shop = _open_shop(shop_with)
    for statement in _BY_ACCOUNT:
        shop.marketplace.execute(statement.encode())

    with DatabaseProxy(shop.marketplace.url) as proxy:
        _spend_the_day(shop, proxy.url)

    assert names_of(map(_before_its_own_path, proxy.statements)).loose == set()
    assert [one for one in dict.fromkeys(proxy.statements) if not means_the_same_unqualified(one)] == []
    assert "agentctl_account" in "\n".join(proxy.statements)


def test_the_catalog_statement_uses_only_pg_catalog_and_no_jit(statements: list[str]) -> None:
    (catalog, *_) = [statement for statement in statements if "AS catalog" in statement]
    head = catalog.partition("WITH RECURSIVE")[0]
    assert "set_config('search_path', 'pg_catalog, pg_temp', true)" in head
    names = names_of([catalog.removeprefix(head)])
    assert {"function format", "function json_agg", "operator =", "relation pg_class"} <= names.loose
    assert "set_config('jit', 'off', true)" in head


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ("public", '"$user", public'),
        ("orchard", "orchard, public"),
        ("orchard", "orchard, public, pg_catalog"),
    ],
    ids=["in public", "in a schema before it", "in a schema before pg_catalog"],
)
def test_no_command_calls_a_shadowed_function_or_operator(
    statements: list[str], names: Names, shop_with: Callable[..., Shop], schema: str, path: str
) -> None:
    shop = _open_shop(shop_with)
    named = {
        kind: {name.split()[1] for name in names_of(statements).loose if name.startswith(kind)}
        for kind in ("function", "operator ")
    }
    shadows = cast_shadows(
        shop.marketplace,
        schema,
        functions=names.functions | named["function"],
        operators=names.operators | named["operator "],
    )
    shop.marketplace.execute(f"ALTER DATABASE {shop.marketplace.name} SET search_path = {path}".encode())

    _spend_the_day(shop, shop.marketplace.url)

    assert shadows.count_calls() == 0
