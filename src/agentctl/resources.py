"""Finds the SQL files that a DBA reviews, both in a checkout and in an installed wheel.

It reads text that ships with the program, and no database.
"""

from pathlib import Path

_PACKAGED = Path(__file__).parent / "sql"
_CHECKOUT = Path(__file__).parents[2] / "sql"


def sql_bytes(name: str) -> bytes:
    """Return the text of `sql/<name>.sql`.

    It returns bytes because psycopg's types accept those as a query that is not composed at run time.

    Raises:
        FileNotFoundError: the program is installed without its SQL files.

    """
    folder = _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT
    return (folder / f"{name}.sql").read_bytes()
