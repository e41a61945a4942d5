import psycopg

TABLE = "agents"


def by_name(connection: psycopg.Connection, name: str, limit: int) -> list:
    return connection.execute(f"SELECT id FROM {TABLE} WHERE name = %s LIMIT {limit}", (name,)).fetchall()


def dump(connection: psycopg.Connection, table: str) -> list:
    return connection.execute(f"SELECT * FROM {table}").fetchall()  # ? whichever it is


def column(connection: psycopg.Connection, column: str) -> list:
    return connection.execute("SELECT " + column + " FROM agents").fetchall()  # ? whichever it is


def broken(connection: psycopg.Connection, limit: int) -> list:
    query = f"SELECT title FROM agents LIMIT {limit:d}"  # ! code-unknown-column agents.title
    return connection.execute(query).fetchall()
