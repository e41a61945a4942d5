"""Takes a plan's steps, one after the other, until nothing is left to be done.

Before each, the table is looked at again, so that what somebody else does meanwhile is neither done twice nor
undone, and so that it does not matter where an earlier one was killed. The last look is the proof.
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import LiteralString, TypeVar

import psycopg
from psycopg import pq, sql

from agentctl.core.database.connection import Connection
from agentctl.core.database.pooler import shares_servers
from agentctl.core.errors import ConfigError, DatabaseTrouble
from agentctl.core.failpoints import Failpoint, passing
from agentctl.core.migration.alone import alone
from agentctl.core.migration.building import Building, watched
from agentctl.core.migration.locks import LockAwaited, blockers, is_collision, patiently
from agentctl.core.migration.plan import LockMode, Plan, Step, StepKind

_SPARE_STEPS = 10
# What others do not wait behind may last longer: after a second PostgreSQL tells autovacuum to give way.
_UNNOTICED: LiteralString = "SET LOCAL lock_timeout = '2s'"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StepBegun:
    """A step is about to be taken: the `number`th of as many as are known now."""

    step: Step
    number: int
    total: int


Event = StepBegun | LockAwaited | Building
Told = Callable[[Event], None]
Planner = Callable[[Connection], Plan]


def apply(connection: Connection, planned: Plan, planner: Planner, told: Told) -> None:
    """Follow a plan to its end.

    Args:
        connection: in autocommit mode; concurrent index builds allow no other.
        planned: what was shown to the operator.
        planner: compares the table, as it has become, with what is wanted.
        told: hears what goes on.

    Raises:
        ConfigError: a pooler stands in the way.
        SchemaLacks: an obstacle has appeared since the plan was made.
        DatabaseTrouble: a lock was not had in time (retryable), or the table never becomes as planned.

    """
    work = _Work(connection, planned, planner, told)
    lift_time_limits(connection, planned)
    with alone(connection, planned, told):
        for number in range(1, len(planned.steps) + _SPARE_STEPS):
            ahead = work.look()
            if not ahead:
                return
            told(StepBegun(ahead[0], number, number + len(ahead) - 1))
            work.take(ahead[0])
            passing(Failpoint.STEP_TAKEN)
    msg = f"{planned.table} repeatedly lacks {ahead[0].object}."
    raise DatabaseTrouble(msg, hint="Another session is changing the table; run migrate-full again.")


def lift_time_limits(connection: Connection, planned: Plan) -> None:
    """Let index builds take as long as they need, for this session.

    Raises:
        ConfigError: there are such limits, and behind this pooler no session that they could be lifted for.

    """
    if all(step.brief for step in planned.steps):
        return
    if not shares_servers(connection):
        for statement in planned.session:
            connection.execute(statement.encode())
        return
    for setting in ("statement_timeout", "lock_timeout"):
        row = connection.execute(
            "SELECT current_setting(%(setting)s) AS value", {"setting": setting}
        ).fetchone()
        if row is not None and row["value"] != "0":
            raise _behind_a_pooler(setting, row["value"])


def _behind_a_pooler(setting: str, value: str) -> ConfigError:
    msg = (
        f"{setting} is {value} here, and building an index may take longer. It cannot be changed "
        "through a pooler in transaction mode, which shares its servers among clients."
    )
    hint = (
        "Set migrate_database_url in the profile to the database itself, or to a pooler in session mode "
        "(Supabase: port 5432)."
    )
    return ConfigError(msg, hint=hint, code="pooler")


@dataclass(frozen=True, slots=True)
class _Work:
    connection: Connection
    planned: Plan
    planner: Planner
    told: Told

    def look(self) -> tuple[Step, ...]:
        """Plan what is left, while nobody else is at work on the table.

        An index that is being built looks like one whose build was given up. This lock, which neither readers
        nor writers notice, tells them apart.
        """
        mode = LockMode.SHARE_UPDATE_EXCLUSIVE
        table = sql.Identifier(self.planned.schema, self.planned.name)
        lock = sql.SQL("LOCK TABLE {} IN SHARE UPDATE EXCLUSIVE MODE").format(table)

        def attempt() -> tuple[Step, ...]:
            with self.connection.transaction():
                self.connection.execute(_UNNOTICED)
                self.connection.execute(lock)
                return self.planner(self.connection).steps

        return self._patiently(mode, attempt)

    def take(self, step: Step) -> None:
        self._patiently(step.mode, partial(self._take_briefly if step.brief else self._take_alone, step))

    def _patiently(self, mode: LockMode, attempt: Callable[[], T]) -> T:
        schema, table = self.planned.schema, self.planned.name
        in_the_way = partial(blockers, self.connection, schema=schema, table=table, mode=mode)
        return patiently(attempt, wait=self.planned.wait, in_the_way=in_the_way, told=self.told)

    def _take_briefly(self, step: Step) -> None:
        # In one message: whoever waits for the lock does not wait for the network as well.
        try:
            self.connection.execute(step.sql.encode())
        finally:
            if self.connection.info.transaction_status is pq.TransactionStatus.INERROR:
                self.connection.execute("ROLLBACK")

    def _take_alone(self, step: Step) -> None:
        (statement,) = step.statements
        is_build = step.kind is StepKind.BUILD_INDEX
        watching = (
            watched(self.connection.database, index=step.object, told=self.told)
            if is_build
            else nullcontext()
        )
        try:
            with watching:
                self.connection.execute(statement.encode())
        except psycopg.Error as error:
            if not is_collision(error):
                raise
