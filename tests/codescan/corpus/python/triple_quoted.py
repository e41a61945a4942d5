from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

pool = ConnectionPool(open=False)


def runs(user: str) -> list[dict]:
    with pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(
            """
            SELECT e.id,
                   e.status,
                   e.duration,
                   a.name
            FROM agent_executions e
            JOIN agents a ON a.id = e.agent_id
            WHERE e.user_id = %s
            """,
            [user],
        )
        # !-8 code-unknown-column agent_executions.duration
        return cursor.fetchall()
