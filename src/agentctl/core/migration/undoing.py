"""Takes a migration back: drops the columns that it added, after their content was copied to a file.

Nothing that somebody else has added is touched. The columns are first set aside under other names, in a
moment; from then on nobody writes them, so that what is copied is all there is. Where something fails after
that, they get their names back. Killed in between, it is finished by the next undo, or taken back by the next
migration, with nothing lost.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from psycopg import sql

from agentctl.core.database.connection import Connection, Database
from agentctl.core.database.quoting import compose
from agentctl.core.errors import AgentctlError, DatabaseTrouble, Refused, SchemaLacks
from agentctl.core.failpoints import Failpoint, passing
from agentctl.core.files.writing import written_whole
from agentctl.core.mapping import SchemaSettings
from agentctl.core.mapping.optional_columns import BY_NAME, INDEXES, index_name, serves, tracking_of
from agentctl.core.mapping.settings import NOTHING_TOLD
from agentctl.core.migration.apply import Told, apply
from agentctl.core.migration.marks import ASIDE, AddedColumn
from agentctl.core.migration.plan import LockMode, LockWait, Plan, Step, StepKind
from agentctl.core.migration.statements import RELOAD, brief, drop_columns, drop_index, rename_column
from agentctl.core.migration.survey import Survey, survey
from agentctl.core.migration.target import Target, find_target, refuse_with
from agentctl.core.migration.widening import take_back


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
    connection: Connection, settings: SchemaSettings = NOTHING_TOLD, *, wait: LockWait | None = None
) -> Plan:
    """Plan to drop what a migration has added.

    Raises:
        SchemaLacks: there is no such table, or something in the database needs one of the columns.

    """
    target = find_target(connection, settings)
    family, columns = target.survey, target.added.all
    refuse_with(_obstacles(family, columns))
    wait = wait or LockWait()
    steps = (
        *_remove_indexes(family, columns),
        *_set_aside(family, target.added.in_use, wait),
        *_drop(family, columns, wait),
    )
    before = tracking_of(target.table, target.columns)
    remarks, key = tuple(_left_alone(target)), tuple(_key(target))
    return Plan(target.table.schema, target.table.name, before, settings, steps, wait, remarks, columns, key)


def _key(target: Target) -> list[str]:
    keys = [constraint.columns for constraint in target.table.constraints if constraint.kind == "primary key"]
    return [name for columns in keys for name in columns] or [target.columns["id"]]


def undo(connection: Connection, planned: Plan, *, save_to: Path | None, told: Told) -> Undone:
    """Follow a plan that `plan_undo` has made, and touch no other columns than it has named.

    Args:
        connection: in autocommit mode.
        planned: what was shown to the operator.
        save_to: a file that is not there yet, for the content of the columns; None refuses to drop any.
        told: hears what goes on.

    Raises:
        Refused: the columns have content, and it is not to be dropped.
        SetupError: the file cannot be written.
        DatabaseTrouble: a lock was not had in time, or, with the code `set_aside`, something failed and the
            columns could not get their names back; the next undo or the next migration sees to it.

    Whatever it raises, the columns have their names, with that one exception.

    """
    if save_to is None:
        refuse_to_lose(content(connection, planned))
    try:
        apply(connection, planned, partial(_plan_setting_aside, planned), told)
        undone = _save(connection, planned, save_to)
        passing(Failpoint.CONTENT_SAVED)
        apply(connection, planned, partial(_plan_dropping, planned), told)
    except BaseException:
        _give_names_back(connection.database, planned, told)
        raise
    return undone


def content(connection: Connection, planned: Plan) -> tuple[Content, ...]:
    """Count, in one pass, the rows that have something in the columns which an undo would drop."""
    there = _named(planned, _survey(connection, planned))
    if not there:
        return ()
    counts = sql.SQL(", ").join(
        compose("count(*) FILTER (WHERE {})", _has_content(name, column)) for name, column in there.items()
    )
    query = compose("SELECT ARRAY[{}] AS counts FROM {}", counts, _table(planned))
    with connection.transaction():
        connection.execute("SET LOCAL statement_timeout = 0")
        row = connection.execute(query).fetchone()
    counted = zip(there.values(), row["counts"] if row else (), strict=True)
    return tuple(Content(column.own_name, rows) for column, rows in counted if rows)


def refuse_to_lose(found: Sequence[Content], *, state: str = "Nothing was changed.") -> None:
    """Refuse to drop columns that have content.

    Args:
        found: what there is.
        state: how the database is left.

    Raises:
        Refused: there is some.

    """
    if found:
        told = ", ".join(f"{one.column} ({one.rows} rows)" for one in found)
        msg = f"The columns hold data: {told}. {state}"
        hint = (
            "With --discard-data they are dropped after a raw copy of the data has been written "
            "to a file (--output FILE)."
        )
        raise Refused(msg, hint=hint, code="holds_data")


def _plan_setting_aside(planned: Plan, connection: Connection) -> Plan:
    """Plan to set the columns aside that are still in use.

    Raises:
        SchemaLacks: something needs one, or stands in its way.

    """
    family = _survey(connection, planned)
    refuse_with(_obstacles(family, planned.taken_away))
    refuse_with(_renamed(planned, family, expect_aside=False))
    columns = [column for column in planned.taken_away if _name_of(column, family) == column.own_name]
    steps = (*_remove_indexes(family, columns), *_set_aside(family, columns, planned.wait))
    return replace(planned, steps=steps)


def _plan_dropping(planned: Plan, connection: Connection) -> Plan:
    """Plan to drop what was set aside and saved.

    Raises:
        SchemaLacks: something needs a column; or somebody has named it anew, so that others may write it.

    """
    family = _survey(connection, planned)
    refuse_with(_obstacles(family, planned.taken_away))
    refuse_with(_renamed(planned, family, expect_aside=True))
    return replace(planned, steps=tuple(_drop(family, planned.taken_away, planned.wait)))


def _plan_giving_back(planned: Plan, connection: Connection) -> Plan:
    family = _survey(connection, planned)
    aside = [column for column in _still_aside(planned, family) if family.has_free(column.own_name)]
    return replace(planned, steps=tuple(take_back(family, aside, planned.wait)))


def _give_names_back(database: Database, planned: Plan, told: Told) -> None:
    """Let the columns have their names again, on a connection of its own: the other one may be lost.

    Raises:
        DatabaseTrouble: that failed, too.

    """

    def work(connection: Connection) -> tuple[AddedColumn, ...]:
        apply(connection, replace(planned, steps=()), partial(_plan_giving_back, planned), told)
        return tuple(_still_aside(planned, _survey(connection, planned)))

    try:
        left = database.run_reconnecting(work)
    except AgentctlError as error:
        raise _left_aside(planned, f"They could not be renamed back: {error.message}") from error
    if left:
        names = ", ".join(column.own_name for column in left)
        raise _left_aside(planned, f"Other columns have their names now: {names}.")


def _left_aside(planned: Plan, reason: str) -> DatabaseTrouble:
    msg = f"Columns of {planned.table} are still set aside, under names that begin with {ASIDE}. {reason}"
    hint = "agentctl migrate-full renames them back; agentctl migrate-full --undo continues."
    return DatabaseTrouble(msg, hint=hint, code="set_aside")


def _survey(connection: Connection, planned: Plan) -> Survey:
    family = survey(connection, schema=planned.schema, table=planned.name)
    if family is None:
        msg = f"{planned.table} has vanished."
        raise SchemaLacks(msg, hint="Run this again.")
    return family


def _name_of(column: AddedColumn, family: Survey) -> str | None:
    """Return the present name of a column, None where it was dropped."""
    present = family.table.numbered(column.number)
    return present.name if present else None


def _named(planned: Plan, family: Survey) -> dict[str, AddedColumn]:
    """Return the columns that are there by their present names."""
    return {name: column for column in planned.taken_away if (name := _name_of(column, family))}


def _still_aside(planned: Plan, family: Survey) -> Iterator[AddedColumn]:
    return (column for column in planned.taken_away if _name_of(column, family) == column.aside_name)


def _renamed(planned: Plan, family: Survey, *, expect_aside: bool) -> Iterator[str]:
    for column in planned.taken_away:
        name = _name_of(column, family)
        if name not in {None, column.aside_name} and (expect_aside or name != column.own_name):
            yield f"Column {column.own_name} of {planned.table} was renamed to {name} in the meantime."


def _save(connection: Connection, planned: Plan, save_to: Path | None) -> Undone:
    """Copy what the columns hold into a file; without one, see that they hold nothing."""
    if save_to is None:
        refuse_to_lose(content(connection, planned), state="The columns were kept.")
        return Undone(0, None)
    there = _named(planned, _survey(connection, planned))
    if not there:
        return Undone(0, None)
    return Undone(_copy(connection, planned, there, save_to), save_to)


def _copy(connection: Connection, planned: Plan, columns: Mapping[str, AddedColumn], save_to: Path) -> int:
    shown: list[sql.Composable] = [sql.Identifier(name) for name in planned.key]
    shown += [
        compose("{} AS {}", sql.Identifier(name), sql.Identifier(column.own_name))
        for name, column in columns.items()
    ]
    query = compose(
        "COPY (SELECT {} FROM {} WHERE {}) TO STDOUT (FORMAT csv, HEADER)",
        sql.SQL(", ").join(shown),
        _table(planned),
        sql.SQL(" OR ").join(_has_content(name, column) for name, column in columns.items()),
    )
    # Customers' inputs and results: for the operator's eyes.
    with written_whole(save_to, mode=0o600) as file, connection.transaction():
        connection.execute("SET LOCAL statement_timeout = 0")
        cursor = connection.cursor()
        with cursor.copy(query) as copy:
            for chunk in copy:
                file.write(chunk)
        return cursor.rowcount


def _has_content(name: str, column: AddedColumn) -> sql.Composed:
    """Whether a column says something of a row; that it has cost nothing is what every new row says."""
    has_value = compose("{} IS NOT NULL", sql.Identifier(name))
    if BY_NAME[column.part].default is None:
        return has_value
    return compose("({} AND {} <> 0)", has_value, sql.Identifier(name))


def _table(planned: Plan) -> sql.Identifier:
    return sql.Identifier(planned.schema, planned.name)


def _obstacles(family: Survey, columns: Sequence[AddedColumn]) -> Iterator[str]:
    table = family.table
    for column in columns:
        present = table.numbered(column.number)
        if present is not None and present.needed_by:
            yield f"{table.name}.{present.name} is needed by {', '.join(present.needed_by)}."
        if present is not None and present.name == column.own_name and not family.has_free(column.aside_name):
            yield f"{column.aside_name} exists; that name is needed to set {column.own_name} aside."


def _left_alone(target: Target) -> Iterator[str]:
    table = target.table.name
    added = {column.own_name for column in target.added.in_use}
    for part in BY_NAME:
        name = target.columns.get(part)
        if name is not None and name not in added:
            yield f"{table}.{name} is kept: migrate-full did not add it."
    for name in target.added.doubtful:
        yield f"{table}.{name} is kept: its comment says that migrate-full added it, but its name does not."


def _remove_indexes(family: Survey, columns: Sequence[AddedColumn]) -> Iterator[Step]:
    """Drop the indexes while nobody notices; those of partitions can only fall with their columns."""
    if len(family.members) > 1:
        return
    table = family.table
    for column in columns:
        found = table.index(index_name(table.name, column.own_name)) if column.part in INDEXES else None
        if found is not None and serves(found.index, column.own_name):
            statement = drop_index(sql.Identifier(table.schema, found.index.name)).as_string()
            yield Step(
                StepKind.REMOVE_INDEX,
                found.index.name,
                (statement,),
                LockMode.SHARE_UPDATE_EXCLUSIVE,
                brief=False,
                undo=found.index.definition,
            )


def _set_aside(family: Survey, columns: Sequence[AddedColumn], wait: LockWait) -> Iterator[Step]:
    if columns:
        table = family.table.identifier
        renamed = (rename_column(table, column.own_name, column.aside_name) for column in columns)
        undone = (rename_column(table, column.aside_name, column.own_name) for column in columns)
        yield Step(
            StepKind.SET_ASIDE,
            ", ".join(column.own_name for column in columns),
            brief(wait, *renamed, RELOAD, family=family),
            LockMode.ACCESS_EXCLUSIVE,
            undo=";\n".join(statement.as_string() for statement in undone),
        )


def _drop(family: Survey, columns: Sequence[AddedColumn], wait: LockWait) -> Iterator[Step]:
    there = [column for column in columns if family.table.numbered(column.number)]
    if there:
        names = [column.aside_name for column in there]
        statements = brief(wait, drop_columns(family.table.identifier, names), family=family)
        dropped = ", ".join(column.own_name for column in there)
        yield Step(StepKind.DROP_COLUMNS, dropped, statements, LockMode.ACCESS_EXCLUSIVE)
