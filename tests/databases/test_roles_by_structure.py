"""Roles where names and foreign keys disagree, or names say nothing: keys win, a tie is asked.

Each database has a left-over with the usual name of a role that nothing refers to, beside the table that
everything refers to.
"""

from typing import NamedTuple

import pytest

from agentctl.core.database.connection import read_database_url
from agentctl.core.mapping import Reading, SchemaSettings, read
from agentctl.core.mapping.settings import RoleSettings
from agentctl.core.setup.initialisation import read_nearby
from support.marketplace import Database

_USERS = """
CREATE TABLE profiles (id uuid PRIMARY KEY, email text NOT NULL UNIQUE, credits integer NOT NULL DEFAULT 0);
"""
_AGENTS = """
CREATE TABLE agents (id uuid PRIMARY KEY, name text NOT NULL, webhook_url text, credit_cost integer NOT NULL);
"""
_EXECUTIONS = """
CREATE TABLE agent_executions (id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id uuid NOT NULL REFERENCES {users}, agent_id uuid NOT NULL REFERENCES {agents},
  status text NOT NULL CHECK (status IN ('pending', 'running', 'success', 'failed')),
  created_at timestamptz NOT NULL DEFAULT now());
"""
_LEDGER = """
CREATE TABLE credit_transactions (id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id uuid NOT NULL REFERENCES {users}, execution_id uuid REFERENCES {executions},
  amount integer NOT NULL CHECK ((type = 'usage') = (amount < 0)),
  type text NOT NULL CHECK (type IN ('purchase', 'usage', 'refund')), created_at timestamptz DEFAULT now());
"""


class Case(NamedTuple):
    """A database, and the tables that play roles in it by other than the usual names."""

    script: str
    tables: dict[str, str]


_CASES = {
    "users that nothing refers to": Case(
        """
        CREATE SCHEMA auth;
        CREATE TABLE auth.users (id uuid PRIMARY KEY, email text);
        CREATE TABLE user_credits (user_id uuid PRIMARY KEY REFERENCES auth.users, balance integer NOT NULL);
        CREATE TABLE users (id uuid PRIMARY KEY, email text NOT NULL, full_name text);
        """
        + _AGENTS
        + _EXECUTIONS.format(users="auth.users", agents="agents")
        + _LEDGER.format(users="auth.users", executions="agent_executions"),
        {"users": "auth.users", "balances": "public.user_credits"},
    ),
    "a profile of another name": Case(
        """
        CREATE SCHEMA auth;
        CREATE TABLE auth.users (id uuid PRIMARY KEY, email text);
        CREATE TABLE patients (id bigserial PRIMARY KEY, email text,
          user_id uuid NOT NULL UNIQUE REFERENCES auth.users, credits integer NOT NULL DEFAULT 0);
        """
        + _AGENTS
        + _EXECUTIONS.format(users="auth.users", agents="agents")
        + _LEDGER.format(users="auth.users", executions="agent_executions"),
        {"users": "public.patients", "balances": "public.patients"},
    ),
    "agents that nothing refers to": Case(
        _USERS
        + _AGENTS
        + _AGENTS.replace("TABLE agents", "TABLE skills")
        + _EXECUTIONS.format(users="profiles", agents="skills")
        + _LEDGER.format(users="profiles", executions="agent_executions"),
        {"agents": "public.skills"},
    ),
    "jobs that refer to nobody, and reviews without a status": Case(
        _USERS
        + _AGENTS
        + """
        CREATE TABLE jobs (id bigserial PRIMARY KEY, queue text NOT NULL, payload text, created_at integer);
        CREATE TABLE agent_reviews (id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
          user_id uuid NOT NULL REFERENCES profiles, agent_id uuid NOT NULL REFERENCES agents,
          stars integer NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
        CREATE TABLE favourites (user_id uuid REFERENCES profiles, agent_id uuid REFERENCES agents,
          PRIMARY KEY (user_id, agent_id));
        """
        + _EXECUTIONS.format(users="profiles", agents="agents").replace("agent_executions", "ai_requests")
        + _LEDGER.format(users="profiles", executions="ai_requests"),
        {"executions": "public.ai_requests"},
    ),
    "transactions that are payments": Case(
        _USERS
        + _AGENTS
        + _EXECUTIONS.format(users="profiles", agents="agents")
        + _LEDGER.format(users="profiles", executions="agent_executions").replace(
            "credit_transactions", "point_postings"
        )
        + """
        CREATE TABLE transactions (id bigserial PRIMARY KEY, user_id uuid NOT NULL REFERENCES profiles,
          amount integer NOT NULL, type text NOT NULL, created_at timestamptz DEFAULT now());
        """,
        {"ledger": "public.point_postings"},
    ),
    "a ledger whose kinds have a usual name, and that names no execution": Case(
        _USERS
        + _AGENTS
        + _EXECUTIONS.format(users="profiles", agents="agents").replace(
            "created_at", "credits_used integer NOT NULL DEFAULT 0, created_at"
        )
        + """
        CREATE TYPE entry_kind AS ENUM ('purchase', 'usage', 'refund');
        CREATE TABLE passbook_lines (id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
          user_id uuid NOT NULL REFERENCES profiles, delta integer NOT NULL, entry_type entry_kind NOT NULL);
        """,
        {"ledger": "public.passbook_lines"},
    ),
    "a wallet of nobody": Case(
        _USERS.replace(", credits integer NOT NULL DEFAULT 0", "")
        + """
        CREATE TABLE wallets (id bigserial PRIMARY KEY, address text, balance numeric, chain text);
        CREATE TABLE quotas (profile_id uuid PRIMARY KEY REFERENCES profiles, remaining integer NOT NULL);
        """
        + _AGENTS
        + _EXECUTIONS.format(users="profiles", agents="agents")
        + _LEDGER.format(users="profiles", executions="agent_executions"),
        {"balances": "public.quotas"},
    ),
}
_USUAL = {
    "users": "public.profiles",
    "agents": "public.agents",
    "executions": "public.agent_executions",
    "ledger": "public.credit_transactions",
}


