"""Looks at the values of references that are read as another type, before anything is written into them.

Where the rows have something else than the keys, agentctl's row would be the only one of its kind.
"""

from collections.abc import Iterator

from psycopg import sql

from agentctl.core.database.connection import Connection
from agentctl.core.database.statements import Statement
from agentctl.core.errors import SchemaLacks
from agentctl.core.mapping import Marketplace, TableRole
from agentctl.core.mapping.key_casts import is_uuid

_MOST_ROWS = 1000
_UNWRITABLE = frozenset({"key-elsewhere", "key-mismatch", "ledger-transfers"})


def require_fitting_keys(connection: Connection, market: Marketplace, *, charge: bool) -> None:
    """Refuse to write where a reference cannot hold a key, or where rows hold something else than keys.

    Args:
        connection: any; nothing is written.
        market: the tables.
        charge: whether credits are moved, too.

    Raises:
        SchemaLacks: a ledger's rows refer to others than the users, or to two users; a uuid refers to texts,
            or a text holds no uuids where a uuid's text would be written.

    """
    for finding in market.charge_obstacles if charge else ():
        if finding.id in _UNWRITABLE:
            raise SchemaLacks(finding.message, hint=finding.hint, code=finding.id.replace("-", "_"))
    for section, role, part in _list_texts(market, charge=charge):
        if _holds_others(connection, role, part):
            raise SchemaLacks(
                f"{role.name}.{role.columns[part]} holds other values than the uuids that it seems to "
                "refer to.",
                hint=f'If another column is meant: [profiles.NAME.schema.{section}] {part} = "COLUMN"',
                code="key_mismatch",
            )


def compose_samples(market: Marketplace, *, charge: bool) -> list[Statement]:
    """Return the statements that `require_fitting_keys` asks, in its order."""
    return [_compose_sample(role, part) for _, role, part in _list_texts(market, charge=charge)]


def _list_texts(market: Marketplace, *, charge: bool) -> Iterator[tuple[str, TableRole, str]]:
    """Yield each reference that is a text and seems to refer to a uuid: its section, its table, its part."""
    roles: dict[str, TableRole | None] = {"executions": market.executions}
    if charge:
        roles |= {"balances": market.balances, "ledger": market.ledger}
    for section, role in roles.items():
        if role is not None:
            yield from ((section, role, part) for part, cast in role.casts.items() if cast == "uuid")


def _holds_others(connection: Connection, role: TableRole, part: str) -> bool:
    """Whether some rows hold no uuid; of a ledger's references, which may be to purchases, whether all do."""
    row = connection.run(_compose_sample(role, part)).fetchone()
    return row is not None and (row["any_fits"] if part == "execution" else row["all_fit"]) is False


def _compose_sample(role: TableRole, part: str) -> Statement:
    column = sql.Identifier(role.columns[part])
    query = role.query(
        "SELECT bool_or(fits) AS any_fits, bool_and(fits) AS all_fit FROM ("
        "SELECT {fits} AS fits FROM {table} WHERE {column} IS NOT NULL LIMIT {most}) AS sampled",
        fits=is_uuid(column),
        column=column,
        most=sql.Literal(_MOST_ROWS),
    )
    return Statement(query)
