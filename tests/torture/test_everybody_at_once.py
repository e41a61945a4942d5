"""The web application, deletions of users and agents, and the operator's commands, all at the same time.

The application calls the database's own functions, as four writers do in a loop; two others delete users and
agents with what belongs to them. Whatever the default isolation is, the books are right at every instant that
another session can see, every command ends as the contract says, and whatever stays open can be settled.
"""

import itertools
import random
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import errors, sql

from support.figures import figure
from support.forks import Forks, Operator
from support.marketplace import Connection
from support.program import Result
from support.rules import violations
from support.shop import ARTICLE, Shop
from support.webhook_server import Reply

SECONDS = figure(full=60, everyday=8)
LEVELS = ["read committed", "repeatable read", "serializable"]
USERS = 30
STALLS = 25
WRITERS = 4
PRICE = 10
KEYS = ("spring", "summer", "autumn")

# What others may do to a writer of the application, who tries something else then.
TURNED_AWAY = (
    errors.SerializationFailure,
    errors.DeadlockDetected,
    errors.ForeignKeyViolation,
    errors.LockNotAvailable,
)
# The executions that went with their agent: what they cost stays in the ledger.
SETUP: LiteralString = """
CREATE SCHEMA torture;
CREATE TABLE torture.deleted_executions (id uuid);
"""
RUN_BEGINS: LiteralString = """
WITH begun AS (
    INSERT INTO agent_executions (id, user_id, agent_id, status)
    SELECT %(execution)s, %(user)s, id, 'running' FROM agents
    WHERE name LIKE 'Stall %%' ORDER BY random() LIMIT 1
    RETURNING id, user_id, agent_id)
SELECT deduct_credits_atomic(user_id, %(price)s, agent_id, id) ->> 'success' FROM begun
"""
RUN_ENDS: LiteralString = """
UPDATE agent_executions SET status = %(status)s
WHERE id = (
    SELECT id FROM agent_executions WHERE status IN ('pending', 'running') AND user_id = %(user)s LIMIT 1
) AND status IN ('pending', 'running')
"""
EXECUTIONS_GO: LiteralString = """
WITH deleted AS (DELETE FROM agent_executions WHERE agent_id = %s RETURNING id)
INSERT INTO torture.deleted_executions SELECT id FROM deleted
"""


@dataclass
class Market:
    """Shared state: the users and agents, the events, and when to stop."""

    shop: Shop
    until: float = 0
    users: list[uuid.UUID] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    did: Counter[str] = field(default_factory=Counter)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def is_open(self) -> bool:
        return time.monotonic() < self.until and not self.complaints

    def somebody(self) -> uuid.UUID:
        return random.choice(self.users)

    def connect(self) -> Connection:
        return self.shop.marketplace.connect()

    def complain(self, text: str) -> None:
        self.complaints.append(text)

    @contextmanager
    def attempt(self, what: str) -> Iterator[None]:
        """Count what was done, and what was turned away."""
        try:
            yield
            self.did[what] += 1
        except TURNED_AWAY:
            self.did[f"{what}, turned away"] += 1

    def add_user(self, connection: Connection) -> None:
        with self.attempt("sign up"), connection.transaction():
            user = uuid.uuid4()
            name = f"customer{next(self.numbers)}@example.net"
            connection.execute("INSERT INTO profiles (id, email) VALUES (%s, %s)", (user, name))
            connection.execute("SELECT add_credits_atomic(%s, 500)", (user,))
            self.users.append(user)

    def add_agent(self, connection: Connection) -> None:
        number = next(self.numbers)
        path = f"/webhook/stall{number % 5}"
        with self.attempt("open a stall"):
            connection.execute(
                "INSERT INTO agents (name, credit_cost, webhook_url) VALUES (%s, %s, %s)",
                (f"Stall {number}", PRICE, self.shop.webhook.url(path)),
            )


def write(market: Market) -> None:
    """Act as the web application: runs, purchases, gifts, outcomes."""
    with market.connect() as connection:
        while market.is_open:
            random.choice((begin_run, begin_run, end_run, end_run, buy))(market, connection)
            time.sleep(0.01)  # leave something of two processors to the commands


def begin_run(market: Market, connection: Connection) -> None:
    asked = {"execution": uuid.uuid4(), "user": market.somebody(), "price": PRICE}
    with market.attempt("web run"), connection.transaction():
        row = connection.execute(RUN_BEGINS, asked).fetchone()
        if row is None or row[0] != "true":
            raise psycopg.Rollback


