import psycopg
from psycopg import sql


def count(connection: psycopg.Connection, table: str) -> int:
    query = sql.SQL("SELECT count(*) FROM {} WHERE {} IS NULL").format(
        sql.Identifier(table), sql.Identifier("deleted_at")
    )
    row = connection.execute(query).fetchone()
    return row[0] if row else 0


def truncate(connection: psycopg.Connection, names: list[str]) -> None:
    for name in names:
        connection.execute("TRUNCATE " + name)
    connection.execute("SET LOCAL lock_timeout = '1s'")
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (1,))
    connection.execute("LISTEN runs")
