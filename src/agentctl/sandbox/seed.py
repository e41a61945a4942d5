"""Fills a new sandbox database, and keeps the demo agents' webhook addresses right.

It touches no row but those of the demo, and only while the keeper starts.
"""

from pathlib import Path

import psycopg
from psycopg import sql

from agentctl.core.errors import SetupError
from agentctl.resources import sql_bytes
from agentctl.sandbox.cluster import RESET_HINT
from agentctl.sandbox.home import DATABASE, SUPERUSER, Home

_DEMO = Path(__file__).with_name("demo.sql")
_MOVE = """
UPDATE agents SET webhook_url = regexp_replace(webhook_url, %(old)s, %(new)s) WHERE webhook_url ~ %(old)s
"""


def seed(home: Home) -> None:
    """Make the database, its tables and the demo's rows; the agents' addresses still lack the port.

    Raises:
        SetupError: the server does not do it.

    """
    try:
        with psycopg.connect(home.url(SUPERUSER), autocommit=True) as server:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        with psycopg.connect(home.url()) as connection:
            for script in (sql_bytes("minimal"), sql_bytes("credits"), _DEMO.read_bytes()):
                connection.execute(script)
    except psycopg.Error as error:
        raise SetupError(f"The sandbox's database could not be filled: {error}", hint=RESET_HINT) from error


def move_webhooks(home: Home, *, old_port: int, new_port: int) -> None:
    """Point the agents whose webhooks the old port answered to the new one; old port 0 means any.

    Raises:
        SetupError: the table is no longer what the sandbox made.

    """
    old = rf"^http://127\.0\.0\.1:{old_port or '[0-9]+'}/webhook/"
    new = f"http://127.0.0.1:{new_port}/webhook/"
    try:
        with psycopg.connect(home.url()) as connection:
            connection.execute(_MOVE, {"old": old, "new": new})
    except psycopg.Error as error:
        raise SetupError(
            f"The sandbox's agents could not be pointed to port {new_port}: {error}", hint=RESET_HINT
        ) from error