def look_at(database: Database) -> Reading:
    with read_database_url(database.url, source="a test").connect() as connection:
        return read_nearby(connection)


@pytest.mark.parametrize("case", _CASES.values(), ids=_CASES)
def test_foreign_keys_beat_names(database: Database, case: Case) -> None:
    database.execute(case.script.encode())

    reading = look_at(database)

    tables = {role: found.table.full_name for role, found in reading.discovery.roles.items()}
    balances = case.tables.get("balances", _USUAL["users"])
    assert tables == {**_USUAL, "balances": balances, **case.tables}
    assert not [finding.message for finding in reading.findings if finding.severity == "error"]


_TWINS = (
    _USERS
    + _AGENTS
    + _EXECUTIONS.format(users="profiles", agents="agents").replace("agent_executions", "ai_requests")
    + _EXECUTIONS.format(users="profiles", agents="agents").replace("agent_executions", "ai_calls")
    + _LEDGER.format(users="profiles", executions="ai_calls").replace("REFERENCES ai_calls", "")
)


def test_two_tables_that_fit_equally_well_are_asked_about(database: Database) -> None:
    database.execute(_TWINS.encode())

    reading = look_at(database)

    (finding,) = [finding for finding in reading.findings if finding.id == "role-ambiguous"]
    assert "executions" not in reading.discovery.roles
    assert finding.message == (
        "public.ai_calls and public.ai_requests could each be the table of the executions: "
        "agentctl does not guess."
    )
    assert finding.hint == (
        "Put one of these lines into [profiles.NAME.schema.executions]:\n"
        '  table = "public.ai_calls"\n  table = "public.ai_requests"'
    )


def test_an_account_without_an_address_or_a_balance_is_no_user_for_its_name_alone(database: Database) -> None:
    database.execute(
        b"CREATE TABLE gamers (id text PRIMARY KEY, xyzzy text NOT NULL);"
        b'CREATE TABLE "Account" (id text PRIMARY KEY, provider text, gamer_no text REFERENCES gamers);'
    )

    assert look_at(database).discovery.roles == {}


def test_the_time_when_work_began_is_not_when_a_row_was_made_if_another_column_is(database: Database) -> None:
    script = _USERS + _AGENTS + _EXECUTIONS.format(users="profiles", agents="agents")
    clock = "timestamptz NOT NULL DEFAULT now()"
    times = f"xyzzy_at {clock}, started_at timestamptz, updated_at {clock}"
    database.execute(script.replace(f"created_at {clock}", times).encode())

    parts = look_at(database).discovery.roles["executions"].parts

    assert (parts["created_at"].column, parts["started_at"].column) == ("xyzzy_at", "started_at")


@pytest.mark.parametrize("table", ["public.ai_requests", "public.ai_calls"])
def test_each_line_of_a_tie_settles_it(database: Database, table: str) -> None:
    database.execute(_TWINS.encode())
    catalog = look_at(database).catalog

    reading = read(catalog, SchemaSettings(roles={"executions": RoleSettings(table=table)}))

    assert reading.discovery.roles["executions"].table.full_name == table
    assert not [finding for finding in reading.findings if finding.id == "role-ambiguous"]
