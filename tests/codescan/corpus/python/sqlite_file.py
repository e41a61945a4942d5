"""A cache in a file of its own, which has nothing to do with the marketplace."""

import sqlite3


def remember(path: str, key: str, value: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS cache (key text PRIMARY KEY, value text)")
        connection.execute("INSERT INTO cache (key, value) VALUES (?, ?)", (key, value))


def recall(path: str, key: str) -> str | None:
    with sqlite3.connect(path) as connection:
        row = connection.execute("SELECT value FROM cache WHERE key = ?", (key,)).fetchone()
    return row[0] if row else None
