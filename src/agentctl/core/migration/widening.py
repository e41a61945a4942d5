"""Plans how the executions' table gets all optional columns. It never drops a column or changes its type."""

from collections.abc import Iterator, Mapping, Sequence
from typing import LiteralString

from msgspec.structs import replace
from psycopg import sql

from agentctl.core.database.connection import Connection
from agentctl.core.database.quoting import compose
from agentctl.core.mapping import SchemaSettings
from agentctl.core.mapping.index_keys import IndexKey
from agentctl.core.mapping.optional_columns import (
    INDEXES,
    OPTIONAL_COLUMNS,
    OptionalColumn,
    index_keys,
    tracking_of,
)
from agentctl.core.mapping.settings import NO_SETTINGS
from agentctl.core.mapping.vocabulary import ROLES
from agentctl.core.migration.indexes import find_index_obstacles, find_taken_names, plan_index
from agentctl.core.migration.marks import MARK, AddedColumn
from agentctl.core.migration.plan import SHORT_WAIT, LockMode, LockWait, Plan, Step, StepKind
from agentctl.core.migration.statements import RELOAD, drop_columns, frame_briefly, rename_column
from agentctl.core.migration.survey import Survey
from agentctl.core.migration.target import Target, find_target, refuse_with


def plan_widening(
    connection: Connection, settings: SchemaSettings = NO_SETTINGS, *, wait: LockWait = SHORT_WAIT
) -> Plan:
    """Return the steps from the table as it is to full tracking.

    A column that plays its part under another name counts; added columns get the reference's names.

    Raises:
        SchemaLacks: there is no such table, or it cannot be widened, or a needed name belongs to another
            column or index. The message names every obstacle.

    """
    target = find_target(connection, settings)
    table = target.table
    aside = [column for column in target.added.aside if _can_be_taken_back(column, target)]
    columns = dict(target.columns) | {column.part: column.own_name for column in aside}
    missing = [column for column in OPTIONAL_COLUMNS if column.name not in columns]
    wanted = [replace(column, name=_choose_name(column.name, target)) for column in missing]
    columns |= {old.name: new.name for old, new in zip(missing, wanted, strict=True)}
    keys = index_keys(columns, INDEXES)
    refuse_with(_find_obstacles(target, columns, keys))
    steps = [
        *plan_taking_back(target.survey, aside, wait),
        *_plan_adding(target, wanted, wait),
        *(
            step
            for key in keys
            for step in plan_index(target.survey, target.survey.table, key=key, wait=wait)
        ),
    ]
    before = tracking_of(table, {part: name for part, name in columns.items() if table.column(name)})
    remarks = tuple(_explain_left_aside(target, aside))
    return Plan(table.schema, table.name, before, settings, tuple(steps), wait, remarks)


def _can_be_taken_back(column: AddedColumn, target: Target) -> bool:
    """Whether no other column has a column's part or its name."""
    return column.part not in target.columns and target.survey.has_free(column.own_name)


def _explain_left_aside(target: Target, taken_back: Sequence[AddedColumn]) -> Iterator[str]:
    for column in target.added.aside:
        if column not in taken_back:
            yield (
                f"{target.table.name}.{column.aside_name} stays set aside: another column has "
                "its name now. migrate-full --undo drops it."
            )


def _choose_name(part: str, target: Target) -> str:
    """Return the part's own name, or the next best if another part's column has that."""
    if part not in target.columns.values():
        return part
    names = (name for group in ROLES["executions"].parts[part].names for name in group)
    return next((name for name in names if target.table.column(name) is None), part)


def _find_obstacles(target: Target, columns: Mapping[str, str], keys: Sequence[IndexKey]) -> Iterator[str]:
    table = target.table
    for column in OPTIONAL_COLUMNS:
        present = table.column(columns[column.name])
        if present is not None and not column.fits(present):
            generated = " that the database generates" if present.generated else ""
            yield f"{table.name}.{present.name} exists as {present.type}{generated}; {column.type} is needed."
        if present is None:
            yield from _find_other_types(target, replace(column, name=columns[column.name]))
    for key in keys:
        yield from find_index_obstacles(target.survey, key=key)
    yield from find_taken_names(target.catalog, target.survey, keys)


def _find_other_types(target: Target, column: OptionalColumn) -> Iterator[str]:
    """Find columns of another type in the tables below, which PostgreSQL would merge with the new one."""
    wanted = _choose_type(column, target)
    for member in target.survey.members[1:]:
        present = member.column(column.name)
        if present is not None and present.type != wanted:
            name = f"{member.full_name}.{present.name}"
            yield f"{name} exists as {present.type}; {wanted} is needed."


def plan_taking_back(family: Survey, aside: Sequence[AddedColumn], wait: LockWait) -> Iterator[Step]:
    """Plan to rename back the columns, with their content, that an interrupted undo had set aside."""
    if aside:
        table = family.table.identifier
        renamed = (rename_column(table, column.aside_name, column.own_name) for column in aside)
        names = ", ".join(column.own_name for column in aside)
        statements = frame_briefly(wait, *renamed, RELOAD, family=family)
        yield Step(StepKind.TAKE_BACK_COLUMNS, names, statements, LockMode.ACCESS_EXCLUSIVE)


def _plan_adding(target: Target, wanted: Sequence[OptionalColumn], wait: LockWait) -> Iterator[Step]:
    if not wanted:
        return
    table = target.survey.table.identifier
    clauses = sql.SQL(",\n    ").join(
        clause for column in wanted for clause in _compose_clauses(column, target)
    )
    altered = compose("ALTER TABLE {}\n    {}", table, clauses)
    statements = frame_briefly(wait, altered, *_mark_columns(table, wanted), RELOAD, family=target.survey)
    yield Step(
        StepKind.ADD_COLUMNS,
        ", ".join(column.name for column in wanted),
        statements,
        LockMode.ACCESS_EXCLUSIVE,
        undo=drop_columns(table, [column.name for column in wanted]).as_string(),
    )


def _mark_columns(table: sql.Identifier, wanted: Sequence[OptionalColumn]) -> Iterator[sql.Composed]:
    for column in wanted:
        comment = sql.Literal(f"{column.purpose}; {MARK}")
        yield compose("COMMENT ON COLUMN {}.{} IS {}", table, sql.Identifier(column.name), comment)


def _compose_clauses(column: OptionalColumn, target: Target) -> Iterator[sql.Composed]:
    name = sql.Identifier(column.name)
    yield compose("ADD COLUMN IF NOT EXISTS {} {}", name, sql.SQL(_choose_type(column, target)))
    if column.default is not None:
        # In a clause of its own, so that it applies to new rows alone: here the cost of old ones is unknown.
        yield compose("ALTER COLUMN {} SET DEFAULT {}", name, sql.SQL(column.default))


def _choose_type(column: OptionalColumn, target: Target) -> LiteralString:
    return target.price_type if column.default is not None else column.type
