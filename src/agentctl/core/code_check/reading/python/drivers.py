"""Decides which database the SQL of a Python file is for, by what the file imports.

It does not know what other files import.
"""

import ast
from collections.abc import Iterator

_POSTGRES = frozenset(
    {
        "aiopg",
        "asyncpg",
        "databases",
        "django",
        "peewee",
        "pg8000",
        "pgdb",
        "pony",
        "postgresql",
        "psycopg",
        "psycopg2",
        "psycopg_pool",
        "records",
        "sqlmodel",
        "tortoise",
    }
)
_OTHERS = frozenset(
    {
        "MySQLdb",
        "aiomysql",
        "aioodbc",
        "aiosqlite",
        "apsw",
        "asyncmy",
        "cassandra",
        "clickhouse_connect",
        "clickhouse_driver",
        "cx_Oracle",
        "databricks",
        "duckdb",
        "firebirdsql",
        "google.cloud.bigquery",
        "ibm_db",
        "impala",
        "libsql",
        "mysql",
        "oracledb",
        "prestodb",
        "pyhive",
        "pymssql",
        "pymysql",
        "pyodbc",
        "pyspark",
        "pysqlite3",
        "redshift_connector",
        "snowflake",
        "sqlite3",
        "sqlite_utils",
        "teradatasql",
        "trino",
        "vertica_python",
    }
)
_MIGRATIONS = frozenset({"alembic", "django.db.migrations", "yoyo"})


def is_for_postgres(module: ast.Module) -> bool:
    """Whether the SQL of a file can be meant for the live database: for PostgreSQL, and no migration."""
    imported = {prefix for name in _list_imported(module) for prefix in _list_prefixes(name)}
    if imported & _MIGRATIONS:
        return False
    return not imported & _OTHERS or bool(imported & _POSTGRES)


def _list_imported(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _list_prefixes(name: str) -> Iterator[str]:
    """Return a dotted name and the names of all modules that contain it."""
    parts = name.split(".")
    return (".".join(parts[:end]) for end in range(1, len(parts) + 1))
