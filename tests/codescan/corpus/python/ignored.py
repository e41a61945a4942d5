import psycopg


def facts(connection: psycopg.Connection) -> list:
    # agentctl-ignore: code-unknown-table
    connection.execute("SELECT day FROM warehouse_facts")
    connection.execute("SELECT day FROM warehouse_days")  # agentctl-ignore
    cursor = connection.execute("SELECT day FROM warehouse_hours")  # ! code-unknown-table warehouse_hours
    return cursor.fetchall()