def end_run(market: Market, connection: Connection) -> None:
    status = random.choice(("success", "failed"))
    with market.attempt("web outcome"):
        connection.execute(RUN_ENDS, {"status": status, "user": market.somebody()})


def buy(market: Market, connection: Connection) -> None:
    kind = random.choice(("purchase", "bonus"))
    with market.attempt("web purchase"):
        connection.execute("SELECT add_credits_atomic(%s, %s, %s)", (market.somebody(), 20, kind))


def delete_users(market: Market) -> None:
    """Delete a customer with all their rows, and add another."""
    with market.connect() as connection:
        while market.is_open:
            user = market.users.pop(0)
            try:
                with market.attempt("leave"), connection.transaction():
                    connection.execute("SELECT FROM profiles WHERE id = %s FOR UPDATE", (user,))
                    for table in ("credit_transactions", "agent_executions"):
                        statement = sql.SQL("DELETE FROM {} WHERE user_id = %s").format(sql.Identifier(table))
                        connection.execute(statement, (user,))
                    connection.execute("DELETE FROM profiles WHERE id = %s", (user,))
            finally:
                market.add_user(connection)
            time.sleep(0.3)


def delete_agents(market: Market) -> None:
    """Delete an agent with all its executions, and add another."""
    with market.connect() as connection:
        while market.is_open:
            market.add_agent(connection)
            with market.attempt("close a stall"), connection.transaction():
                (agent,) = connection.execute(
                    "SELECT id FROM agents WHERE name LIKE 'Stall %' ORDER BY created_at LIMIT 1 FOR UPDATE"
                ).fetchone() or (None,)
                connection.execute(EXECUTIONS_GO, (agent,))
                connection.execute("DELETE FROM agents WHERE id = %s", (agent,))
            time.sleep(0.3)


def observe(market: Market) -> None:
    """Look for violations of the rules, at one instant after the other."""
    while market.is_open:
        with market.attempt("look"):
            for violation in wrong_now(market):
                market.complain(violation)
        time.sleep(0.1)


def wrong_now(market: Market) -> list[str]:
    seen = violations(market.shop.marketplace)
    deleted = market.shop.marketplace.execute("SELECT id::text FROM torture.deleted_executions")
    kept = {f"rule 2: a charge without its execution: {execution}" for (execution,) in deleted}
    overdrawn = market.shop.marketplace.execute("SELECT email FROM profiles WHERE credits < 0")
    return [one for one in seen if one not in kept] + [
        f"rule 10: {email} is overdrawn" for (email,) in overdrawn
    ]


@dataclass(frozen=True)
class Command:
    """A command of the operator, and the exit codes that the contract allows for it here."""

    words: Callable[[Market], tuple[str, ...]]
    codes: frozenset[int]


def _agent(market: Market) -> str:
    rows = market.shop.marketplace.execute("SELECT id::text FROM agents WHERE name LIKE 'Stall %'")
    return str(random.choice(rows)[0]) if rows else "nobody"


def _execution(market: Market, status: str) -> str:
    rows = market.shop.marketplace.execute(
        "SELECT id::text FROM agent_executions WHERE status = %s ORDER BY random() LIMIT 1", (status,)
    )
    return str(rows[0][0]) if rows else str(uuid.uuid4())


def _run(market: Market) -> tuple[str, ...]:
    key = ("--idempotency-key", random.choice(KEYS)) if random.random() < 0.3 else ()
    return ("run", _agent(market), "topic=Tea", "--user", str(market.somebody()), *key)


MONEY = (
    Command(_run, frozenset({0, 1, 4, 5})),
    Command(_run, frozenset({0, 1, 4, 5})),
    Command(lambda m: ("credits", "grant", str(m.somebody()), "7", "--reason", "x"), frozenset({0, 4})),
    Command(lambda m: ("credits", "refund", _execution(m, "failed"), "--reason", "x"), frozenset({0, 4})),
    Command(lambda _: ("reconcile", "--stale-after", "0s", "--assume", "failed"), frozenset({0, 6})),
    Command(lambda _: ("reconcile", "--stale-after", "1s", "--assume", "success"), frozenset({0, 6})),
)
READING = (
    Command(lambda _: ("history", "--limit", "50"), frozenset({0})),
    Command(lambda _: ("history", "--stats"), frozenset({0})),
    Command(lambda m: ("history", _execution(m, "running")), frozenset({0, 4})),
    Command(lambda m: ("credits", "--user", str(m.somebody())), frozenset({0, 4})),
    Command(lambda _: ("audit",), frozenset({0, 6})),
    Command(lambda _: ("schema-check",), frozenset({0, 6})),
)
MIGRATING = (
    Command(lambda _: ("migrate-full", "--yes", "--give-up-after", "5s"), frozenset({0})),
    Command(
        lambda m: (
            *("migrate-full", "--undo", "--yes", "--discard-data", "--give-up-after", "5s"),
            *("-o", str(m.shop.program.home / f"{uuid.uuid4()}.csv")),
        ),
        frozenset({0}),
    ),
)

