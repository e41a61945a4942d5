"""Takes the steps of a plan, one after the other, until none is left.

It looks at the table again before each step, so that nothing which somebody else does meanwhile is done twice
or undone, and so that it does not matter where an earlier migration was killed. The last look is the proof.
"""

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import LiteralString, TypeVar

import psycopg
from msgspec import Struct
from psycopg import pq

from agentctl.core.database.connection import Connection
from agentctl.core.database.pooler import shares_servers
from agentctl.core.database.quoting import compose
from agentctl.core.errors import ConfigError, DatabaseTrouble
from agentctl.core.failpoints import Failpoint, passing
from agentctl.core.migration.building import BuildProgress, watch_build
from agentctl.core.migration.exclusion import hold_migration_lock
from agentctl.core.migration.locks import LockAwaited, find_blockers, is_collision, retry_for_lock
from agentctl.core.migration.plan import LockMode, Plan, Step, StepKind

_SPARE_STEPS = 10
# Nobody waits behind this lock, so it may be waited for longer: after a second PostgreSQL cancels autovacuum.
_UNNOTICED: LiteralString = "SET LOCAL lock_timeout = '2s'"

T = TypeVar("T")


class StepBegun(Struct, frozen=True):
    """A step begins: the `number`th of `total`, as far as is known now."""

    step: Step
    number: int
    total: int


Event = StepBegun | LockAwaited | BuildProgress
OnEvent = Callable[[Event], None]
Planner = Callable[[Connection], Plan]


def apply(connection: Connection, planned: Plan, planner: Planner, on_event: OnEvent) -> None:
    """Follow a plan to its end.

    Args:
        connection: in autocommit mode; concurrent index builds allow no other.
        planned: what was shown to the operator.
        planner: returns the plan for the table as it is at that moment.
        on_event: called with each step that begins, each wait for a lock and each progress of a build.

    Raises:
        ConfigError: a pooler stands in the way.
        SchemaLacks: an obstacle has appeared since the plan was made.
        DatabaseTrouble: a lock was not free in time (retryable), or the table never becomes as planned.

    """
    work = _Work(connection, planned, planner, on_event)
    lift_time_limits(connection, planned)
    with hold_migration_lock(connection, planned, on_event):
        for number in range(1, len(planned.steps) + _SPARE_STEPS):
            ahead = work.plan_rest()
            if not ahead:
                return
            on_event(StepBegun(ahead[0], number, number + len(ahead) - 1))
            work.take_step(ahead[0])
            passing(Failpoint.STEP_TAKEN)
    raise DatabaseTrouble(
        f"{planned.full_name} repeatedly lacks {ahead[0].object}.",
        hint="Another session is changing the table; run migrate-full again.",
    )


def lift_time_limits(connection: Connection, planned: Plan) -> None:
    """Lift the session's time limits, so that index builds can take as long as they need.

    Raises:
        ConfigError: there are limits, and a pooler that shares its servers, so no session to lift them for.

    """
    if not planned.session:
        return
    if not shares_servers(connection):
        for statement in planned.session:
            connection.execute(statement.encode())
        return
    for setting in ("statement_timeout", "lock_timeout"):
        value = connection.read_value("SELECT current_setting(%(setting)s) AS value", {"setting": setting})
        if value != "0":
            raise _explain_pooler(setting, value)


def _explain_pooler(setting: str, value: str) -> ConfigError:
    return ConfigError(
        f"{setting} is {value} here, and building an index may take longer. It cannot be changed "
        "through a pooler in transaction mode, which shares its servers among clients.",
        hint="Set migrate_database_url in the profile to the database itself, or to a pooler in session mode "
        "(Supabase: port 5432).",
        code="pooler",
    )


class _Work(Struct, frozen=True):
    connection: Connection
    planned: Plan
    planner: Planner
    on_event: OnEvent

    def plan_rest(self) -> tuple[Step, ...]:
        """Return the steps that are left, while nobody else is at work on the table.

        An index that is being built looks like one whose build was abandoned. Builds cannot run beside this
        lock, which readers and writers do not notice, so an invalid index that is seen under it is abandoned.
        """
        mode = LockMode.SHARE_UPDATE_EXCLUSIVE
        lock = compose("LOCK TABLE {} IN SHARE UPDATE EXCLUSIVE MODE", self.planned.identifier)

        def plan() -> tuple[Step, ...]:
            with self.connection.transaction():
                self.connection.execute(_UNNOTICED)
                self.connection.execute(lock)
                return self.planner(self.connection).steps

        return self._retry_for_lock(mode, plan)

    def take_step(self, step: Step) -> None:
        self._retry_for_lock(step.mode, partial(self._take_briefly if step.brief else self._take_alone, step))

    def _retry_for_lock(self, mode: LockMode, attempt: Callable[[], T]) -> T:
        planned = self.planned
        return retry_for_lock(
            attempt,
            wait=planned.wait,
            list_blockers=partial(
                find_blockers, self.connection, schema=planned.schema, table=planned.name, mode=mode
            ),
            on_wait=self.on_event,
        )

    def _take_briefly(self, step: Step) -> None:
        # In one message, so that those who wait for the lock do not wait for the network as well.
        try:
            self.connection.execute(step.sql.encode())
        finally:
            if self.connection.info.transaction_status is pq.TransactionStatus.INERROR:
                self.connection.execute("ROLLBACK")

    def _take_alone(self, step: Step) -> None:
        (statement,) = step.statements
        watching = (
            watch_build(self.connection.database, index=step.object, on_progress=self.on_event)
            if step.kind is StepKind.BUILD_INDEX
            else nullcontext()
        )
        try:
            with watching:
                self.connection.execute(statement.encode())
        except psycopg.Error as error:
            if not is_collision(error):
                raise
