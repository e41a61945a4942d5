"""The cursor that leads from one page of executions to the next: the last row's time and id.

It is no secret: whoever makes one up gets another page of what they may see anyway.
"""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from uuid import UUID

from psycopg import sql

from agentctl.core.database.quoting import compose
from agentctl.core.errors import UsageError
from agentctl.core.mapping import Marketplace
from agentctl.core.models import Execution, Key

_ID_TYPES: Mapping[str, Callable[[str], Key]] = {"uuid": UUID, "bigint": int, "integer": int, "smallint": int}
# Stands in a cursor for a time that Python cannot represent; PostgreSQL prints some that it cannot read.
_OTHER_TIME = True


def list_conditions_after(market: Marketplace, cursor: str | None) -> list[sql.Composed]:
    """Return the condition for the rows after a cursor, if there is one; rows without a time sort first."""
    if cursor is None:
        return []
    created_at, key = _parse_cursor(cursor, id_type=market.executions.base_type("id"))
    values = {"at": sql.Literal(created_at), "key": sql.Literal(key), "executions": market.executions.rows}
    if created_at is None:
        text = "((e.created_at IS NULL AND e.id < {key}) OR e.created_at IS NOT NULL)"
        return [compose(text, **values)]
    if created_at is _OTHER_TIME:
        last = "(SELECT c.created_at, c.id FROM {executions} AS c WHERE c.id = {key})"
        return [compose(f"(e.created_at, e.id) < {last}", **values)]
    return [compose("(e.created_at, e.id) < ({at}, {key})", **values)]


def write_cursor(last: Execution) -> str:
    """Return the cursor that leads behind an execution."""
    at = last.creation.raw if last.creation is not None else None
    position = [at.isoformat() if isinstance(at, date) else at and _OTHER_TIME, str(last.id)]
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def _parse_cursor(cursor: str, *, id_type: str) -> tuple[str | bool | None, Key]:
    try:
        created_at, key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if created_at is not None and created_at is not _OTHER_TIME:
            datetime.fromisoformat(created_at)
        return created_at, _ID_TYPES.get(id_type, str)(key)
    except (ValueError, TypeError, AttributeError):
        raise UsageError(
            "agentctl did not issue that cursor for this table.",
            hint="Use the complete next_cursor of the previous page.",
        ) from None
