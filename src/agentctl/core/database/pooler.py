"""Recognizes a pooler that hands each transaction to another server."""

from agentctl.core.database.connection import Connection

_LOOKS = 5


def shares_servers(connection: Connection) -> bool:
    """Whether nothing can live in this connection's session, because of a pooler in transaction mode.

    It is proof if two connections reach the same server, or one connection reaches two. A direct connection
    reports its server's process id, where a pooler makes one up.

    Args:
        connection: in autocommit mode, and not in a transaction.

    """
    if _read_server_pid(connection) == connection.info.backend_pid:
        return False
    mine, others = set(), set()
    with connection.database.connect() as other:
        for _ in range(_LOOKS):
            mine.add(_read_server_pid(connection))
            others.add(_read_server_pid(other))
    return len(mine) > 1 or len(others) > 1 or bool(mine & others)


def _read_server_pid(connection: Connection) -> int:
    return int(connection.read_value("SELECT pg_backend_pid() AS pid"))