# What may be in a command's way for a moment, and is said to be so: a schema that changes, and locks.
_READ = ("schema_changed",)
PASSING = {
    **dict.fromkeys(("history", "credits", "audit", "schema-check", "reconcile"), _READ),
    "migrate-full": ("database", "schema_changed"),
}
OPERATORS = (MONEY, MONEY, MONEY, READING, MIGRATING)


def operate(market: Market, operator: Operator, commands: tuple[Command, ...]) -> None:
    """Type one command after the other, and check how each ends."""
    while market.is_open:
        command = random.choice(commands)
        words = command.words(market)
        judge(market, words, operator(*words, "--json"), command.codes)


def judge(market: Market, words: tuple[str, ...], done: Result, codes: frozenset[int]) -> None:
    error = done.json["error"] if done.stdout else {"code": "nothing was printed"}
    market.did[f"{words[0]}: {done.exit_code} {error['code'] if error else 'done'}"] += 1
    passes = done.exit_code == 3 and error["retryable"] and error["code"] in PASSING.get(words[0], ())
    if not (passes or done.exit_code in codes) or "Traceback" in done.stdout + done.stderr:
        market.complain(f"{words}: {done}")


@contextmanager
def opened(shop: Shop, level: str) -> Iterator[Market]:
    """Set everything up; the default isolation applies to connections that are opened afterwards."""
    for number, reply in enumerate(
        (
            Reply.json(ARTICLE),
            Reply.json({"message": "Error in workflow"}, 500),
            Reply(),
            Reply.json(ARTICLE, delay=0.3),
            Reply.json({"message": "Error in workflow"}, 500, delay=0.3),
        )
    ):
        shop.webhook.script(f"/webhook/stall{number}", reply)
    shop.marketplace.execute(SETUP)
    with shop.marketplace.connect() as connection:
        statement = sql.SQL("ALTER DATABASE {} SET default_transaction_isolation = {}")
        connection.execute(statement.format(sql.Identifier(shop.marketplace.name), level))
        market = Market(shop)
        for _ in range(USERS):
            market.add_user(connection)
        for _ in range(STALLS):
            market.add_agent(connection)
    yield market


@pytest.mark.parametrize("level", LEVELS)
def test_no_concurrent_activity_makes_the_books_wrong(shop: Shop, level: str, record_property: Any) -> None:
    with opened(shop, level) as market, Forks(shop.program) as forks, ExitStack() as leaving:
        operators = [leaving.enter_context(forks.operator()) for _ in OPERATORS]
        for operator in operators:
            assert operator("history").exit_code == 0  # everything is loaded
        threads = leaving.enter_context(ThreadPoolExecutor(WRITERS + len(OPERATORS) + 3))
        market.until = time.monotonic() + SECONDS
        everybody = [
            *[threads.submit(write, market) for _ in range(WRITERS)],
            *[threads.submit(one, market) for one in (delete_users, delete_agents, observe)],
            *[threads.submit(operate, market, *one) for one in zip(operators, OPERATORS, strict=True)],
        ]
        for one in everybody:
            one.result()

    for what, count in sorted(market.did.items()):
        record_property(f"did: {what}", count)
    assert market.complaints == []
    finished = shop.program("reconcile", "--stale-after", "0s", "--assume", "failed", "--json")
    assert finished.exit_code == 0, finished
    assert wrong_now(market) == []
    left = shop.marketplace.execute("SELECT DISTINCT status FROM agent_executions")
    assert {status for (status,) in left} <= {"success", "failed"}
    posts = Counter(request.headers["x-agentctl-execution-id"] for request in shop.webhook.requests)
    assert set(posts.values()) <= {1}
    for figure_of, mark in (("commands", ": "), ("writes", "web ")):
        record_property(figure_of, sum(count for what, count in market.did.items() if mark in what))
