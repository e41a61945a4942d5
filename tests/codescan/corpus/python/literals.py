import psycopg

BALANCE = "SELECT credits FROM profiles WHERE id = %s"
NICKNAME = "SELECT nickname FROM profiles WHERE id = %s"  # ! code-unknown-column profiles.nickname


def balance(connection: psycopg.Connection, user: str) -> int:
    row = connection.execute(BALANCE, (user,)).fetchone()
    return row[0] if row else 0


def nickname(connection: psycopg.Connection, user: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(NICKNAME, (user,))
        return cursor.fetchone()[0]


def add_tag(connection: psycopg.Connection, label: str) -> None:
    connection.execute("INSERT INTO tags (label) VALUES (%s) ON CONFLICT (label) DO NOTHING", (label,))
    connection.execute("INSERT INTO tags (name) VALUES (%(label)s)", {"label": label})
    # !-1 code-unknown-column tags.name ; code-column-required tags.label
