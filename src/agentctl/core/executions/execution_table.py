"""The executions' table: choosing an id, recording, settling, reading back.

Every function works inside the caller's transaction and commits nothing. Only columns that exist and can hold
the content are written. Webhooks and the rules of credits are not known here.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid4, uuid5

from msgspec import Struct
from psycopg import sql
from psycopg.types.json import Jsonb

from agentctl.core.database.connection import Connection
from agentctl.core.database.quoting import compose
from agentctl.core.database.statements import Statement
from agentctl.core.errors import SchemaLacks, UsageError
from agentctl.core.executions.visibility import is_blank
from agentctl.core.mapping import Executions
from agentctl.core.mapping.insertion import NOW, insertion, placeholder, shortened
from agentctl.core.models import NO_STATUS, Key, Status
from agentctl.core.strict_json import read_stored_json, write_json
from agentctl.core.times import Moment, moment_of

# UUIDv5 needs a namespace; it never changes, so that a key means the same execution for ever.
_NAMESPACE = UUID("6f1d6b0e-2f0c-5a53-9d0a-3f1f0a4f7a11")
_INTEGERS = frozenset({"smallint", "integer", "bigint"})
_JSON_COLUMNS = frozenset({"inputs", "result"})
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL's text can hold neither
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# An escape as json.dumps writes it: U+0000, both halves of a character, a lone half, or any other.
_ESCAPE = re.compile(r"\\u0000|\\ud[89ab]..\\ud[c-f]..|\\ud[89a-f]..|\\.")


class Written(Struct, frozen=True):
    """What a statement wrote.

    Attributes:
        at: by the database's clock.
        columns: the optional columns that were written.
        creation: the created_at of a row that was inserted; None where it cannot be read back.

    """

    at: datetime
    columns: tuple[str, ...] = ()
    creation: Moment | None = None


class Identity(Struct, frozen=True):
    """The identity of an execution.

    Attributes:
        id: chosen before anything is written.
        key: what identifies it in a unique column, where it has an idempotency key and the id cannot hold it.

    """

    id: Key
    key: str | None = None


def choose_identity(
    connection: Connection, executions: Executions, *, user: Key, agent: Key, idempotency_key: str | None
) -> Identity:
    """Choose the identity of an execution that is still to be written.

    An idempotency key becomes the UUIDv5 over user, agent and key. Where the id is a UUID and unique, that is
    the id, and the primary key itself enforces "one key, one execution"; elsewhere a unique column must. Ids
    from a sequence are taken from it.

    Raises:
        UsageError: the idempotency key is empty, or nothing in this table would enforce it.
        SchemaLacks: agentctl does not know ids of this type.

    """
    derived = None
    if idempotency_key is not None:
        require_key(idempotency_key)
        derived = key_to_id(str(user), str(agent), idempotency_key)
    kind = executions.base_type("id")
    if derived is not None and kind not in _INTEGERS and _is_unique(executions, "id"):
        return Identity(derived if kind == "uuid" else str(derived))
    if derived is not None and not _is_unique(executions, "key"):
        raise UsageError(
            f"Nothing in {executions.name} can ensure that an idempotency key is used only once.",
            hint="Leave out --idempotency-key, or add a unique text column and name it: "
            '[profiles.NAME.schema.executions] key = "COLUMN"',
        )
    return Identity(_fresh_id(connection, executions, kind), None if derived is None else str(derived))


def _fresh_id(connection: Connection, executions: Executions, kind: str) -> Key:
    if kind in _INTEGERS:
        return _next_number(connection, executions)
    if kind not in {"uuid", "text", "character varying"}:
        raise SchemaLacks(f"agentctl cannot choose an execution's id of type {kind}.")
    return uuid4() if kind == "uuid" else str(uuid4())


def _is_unique(executions: Executions, part: str) -> bool:
    """Whether an index makes a column unique: a partitioned table often has none, and a view never."""
    return part in executions and executions.table.is_unique(executions.columns[part])


def require_key(idempotency_key: str) -> None:
    """Refuse an empty key: an unset variable in a script would make all its runs one.

    Raises:
        UsageError: it is empty, or has no character that can be seen.

    """
    if is_blank(idempotency_key):
        what = "has no visible character" if idempotency_key else "is empty"
        raise UsageError(
            f"The idempotency key {what}.",
            hint="Choose one that is used for nothing else, or leave out the option.",
        )


def key_to_id(*parts: str) -> UUID:
    """Derive an id from texts; it is the same for ever."""
    return uuid5(_NAMESPACE, json.dumps(parts))


def _next_number(connection: Connection, executions: Executions) -> Key:
    column = executions.column("id")
    if column is None or column.sequence is None:
        raise SchemaLacks(f"The ids of {executions.table.name} are numbers that do not come from a sequence.")
    sequence = {"sequence": column.sequence}
    return int(connection.read_value("SELECT nextval(%(sequence)s::regclass) AS id", sequence))


class Writing(Struct, frozen=True):
    """A statement that writes an execution's row.

    Attributes:
        statement: it returns when it wrote, or no row where it wrote nothing.
        columns: the optional columns that it writes.

    """

    statement: Statement
    columns: tuple[str, ...]


def record(
    connection: Connection, executions: Executions, execution: Identity, writing: Writing
) -> Written | None:
    """Insert an execution, as `compose_record` has it; None where its id, or its key, exists already.

    Args:
        connection: in a transaction.
        executions: the table.
        execution: its identity.
        writing: the statement.

    """
    row = connection.run(writing.statement).fetchone()
    if row is None:
        return None
    created_at = _read_creation(connection, executions, execution.id) if executions.is_filtered else row
    creation = moment_of(created_at["created_at"], executions.zone)
    return Written(at=row["at"], columns=writing.columns, creation=creation)


def compose_record(
    executions: Executions,
    *,
    execution: Identity,
    user: Key,
    agent: Key,
    agent_version: object = None,
    facts: Mapping[str, object],
) -> Writing:
    """Return the statement that inserts an execution as running, if there is none yet.

    Args:
        executions: the table.
        execution: its identity, chosen beforehand.
        user: who pays.
        agent: what is run.
        agent_version: of the agent, where agents have versions.
        facts: contents of optional columns by name; the table's missing columns are left out.

    """
    optional = _keep_storable(executions, {**facts, "started_at": NOW})
    status = executions.statuses.written[Status.RUNNING]
    values = {"id": execution.id, "user": user, "agent": agent, "status": status, **optional}
    values |= {"agent_version": agent_version} if agent_version is not None else {}
    values |= {"key": execution.key} if execution.key is not None else {}
    values |= _set_flag(executions, None)
    insert, parameters = insertion(executions, values)
    query = compose(
        "{} ON CONFLICT {} DO NOTHING RETURNING statement_timestamp() AS at, {} AS created_at",
        insert,
        _name_conflict(executions, execution),
        _returnable_creation(executions),
    )
    return Writing(Statement(query, parameters), tuple(optional))


def _read_creation(connection: Connection, executions: Executions, execution: Key) -> dict[str, object]:
    row: dict[str, object] | None = connection.run(compose_creation(executions, execution)).fetchone()
    return row or {"created_at": None}


def compose_creation(executions: Executions, execution: Key) -> Statement:
    """Return the statement that reads when a row was made, where writing it cannot return that."""
    query = compose("SELECT e.created_at FROM {} AS e WHERE e.id = %(id)s", executions.rows)
    return Statement(query, {"id": execution})


def _returnable_creation(executions: Executions) -> sql.Composable:
    """Return the column to read back, if any: row level security might refuse the row because of it."""
    returnable = "created_at" in executions and not executions.is_filtered
    return executions.query("{created_at}") if returnable else sql.SQL("NULL::timestamptz")


def _name_conflict(executions: Executions, execution: Identity) -> sql.Composable:
    """Return the columns whose conflict means that the execution exists; without an index, any conflict."""
    if execution.key is not None:
        return executions.query("({key})")
    return executions.query("({id})") if _is_unique(executions, "id") else sql.SQL("")


def settle(connection: Connection, writing: Writing) -> Written | None:
    """Write an execution's outcome, as `compose_settling` has it; None where somebody else has settled it.

    Args:
        connection: in a transaction.
        writing: the statement.

    """
    row = connection.run(writing.statement).fetchone()
    return Written(at=row["at"], columns=writing.columns) if row else None


def compose_settling(
    executions: Executions,
    *,
    execution: Key,
    status: Status,
    facts: Mapping[str, object],
    creation: Moment | None = None,
) -> Writing:
    """Return the statement that writes an execution's outcome, if it is open.

    Args:
        executions: the table.
        execution: its id.
        status: the outcome.
        facts: contents of optional columns by name.
        creation: of the row that is meant, where another one might have taken its place under the same id.

    Raises:
        SchemaLacks: it is not known which column has the status.

    """
    executions.require_status()
    optional = _keep_storable(executions, {"completed_at": NOW, **facts})
    values = {"status": executions.statuses.written[status], **optional, **_touch_update_time(executions)}
    values |= _set_flag(executions, status)
    values = {part: shortened(executions, part, value) for part, value in values.items()}
    assignments = (
        compose("{} = {}", sql.Identifier(executions.columns[part]), placeholder(part, value))
        for part, value in values.items()
    )
    query = executions.query(
        "UPDATE {table} SET {assignments} WHERE {id} = %(id)s AND {status}::text = ANY (%(open)s) "
        "AND {same_row} RETURNING statement_timestamp() AS at",
        assignments=sql.SQL(", ").join(assignments),
        same_row=_same_row(executions, creation),
    )
    created_at = creation.raw if creation is not None and creation.is_exact else None
    identity = {"id": execution, "open": executions.open_words, "creation": created_at}
    return Writing(Statement(query, {**values, **identity}), tuple(optional))


def _same_row(executions: Executions, creation: Moment | None) -> sql.Composable:
    if creation is None or not creation.is_exact or "created_at" not in executions:
        return sql.SQL("TRUE")
    return executions.query("{created_at} = %(creation)s")


def _touch_update_time(executions: Executions) -> dict[str, object]:
    column = executions.column("updated_at")
    return {"updated_at": NOW} if column is not None and column.updatable and not column.generated else {}


def _set_flag(executions: Executions, outcome: Status | None) -> dict[str, object]:
    """Return whether an execution has succeeded, for a column of that: its default would be believed."""
    column = executions.column("succeeded")
    if column is None or column.generated or not (column.updatable if outcome else column.insertable):
        return {}
    return {"succeeded": outcome is Status.SUCCESS if outcome or not column.nullable else None}


def _keep_storable(executions: Executions, facts: Mapping[str, object]) -> dict[str, object]:
    able = executions.recordable
    return {name: _make_storable(name, value) for name, value in facts.items() if name in able}


def _make_storable(name: str, value: object) -> object:
    if name in _JSON_COLUMNS and value is not None:
        return Jsonb(value, dumps=_write_storable_json)
    if isinstance(value, str):
        return _NOT_STORABLE.sub(_REPLACEMENT, value)
    return value


def as_stored(value: object) -> object:
    """Return a JSON value as it would be read back from the database."""
    return read_stored_json(_write_storable_json(value))


def _write_storable_json(value: object) -> str:
    """Write JSON that jsonb accepts: without U+0000 and lone surrogates."""
    return _ESCAPE.sub(_replace_escape, write_json(value))


def _replace_escape(escape: re.Match[str]) -> str:
    lone = escape[0] == r"\u0000" or (escape[0].startswith(r"\ud") and len(escape[0]) == len(r"\ud800"))
    return r"\ufffd" if lone else escape[0]


def lock_execution(connection: Connection, executions: Executions, execution: Key) -> str | None:
    """Take the lock that settling takes, and return the status under it; None where the row is gone."""
    executions.require_status()
    query = executions.query("SELECT {status}::text AS word FROM {table} WHERE {id} = %(id)s FOR UPDATE")
    row = connection.execute(query, {"id": execution}).fetchone()
    return executions.statuses.read.get(row["word"], row["word"] or NO_STATUS) if row else None
