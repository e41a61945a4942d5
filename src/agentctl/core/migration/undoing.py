"""Takes a migration back: drops the columns that it added, after their content was copied to a file.

Nothing that somebody else has added is touched. The columns are first set aside under other names, in a
moment; from then on nobody writes them, so that what is copied is all there is. Killed in between, it is
finished by the next undo, or taken back by the next migration, with nothing lost.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from psycopg import sql

from agentctl.core.catalog import quoted
from agentctl.core.database import Connection
from agentctl.core.errors import Refused
from agentctl.core.failpoints import Failpoint, passing
from agentctl.core.files import written_whole
from agentctl.core.mapping import SchemaSettings
from agentctl.core.mapping.settings import NOTHING_TOLD
from agentctl.core.migration.apply import Told, apply
from agentctl.core.migration.marks import ASIDE, is_ours
from agentctl.core.migration.plan import LockMode, LockWait, Plan, Step, StepKind
from agentctl.core.migration.statements import RELOAD, brief
from agentctl.core.migration.target import Target, find_target, refuse_with
from agentctl.core.migration.widening import taken_back
from agentctl.core.tracking import BY_NAME, INDEXES, index_name, serves, tracking_of


@dataclass(frozen=True, slots=True)
class Content:
    """How many rows have something in a column that is to be dropped."""

    column: str
    rows: int


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of an undo; `file` has the `rows` that had content, None where there was none."""

    rows: int
    file: Path | None


def plan_undo(
    connection: Connection,
    settings: SchemaSettings = NOTHING_TOLD,
    *,
    wait: LockWait | None = None,
    until: StepKind = StepKind.DROP_COLUMNS,
) -> Plan:
    """Plan to drop what a migration has added, or the way there until a kind of step.

    Raises:
        SchemaLacks: there is no such table, or something in the database needs one of the columns.

    """
    target = find_target(connection, settings)
    refuse_with(_obstacles(target))
    wait = wait or LockWait()
    steps = [*_removed(target), *_set_aside(target, wait)]
    if until is StepKind.DROP_COLUMNS:
        steps += _dropped(target, wait)
    before = tracking_of(target.table, target.columns)
    table = target.table
    return Plan(table.schema, table.name, before, settings, tuple(steps), wait, tuple(_left_alone(target)))


def undo(
    connection: Connection,
    planned: Plan,
    *,
    save_to: Path | None,
    told: Told,
) -> Undone:
    """Follow a plan that `plan_undo` has made.

    Args:
        connection: in autocommit mode.
        planned: what was shown to the operator.
        save_to: a file that is not there yet, for the content of the columns; None refuses to drop any.
        told: hears what goes on.

    Raises:
        Refused: the columns have content, and it is not to be dropped. Nothing is changed.
        SetupError: the file cannot be written. Nothing is changed.
        DatabaseTrouble: a lock was not had in time; what was done stays, and is finished by the next undo.

    """
    planner = partial(plan_undo, settings=planned.settings, wait=planned.wait)
    if save_to is None:
        refuse_to_lose(content(connection, planned.settings))
    apply(connection, planned, partial(planner, until=StepKind.SET_ASIDE), told)
    try:
        undone = _saved(connection, planned, save_to)
    except BaseException:
        apply(connection, planned, partial(_plan_taking_back, planned), told)
        raise
    passing(Failpoint.CONTENT_SAVED)
    apply(connection, planned, planner, told)
    return undone


def content(connection: Connection, settings: SchemaSettings) -> tuple[Content, ...]:
    """Count, in one pass, the rows that have something in the columns which an undo would drop."""
    target = find_target(connection, settings)
    names = _ours(target)
    if not names:
        return ()
    counts = sql.SQL(", ").join(sql.SQL("count(*) FILTER (WHERE {})").format(_says(name)) for name in names)
    query = sql.SQL("SELECT ARRAY[{}] AS counts FROM {}").format(counts, _table(target))
    with connection.transaction():
        connection.execute("SET LOCAL statement_timeout = 0")
        row = connection.execute(query).fetchone()
    found = zip(names, row["counts"] if row else (), strict=True)
    return tuple(Content(name.removeprefix(ASIDE), rows) for name, rows in found if rows)


def refuse_to_lose(found: Sequence[Content]) -> None:
    """Refuse to drop columns that have content.

    Raises:
        Refused: there is some.

    """
    if found:
        told = ", ".join(f"{one.column} ({one.rows} rows)" for one in found)
        msg = f"The columns hold data: {told}. Nothing was changed."
        hint = (
            "With --discard-data they are dropped after a copy of that data was written to a file "
            "(--output FILE)."
        )
        raise Refused(msg, hint=hint, code="holds_data")


