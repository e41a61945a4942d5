"""Runs migrations as the command does, and compares a table before and after."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from agentctl.core.catalog.introspection import Table, introspect
from agentctl.core.database.connection import read_database_url
from agentctl.core.mapping import SchemaSettings
from agentctl.core.mapping.settings import NO_SETTINGS
from agentctl.core.migration.apply import Event, StepBegun, apply
from agentctl.core.migration.locks import LockAwaited
from agentctl.core.migration.plan import LockWait, Plan, Step
from agentctl.core.migration.widening import plan_widening
from support.marketplace import Database

QUICK = LockWait(timedelta(milliseconds=50), timedelta(seconds=30))


def ignore_event(_: Event) -> None:
    """Ignore the progress of a migration."""


def widen(
    database: Database,
    *,
    wait: LockWait = QUICK,
    told: Callable[[Event], None] = ignore_event,
    url: str | None = None,
    settings: SchemaSettings = NO_SETTINGS,
) -> Plan:
    """Migrate as the command does, with the superuser's rights, and return the plan that was followed."""
    # A statement that waits for ever fails its test instead of hanging it.
    limited = f"{url or database.url}?options=-cstatement_timeout%3D20s"
    with read_database_url(limited, source="a test").connect() as connection:
        planner = partial(plan_widening, settings=settings, wait=wait)
        plan = planner(connection)
        apply(connection, plan, planner, told)
    return plan


def plan_steps(database: Database) -> tuple[Step, ...]:
    """Return the steps to full tracking."""
    with read_database_url(database.url, source="a test").connect() as connection:
        return plan_widening(connection).steps


def steps_among(events: list[Event]) -> tuple[Step, ...]:
    """Return the steps that were begun."""
    return tuple(event.step for event in events if isinstance(event, StepBegun))


def attempts_among(events: list[Event]) -> list[LockAwaited]:
    """Return the attempts that gave up."""
    return [event for event in events if isinstance(event, LockAwaited)]


def executions(database: Database) -> Table:
    """Return the executions' table as it is."""
    with read_database_url(database.url, source="a test").connect() as connection:
        table = introspect(connection).table("agent_executions")
    assert table
    return table


def shape(table: Table) -> tuple[object, ...]:
    """Return a table's definition without the order of its columns."""
    columns = {column.name: column for column in table.columns}
    return columns, table.indexes, table.constraints, table.row_security
