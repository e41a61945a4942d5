import psycopg


def names(connection: psycopg.Connection) -> list[str]:
    cursor = connection.execute(
        "SELECT a.name "
        "FROM agents AS a "
        "LEFT JOIN agent_plans AS p ON p.agent_id = a.id "  # ! code-unknown-table agent_plans
        "ORDER BY a.name"
    )
    return [name for (name,) in cursor]


async def emails(connection: psycopg.AsyncConnection) -> list[str]:
    cursor = await connection.execute("SELECT email " + "FROM profiles " + "ORDER BY created_at")
    return [email async for (email,) in cursor]