def _saved(connection: Connection, planned: Plan, save_to: Path | None) -> Undone:
    if save_to is None:
        refuse_to_lose(content(connection, planned.settings))
        return Undone(0, None)
    target = find_target(connection, planned.settings)
    names = _ours(target)
    if not names:
        return Undone(0, None)
    rows = _copy(connection, target, names, save_to)
    return Undone(rows, save_to)


def _copy(connection: Connection, target: Target, names: Sequence[str], save_to: Path) -> int:
    keys = [name for key in target.table.constraints if key.kind == "primary key" for name in key.columns]
    shown: list[sql.Composable] = [sql.Identifier(name) for name in keys or [target.columns["id"]]]
    shown += [
        sql.SQL("{} AS {}").format(sql.Identifier(name), sql.Identifier(name.removeprefix(ASIDE)))
        for name in names
    ]
    query = sql.SQL("COPY (SELECT {} FROM {} WHERE {}) TO STDOUT (FORMAT csv, HEADER)").format(
        sql.SQL(", ").join(shown), _table(target), sql.SQL(" OR ").join(map(_says, names))
    )
    # Customers' inputs and results: for the operator's eyes.
    with written_whole(save_to, mode=0o600) as file, connection.transaction():
        connection.execute("SET LOCAL statement_timeout = 0")
        cursor = connection.cursor()
        with cursor.copy(query) as copy:
            for chunk in copy:
                file.write(chunk)
        return cursor.rowcount


def _says(name: str) -> sql.Composed:
    """Whether a column says something of a row; that it has cost nothing is what every new row says."""
    default = BY_NAME[name.removeprefix(ASIDE)].default if name.removeprefix(ASIDE) in BY_NAME else None
    said = sql.SQL("{} IS NOT NULL").format(sql.Identifier(name))
    return said if default is None else said + sql.SQL(" AND {} <> 0").format(sql.Identifier(name))


def _table(target: Target) -> sql.Identifier:
    return sql.Identifier(target.table.schema, target.table.name)


def _ours(target: Target) -> list[str]:
    """Return the columns that a migration has added, under their present names."""
    return [column.name for column in target.survey.table.columns if is_ours(column)]


def _obstacles(target: Target) -> Iterator[str]:
    for column in target.survey.table.columns:
        if is_ours(column) and column.needed_by:
            yield f"{target.table.name}.{column.name} is needed by {', '.join(column.needed_by)}."


def _left_alone(target: Target) -> Iterator[str]:
    ours = _ours(target)
    for part in BY_NAME:
        name = target.columns.get(part)
        if name is not None and name not in ours:
            yield f"{target.table.name}.{name} is left: migrate-full did not add it."


def _removed(target: Target) -> Iterator[Step]:
    """Drop the indexes while nobody notices; those of partitions can only fall with their columns."""
    if len(target.survey.members) > 1:
        return
    table, ours = target.table, _ours(target)
    for part, order in INDEXES.items():
        column = target.columns.get(part)
        index = table.index(index_name(table.name, column)) if column in ours and column is not None else None
        if index is not None and column is not None and serves(index, f"{quoted(column)}{order}"):
            name = sql.Identifier(table.schema, index.name).as_string()
            statement = f"DROP INDEX CONCURRENTLY IF EXISTS {name}"
            yield Step(
                StepKind.REMOVE_INDEX,
                index.name,
                (statement,),
                LockMode.SHARE_UPDATE_EXCLUSIVE,
                brief=False,
                undo=index.definition,
            )


def _set_aside(target: Target, wait: LockWait) -> Iterator[Step]:
    names = [name for name in _ours(target) if not name.startswith(ASIDE)]
    if names:
        table = target.survey.table.sql
        renamed = (f"ALTER TABLE {table} RENAME COLUMN {name} TO {ASIDE}{name}" for name in names)
        undone = ";\n".join(f"ALTER TABLE {table} RENAME COLUMN {ASIDE}{name} TO {name}" for name in names)
        statements = brief(wait, *renamed, RELOAD, family=target.survey)
        yield Step(StepKind.SET_ASIDE, ", ".join(names), statements, LockMode.ACCESS_EXCLUSIVE, undo=undone)


def _dropped(target: Target, wait: LockWait) -> Iterator[Step]:
    names = [name.removeprefix(ASIDE) for name in _ours(target)]
    if names:
        table = target.survey.table.sql
        clauses = ",\n    ".join(f"DROP COLUMN IF EXISTS {ASIDE}{name}" for name in names)
        statements = brief(wait, f"ALTER TABLE {table}\n    {clauses}", family=target.survey)
        yield Step(StepKind.DROP_COLUMNS, ", ".join(names), statements, LockMode.ACCESS_EXCLUSIVE)


def _plan_taking_back(planned: Plan, connection: Connection) -> Plan:
    target = find_target(connection, planned.settings)
    aside = [name.removeprefix(ASIDE) for name in _ours(target) if name.startswith(ASIDE)]
    return replace(planned, steps=tuple(taken_back(target, aside, planned.wait)))
