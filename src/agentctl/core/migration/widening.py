"""Plans the way from the executions' table as it is to full tracking. No column is dropped or retyped."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import LiteralString

from psycopg import sql

from agentctl.core.database.connection import Connection
from agentctl.core.database.quoting import compose
from agentctl.core.mapping import SchemaSettings
from agentctl.core.mapping.optional_columns import (
    INDEXES,
    OPTIONAL_COLUMNS,
    IndexKey,
    OptionalColumn,
    index_name,
    tracking_of,
)
from agentctl.core.mapping.settings import NOTHING_TOLD
from agentctl.core.mapping.vocabulary import ROLES
from agentctl.core.migration.indexes import index_obstacles, index_steps
from agentctl.core.migration.marks import MARK, AddedColumn
from agentctl.core.migration.plan import LockMode, LockWait, Plan, Step, StepKind
from agentctl.core.migration.statements import RELOAD, brief, drop_columns, rename_column
from agentctl.core.migration.survey import Survey
from agentctl.core.migration.target import Target, find_target, refuse_with


def plan_widening(
    connection: Connection, settings: SchemaSettings = NOTHING_TOLD, *, wait: LockWait | None = None
) -> Plan:
    """Compare the table with full tracking and return what is to be done.

    A column that plays its part under another name is there; what is added has the reference's names.

    Raises:
        SchemaLacks: there is no such table, or it cannot be widened, or a column or an index of a name that
            is wanted exists as something else. Every obstacle is named at once.

    """
    return widening(find_target(connection, settings), settings, wait=wait or LockWait())


def widening(target: Target, settings: SchemaSettings, *, wait: LockWait) -> Plan:
    """Plan as `plan_widening` does, on what was found."""
    table = target.table
    aside = [column for column in target.added.aside if _can_be_taken_back(column, target)]
    columns = dict(target.columns) | {column.part: column.own_name for column in aside}
    missing = [column for column in OPTIONAL_COLUMNS if column.name not in columns]
    wanted = [replace(column, name=_new_name(column.name, target)) for column in missing]
    columns |= {old.name: new.name for old, new in zip(missing, wanted, strict=True)}
    keys = [IndexKey(columns[part], order) for part, order in INDEXES.items()]
    refuse_with(_obstacles(target, columns, keys))
    steps = [
        *take_back(target.survey, aside, wait),
        *_added(target, wanted, wait),
        *(
            step
            for key in keys
            for step in index_steps(target.survey, target.survey.table, key=key, wait=wait)
        ),
    ]
    before = tracking_of(table, {part: name for part, name in columns.items() if table.column(name)})
    remarks = tuple(_left_aside(target, aside))
    return Plan(table.schema, table.name, before, settings, tuple(steps), wait, remarks)


def _can_be_taken_back(column: AddedColumn, target: Target) -> bool:
    """Whether a column's part and its name are free."""
    return column.part not in target.columns and target.survey.has_free(column.own_name)


def _left_aside(target: Target, taken_back: Sequence[AddedColumn]) -> Iterator[str]:
    for column in target.added.aside:
        if column not in taken_back:
            yield (
                f"{target.table.name}.{column.aside_name} stays set aside: another column has "
                "its name now. migrate-full --undo drops it."
            )


def _new_name(part: str, target: Target) -> str:
    """Return the part's own name, or the next best where another part's column has it."""
    if part not in target.columns.values():
        return part
    names = (name for group in ROLES["executions"].parts[part].names for name in group)
    return next((name for name in names if target.table.column(name) is None), part)


def _obstacles(target: Target, columns: Mapping[str, str], keys: Sequence[IndexKey]) -> Iterator[str]:
    table = target.table
    for column in OPTIONAL_COLUMNS:
        found = table.column(columns[column.name])
        if found is not None and not column.fits(found):
            generated = " that the database generates" if found.generated else ""
            yield f"{table.name}.{found.name} exists as {found.type}{generated}; {column.type} is needed."
        if found is None:
            yield from _other_types(target, replace(column, name=columns[column.name]))
    for key in keys:
        yield from index_obstacles(target.survey, key=key)
    yield from _taken_names(target, keys)


def _other_types(target: Target, column: OptionalColumn) -> Iterator[str]:
    """Look for the column in the tables below, which PostgreSQL would make one with the new one."""
    wanted = _type(column, target)
    for member in target.survey.members[1:]:
        found = member.column(column.name)
        if found is not None and found.type != wanted:
            yield f"{member.schema}.{member.name}.{found.name} exists as {found.type}; {wanted} is needed."


def _taken_names(target: Target, keys: Sequence[IndexKey]) -> Iterator[str]:
    """Look for the indexes' names elsewhere: a schema has each name once, for tables and indexes alike."""
    family = {member.key for member in target.survey.members}
    wanted = {
        (member.schema, index_name(member.name, key.column))
        for member in target.survey.members
        for key in keys
    }
    for other in target.catalog.tables:
        if (other.schema, other.name) in wanted:
            yield f"{other.name} exists as a {other.kind}; an index of that name is needed."
        for index in other.indexes:
            if (other.schema, index.name) in wanted and (other.schema, other.name) not in family:
                yield f"Index {index.name} exists on another table: {index.definition}."


def take_back(family: Survey, aside: Sequence[AddedColumn], wait: LockWait) -> Iterator[Step]:
    """Rename back the columns that an interrupted undo had set aside, with what is in them."""
    if aside:
        table = family.table.identifier
        renamed = (rename_column(table, column.aside_name, column.own_name) for column in aside)
        names = ", ".join(column.own_name for column in aside)
        statements = brief(wait, *renamed, RELOAD, family=family)
        yield Step(StepKind.TAKE_BACK_COLUMNS, names, statements, LockMode.ACCESS_EXCLUSIVE)


def _added(target: Target, wanted: Sequence[OptionalColumn], wait: LockWait) -> Iterator[Step]:
    if not wanted:
        return
    table = target.survey.table.identifier
    clauses = sql.SQL(",\n    ").join(clause for column in wanted for clause in _clauses(column, target))
    altered = compose("ALTER TABLE {}\n    {}", table, clauses)
    statements = brief(wait, altered, *_marks(table, wanted), RELOAD, family=target.survey)
    yield Step(
        StepKind.ADD_COLUMNS,
        ", ".join(column.name for column in wanted),
        statements,
        LockMode.ACCESS_EXCLUSIVE,
        undo=drop_columns(table, [column.name for column in wanted]).as_string(),
    )


def _marks(table: sql.Identifier, wanted: Sequence[OptionalColumn]) -> Iterator[sql.Composed]:
    for column in wanted:
        comment = sql.Literal(f"{column.purpose}; {MARK}")
        yield compose("COMMENT ON COLUMN {}.{} IS {}", table, sql.Identifier(column.name), comment)


def _clauses(column: OptionalColumn, target: Target) -> Iterator[sql.Composed]:
    name = sql.Identifier(column.name)
    yield compose("ADD COLUMN IF NOT EXISTS {} {}", name, sql.SQL(_type(column, target)))
    if column.default is not None:
        # Set apart, so that it is for new rows alone: what an old execution has cost is not known here.
        yield compose("ALTER COLUMN {} SET DEFAULT {}", name, sql.SQL(column.default))


def _type(column: OptionalColumn, target: Target) -> LiteralString:
    return target.price_type if column.default is not None else column.type
