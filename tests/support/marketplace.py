"""Gives each test its own database: a copy of a template that is made once on every server.

It uses nothing of agentctl except the SQL files that ship with it, so a test can trust what it sees here.
"""

import atexit
import contextlib
import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from agentctl.resources import sql_bytes
from support.postgres import Server

DEMO = Path(__file__).with_name("marketplace.sql")
_CUSTOMERS = Path(__file__).with_name("customers.sql")
SEED_TABLE = Path(__file__).with_name("seed_table.sql").read_bytes()
"""A marketplace that was made by hand; it wants an empty database."""
_EMPTY = "template0"
_OPTIONAL: dict[str, LiteralString] = {
    "workflow_id": "text",
    "inputs": "jsonb",
    "result": "jsonb",
    "error": "text",
    "credits_used": "integer DEFAULT 0",
    "started_at": "timestamptz",
    "completed_at": "timestamptz",
}
OPTIONAL_COLUMNS = tuple(_OPTIONAL)

Connection = psycopg.Connection[TupleRow]


@dataclass(frozen=True, slots=True)
class Database:
    """One test's database, used as its superuser."""

    server: Server
    name: str

    @property
    def url(self) -> str:
        """The URL over TCP with the superuser's password."""
        return self.server.url(self.name)

    def connect(self) -> Connection:
        """Return a new connection in autocommit mode; as a context manager it closes itself."""
        return psycopg.connect(self.server.socket_url(self.name), autocommit=True)

    def execute(self, statement: LiteralString | bytes, params: Sequence[Any] = ()) -> list[TupleRow]:
        """Run one statement on a connection of its own and return its rows; none if it has none."""
        with self.connect() as connection:
            cursor = connection.execute(statement, params or None)
            return cursor.fetchall() if cursor.description else []

    def add_role(self, name: LiteralString, *, password: str = "role-password") -> str:
        """Create a login role without any privilege, and return the URL by which it connects.

        Roles belong to the server, which other tests share: the real name is in the URL, and starts with
        the database's.
        """
        role = f"{self.name}_{name}"
        create = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), password)
        with self.connect() as connection:
            connection.execute(create)
        return self.server.url(self.name, user=role, password=password)


@dataclass(frozen=True, slots=True)
class Marketplace(Database):
    """A database with the reference schema and the data of marketplace.sql."""

    def set_webhook(self, agent: str, url: str) -> None:
        """Let the agent of that exact name be called at `url`."""
        updated = self.execute(
            "UPDATE agents SET webhook_url = %s WHERE name = %s RETURNING id", (url, agent)
        )
        assert updated, f"no agent {agent!r}"


def create_customers(server: Server) -> None:
    """Create the roles of a customer's browser where a server has none."""
    with psycopg.connect(server.socket_url("postgres"), autocommit=True) as connection:
        connection.execute(_CUSTOMERS.read_bytes())


@contextlib.contextmanager
def empty_database(server: Server) -> Iterator[Database]:
    """Create an empty database, and drop it afterwards even if somebody is connected."""
    with _copy_template(server, _EMPTY) as name:
        yield Database(server, name)


@contextlib.contextmanager
def marketplace(server: Server, columns: Collection[str] = ()) -> Iterator[Marketplace]:
    """Make a marketplace whose agent_executions has these optional columns, and drop it afterwards."""
    with _copy_template(server, _get_template(server, frozenset(columns))) as name:
        yield Marketplace(server, name)


@contextlib.contextmanager
def _copy_template(server: Server, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    database = sql.Identifier(name)
    # The other strategy writes every page into the log, too.
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
    drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database)
    _run_as_administrator(server, create.format(database, sql.Identifier(template)))
    try:
        yield name
    finally:
        _run_as_administrator(server, drop)


@cache
def _get_template(server: Server, columns: frozenset[str]) -> str:
    """Return the name of the template with these columns, and create it first if necessary."""
    unknown = set(columns) - set(_OPTIONAL)
    assert not unknown, f"not optional columns: {unknown}"
    name = "template_" + "".join(str(int(column in columns)) for column in OPTIONAL_COLUMNS)
    with _connect_administrator(server) as admin, admin.transaction():
        # A transaction, so that one process makes it while the others wait; CREATE DATABASE runs in none.
        admin.execute("SELECT pg_advisory_xact_lock(1)")
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
            _make_template(server, name, columns)
    return name


def _make_template(server: Server, name: str, columns: Collection[str]) -> None:
    unfinished = Database(server, f"{name}_unfinished")
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    _run_as_administrator(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(unfinished.name)))
    with unfinished.connect() as connection:
        for text in (sql_bytes("minimal"), sql_bytes("credits"), DEMO.read_bytes()):
            connection.execute(text)
        for column, kind in _OPTIONAL.items():
            if column in columns:
                connection.execute(_add_column(column, kind))
    _run_as_administrator(server, rename.format(sql.Identifier(unfinished.name), sql.Identifier(name)))


def _add_column(column: str, kind: LiteralString) -> sql.Composed:
    add = sql.SQL("ALTER TABLE agent_executions ADD COLUMN {} {}")
    return add.format(sql.Identifier(column), sql.SQL(kind))


def _run_as_administrator(server: Server, statement: sql.Composed) -> None:
    """Run a statement that creates or drops databases, on this process's one connection for that."""
    try:
        _get_administrator(server).execute(statement)
    except psycopg.OperationalError:  # a test has stopped its server, and started it again
        _get_administrator.cache_clear()
        _get_administrator(server).execute(statement)


@cache
def _get_administrator(server: Server) -> Connection:
    connection = _connect_administrator(server)
    atexit.register(connection.close)
    return connection


def _connect_administrator(server: Server) -> Connection:
    return psycopg.connect(server.socket_url("postgres"), autocommit=True)
