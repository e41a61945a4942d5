"""Undoes a migration: drops the columns that it added, after copying their content to a file.

It touches no column that somebody else has added. It first sets the columns aside under other names, which
takes a moment; from then on nobody writes them, so the copy is complete. If something fails after that, they
get their names back. If it is killed in between, the next undo finishes it, or the next migration takes it
back, and nothing is lost.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace
from psycopg import sql

from agentctl.core.database.connection import Connection, Database
from agentctl.core.database.quoting import compose
from agentctl.core.errors import AgentctlError, DatabaseTrouble, Refused
from agentctl.core.failpoints import Failpoint, passing
from agentctl.core.files.writing import written_whole
from agentctl.core.mapping import SchemaSettings
from agentctl.core.mapping.index_keys import LISTING_PREFIX, IndexKey
from agentctl.core.mapping.optional_columns import BY_NAME, INDEXES, tracking_of
from agentctl.core.mapping.settings import NO_SETTINGS
from agentctl.core.migration.apply import OnEvent, apply
from agentctl.core.migration.indexes import make_concurrent_step
from agentctl.core.migration.marks import ASIDE, AddedColumn
from agentctl.core.migration.plan import SHORT_WAIT, LockMode, LockWait, Plan, Step, StepKind
from agentctl.core.migration.statements import RELOAD, drop_columns, drop_index, frame_briefly, rename_column
from agentctl.core.migration.survey import Survey, survey
from agentctl.core.migration.target import Target, find_target, refuse_with
from agentctl.core.migration.widening import plan_taking_back


class Content(Struct, frozen=True):
    """The number of rows that have content in a column which an undo would drop."""

    column: str
    rows: int


class UndoReport(Struct, frozen=True):
    """The result of an undo; `file` holds the `rows` that had content, and is None if there were none."""

    rows: int
    file: Path | None


def plan_undo(
    connection: Connection, settings: SchemaSettings = NO_SETTINGS, *, wait: LockWait = SHORT_WAIT
) -> Plan:
    """Plan to drop the columns that a migration has added.

    Raises:
        SchemaLacks: there is no such table, or something in the database needs one of the columns.

    """
    target = find_target(connection, settings)
    family, columns = target.survey, target.added.all
    refuse_with(_find_obstacles(family, columns))
    steps = (
        *_plan_removing_indexes(family, columns),
        *_plan_renaming_aside(family, target.added.in_use, wait),
        *_plan_drop(family, columns, wait),
    )
    before = tracking_of(target.table, target.columns)
    remarks, key = tuple(_explain_left_alone(target)), tuple(_find_key(target))
    return Plan(target.table.schema, target.table.name, before, settings, steps, wait, remarks, columns, key)


def _find_key(target: Target) -> list[str]:
    keys = [constraint.columns for constraint in target.table.constraints if constraint.kind == "primary key"]
    return [name for columns in keys for name in columns] or [target.columns["id"]]


def undo(connection: Connection, planned: Plan, *, save_to: Path | None, on_event: OnEvent) -> UndoReport:
    """Follow a plan of `plan_undo`, and touch no other columns than it names.

    Args:
        connection: in autocommit mode.
        planned: what was shown to the operator.
        save_to: a new file for the content of the columns; without one, columns with content are not dropped.
        on_event: called with each step that begins and each wait for a lock.

    Raises:
        Refused: the columns have content, and there is no file to save it to.
        SetupError: the file cannot be written.
        DatabaseTrouble: a lock was not free in time, or, with the code `set_aside`, something failed and the
            columns could not get their names back; the next undo or migration gives them back.

    With that one exception, the columns have their names whatever it raises.

    """
    if save_to is None:
        refuse_to_lose(count_content(connection, planned))
    try:
        apply(connection, planned, partial(_plan_setting_aside, planned), on_event)
        undone = _save_content(connection, planned, save_to)
        passing(Failpoint.CONTENT_SAVED)
        apply(connection, planned, partial(_plan_dropping, planned), on_event)
    except BaseException:
        _give_names_back(connection.database, planned, on_event)
        raise
    return undone


def count_content(connection: Connection, planned: Plan) -> tuple[Content, ...]:
    """Count, in one pass, the rows that have content in the columns which an undo would drop."""
    there = _list_present(planned, _read_family(connection, planned))
    if not there:
        return ()
    counts = sql.SQL(", ").join(
        compose("count(*) FILTER (WHERE {})", _compose_content_condition(name, column))
        for name, column in there.items()
    )
    query = compose("SELECT ARRAY[{}] AS counts FROM {}", counts, planned.identifier)
    with connection.transaction():
        connection.execute("SET LOCAL statement_timeout = 0")
        counted = zip(there.values(), connection.read_value(query), strict=True)
    return tuple(Content(column.own_name, rows) for column, rows in counted if rows)


def refuse_to_lose(contents: Sequence[Content], *, state: str = "Nothing was changed.") -> None:
    """Refuse to drop columns that have content.

    Args:
        contents: the columns that have content.
        state: a sentence that says what happened to the database.

    Raises:
        Refused: there are some.

    """
    if contents:
        listing = ", ".join(f"{content.column} ({content.rows} rows)" for content in contents)
        raise Refused(
            f"The columns hold data: {listing}. {state}",
            hint="With --discard-data they are dropped after a raw copy of the data has been written "
            "to a file (--output FILE).",
            code="holds_data",
        )


def _plan_setting_aside(planned: Plan, connection: Connection) -> Plan:
    """Plan to set aside the columns that are still in use.

    Raises:
        SchemaLacks: something needs one of them, or has the name that it would get.

    """
    family = _read_family(connection, planned)
    refuse_with(_find_obstacles(family, planned.taken_away))
    refuse_with(_find_renamed(planned, family, expect_aside=False))
    columns = [
        column for column in planned.taken_away if _find_present_name(column, family) == column.own_name
    ]
    steps = (*_plan_removing_indexes(family, columns), *_plan_renaming_aside(family, columns, planned.wait))
    return replace(planned, steps=steps)


def _plan_dropping(planned: Plan, connection: Connection) -> Plan:
    """Plan to drop the columns that were set aside and saved.

    Raises:
        SchemaLacks: something needs one of them, or somebody has renamed it, so that others may write it.

    """
    family = _read_family(connection, planned)
    refuse_with(_find_obstacles(family, planned.taken_away))
    refuse_with(_find_renamed(planned, family, expect_aside=True))
    return replace(planned, steps=tuple(_plan_drop(family, planned.taken_away, planned.wait)))


def _plan_giving_back(planned: Plan, connection: Connection) -> Plan:
    family = _read_family(connection, planned)
    aside = [column for column in _list_still_aside(planned, family) if family.has_free(column.own_name)]
    return replace(planned, steps=tuple(plan_taking_back(family, aside, planned.wait)))


def _give_names_back(database: Database, planned: Plan, on_event: OnEvent) -> None:
    """Give the columns their names back, on a new connection, because the other one may be lost.

    Raises:
        DatabaseTrouble: this failed, too.

    """

    def work(connection: Connection) -> tuple[AddedColumn, ...]:
        apply(connection, replace(planned, steps=()), partial(_plan_giving_back, planned), on_event)
        return tuple(_list_still_aside(planned, _read_family(connection, planned)))

    try:
        left = database.run_reconnecting(work)
    except AgentctlError as error:
        raise _explain_left_aside(planned, f"They could not be renamed back: {error.message}") from error
    if left:
        names = ", ".join(column.own_name for column in left)
        raise _explain_left_aside(planned, f"Other columns have their names now: {names}.")


def _explain_left_aside(planned: Plan, reason: str) -> DatabaseTrouble:
    return DatabaseTrouble(
        f"Columns of {planned.full_name} are still set aside, under names that begin with {ASIDE}. {reason}",
        hint="agentctl migrate-full renames them back; agentctl migrate-full --undo continues.",
        code="set_aside",
    )


def _read_family(connection: Connection, planned: Plan) -> Survey:
    return survey(connection, schema=planned.schema, table=planned.name)


def _find_present_name(column: AddedColumn, family: Survey) -> str | None:
    """Return the present name of a column; None if it was dropped."""
    present = family.table.find_by_number(column.number)
    return present.name if present else None


def _list_present(planned: Plan, family: Survey) -> dict[str, AddedColumn]:
    """Return the columns that still exist, by their present names."""
    return {name: column for column in planned.taken_away if (name := _find_present_name(column, family))}


def _list_still_aside(planned: Plan, family: Survey) -> Iterator[AddedColumn]:
    return (
        column for column in planned.taken_away if _find_present_name(column, family) == column.aside_name
    )


def _find_renamed(planned: Plan, family: Survey, *, expect_aside: bool) -> Iterator[str]:
    for column in planned.taken_away:
        name = _find_present_name(column, family)
        if name not in {None, column.aside_name} and (expect_aside or name != column.own_name):
            yield f"Column {column.own_name} of {planned.full_name} was renamed to {name} in the meantime."


def _save_content(connection: Connection, planned: Plan, save_to: Path | None) -> UndoReport:
    """Copy the content of the columns to a file; without a file, make sure that they have none."""
    if save_to is None:
        refuse_to_lose(count_content(connection, planned), state="The columns were kept.")
        return UndoReport(0, None)
    there = _list_present(planned, _read_family(connection, planned))
    if not there:
        return UndoReport(0, None)
    return UndoReport(_copy_to_file(connection, planned, there, save_to), save_to)


def _copy_to_file(
    connection: Connection, planned: Plan, columns: Mapping[str, AddedColumn], save_to: Path
) -> int:
    shown: list[sql.Composable] = [sql.Identifier(name) for name in planned.key]
    shown += [
        compose("{} AS {}", sql.Identifier(name), sql.Identifier(column.own_name))
        for name, column in columns.items()
    ]
    query = compose(
        "COPY (SELECT {} FROM {} WHERE {}) TO STDOUT (FORMAT csv, HEADER)",
        sql.SQL(", ").join(shown),
        planned.identifier,
        sql.SQL(" OR ").join(_compose_content_condition(name, column) for name, column in columns.items()),
    )
    # These are customers' inputs and results, for the operator's eyes only.
    with written_whole(save_to, mode=0o600) as file, connection.transaction():
        connection.execute("SET LOCAL statement_timeout = 0")
        cursor = connection.cursor()
        with cursor.copy(query) as copy:
            for chunk in copy:
                file.write(chunk)
        return cursor.rowcount


def _compose_content_condition(name: str, column: AddedColumn) -> sql.Composed:
    """Return the condition that a column has content; a cost of 0 is none, since every new row has it."""
    has_value = compose("{} IS NOT NULL", sql.Identifier(name))
    if BY_NAME[column.part].default is None:
        return has_value
    return compose("({} AND {} <> 0)", has_value, sql.Identifier(name))


def _find_obstacles(family: Survey, columns: Sequence[AddedColumn]) -> Iterator[str]:
    table = family.table
    for column in columns:
        present = table.find_by_number(column.number)
        if present is None:
            continue
        if present.needed_by:
            yield f"{table.name}.{present.name} is needed by {', '.join(present.needed_by)}."
        if present.name == column.own_name and not family.has_free(column.aside_name):
            yield f"{column.aside_name} exists; that name is needed to set {column.own_name} aside."


def _explain_left_alone(target: Target) -> Iterator[str]:
    table = target.table.name
    added = {column.own_name for column in target.added.in_use}
    for part in BY_NAME:
        name = target.columns.get(part)
        if name is not None and name not in added:
            yield f"{table}.{name} is kept: migrate-full did not add it."
    for name in target.added.doubtful:
        yield f"{table}.{name} is kept: its comment says that migrate-full added it, but its name does not."
    for index in target.table.indexes:
        if index.name.startswith(f"{LISTING_PREFIX}_{table}_"):
            yield f"{index.name} is kept: migrate-full --undo --history-index drops it."


def _plan_removing_indexes(family: Survey, columns: Sequence[AddedColumn]) -> Iterator[Step]:
    """Plan to drop the indexes without blocking others; those of partitions fall with their columns."""
    if len(family.members) > 1:
        return
    table = family.table
    for column in columns:
        key = IndexKey((column.own_name,))
        candidate = table.index(key.name_for(table.name)) if column.part in INDEXES else None
        if candidate is not None and key.is_served_by(candidate.index):
            index = candidate.index
            statement = drop_index(sql.Identifier(table.schema, index.name))
            yield make_concurrent_step(StepKind.REMOVE_INDEX, index.name, statement, undo=index.definition)


def _plan_renaming_aside(family: Survey, columns: Sequence[AddedColumn], wait: LockWait) -> Iterator[Step]:
    if columns:
        table = family.table.identifier
        renamed = (rename_column(table, column.own_name, column.aside_name) for column in columns)
        undone = (rename_column(table, column.aside_name, column.own_name) for column in columns)
        yield Step(
            StepKind.SET_ASIDE,
            ", ".join(column.own_name for column in columns),
            frame_briefly(wait, *renamed, RELOAD, family=family),
            LockMode.ACCESS_EXCLUSIVE,
            undo=";\n".join(statement.as_string() for statement in undone),
        )


def _plan_drop(family: Survey, columns: Sequence[AddedColumn], wait: LockWait) -> Iterator[Step]:
    there = [column for column in columns if family.table.find_by_number(column.number)]
    if there:
        names = [column.aside_name for column in there]
        statements = frame_briefly(wait, drop_columns(family.table.identifier, names), family=family)
        dropped = ", ".join(column.own_name for column in there)
        yield Step(StepKind.DROP_COLUMNS, dropped, statements, LockMode.ACCESS_EXCLUSIVE)
