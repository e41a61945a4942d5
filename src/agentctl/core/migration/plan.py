"""A migration's plan as data: every step with its SQL, its lock and the statement that undoes it.

It does not know how a plan is made, shown or followed.
"""

from datetime import timedelta
from enum import StrEnum

from msgspec import Struct

from agentctl.core.catalog.qualified import Qualified
from agentctl.core.mapping import SchemaSettings
from agentctl.core.mapping.optional_columns import Tracking
from agentctl.core.migration.marks import AddedColumn
from agentctl.core.times import milliseconds


class StepKind(StrEnum):
    """What a step does."""

    ADD_COLUMNS = "add columns"
    TAKE_BACK_COLUMNS = "take back columns"
    DROP_INDEX = "drop invalid index"
    BUILD_INDEX = "build index"
    BEGIN_INDEX = "begin index"
    ATTACH_INDEX = "attach index"
    REMOVE_INDEX = "remove index"
    SET_ASIDE = "set columns aside"
    DROP_COLUMNS = "drop columns"


class LockMode(StrEnum):
    """A mode of PostgreSQL's locks on tables."""

    ACCESS_EXCLUSIVE = "ACCESS EXCLUSIVE"
    SHARE = "SHARE"
    SHARE_UPDATE_EXCLUSIVE = "SHARE UPDATE EXCLUSIVE"

    @property
    def waits_for(self) -> tuple[str, ...]:
        """The modes that conflict with it, as pg_locks spells them.

        Source: PostgreSQL's documentation, 13.3.1, table 13.2.
        """
        return _CONFLICTS[self]


_NO_LIMITS = ("SET statement_timeout = 0", "SET lock_timeout = 0")
_STRONG = ("ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock")
_CONFLICTS = {
    LockMode.SHARE_UPDATE_EXCLUSIVE: ("ShareUpdateExclusiveLock", "ShareLock", *_STRONG),
    LockMode.SHARE: ("RowExclusiveLock", "ShareUpdateExclusiveLock", *_STRONG),
    LockMode.ACCESS_EXCLUSIVE: (
        *("AccessShareLock", "RowShareLock", "RowExclusiveLock"),
        *("ShareUpdateExclusiveLock", "ShareLock", *_STRONG),
    ),
}


class LockWait(Struct, frozen=True):
    """The time to wait for a lock: `timeout` for each attempt, `give_up_after` for all of them."""

    timeout: timedelta = timedelta(milliseconds=200)
    give_up_after: timedelta = timedelta(minutes=10)

    @property
    def limit(self) -> str:
        """The time of one attempt in PostgreSQL's syntax, where 0 would mean no limit."""
        return f"{max(1, milliseconds(self.timeout))}ms"


SHORT_WAIT = LockWait()
"""The wait where the operator has named no other."""


class Step(Struct, frozen=True):
    """One change, done whole or not at all.

    Attributes:
        object: the columns or the index.
        statements: the statements to send, in this order.
        mode: the strongest lock that it takes on the table.
        brief: whether it is one transaction under a lock timeout, rather than a statement on its own.
        scans: whether it reads the whole table; no step rewrites it.
        undo: the statement that takes it back; None if there is none.

    """

    kind: StepKind
    object: str
    statements: tuple[str, ...]
    mode: LockMode
    brief: bool = True
    scans: bool = False
    undo: str | None = None

    @property
    def sql(self) -> str:
        """The statements as they are sent."""
        return ";\n".join(self.statements)

    @property
    def lock(self) -> str:
        """The lock and how long it is held, in words."""
        if not self.brief:
            return f"{self.mode}: reads and writes go on"
        return f"{self.mode}, for milliseconds; given up and retried if it is not available at once"


class Plan(Qualified, Struct, frozen=True):
    """The steps from the table as it is to the table as it should be; none if nothing is left to do.

    Attributes:
        remarks: what the plan leaves alone, and why.
        taken_away: the columns that an undo drops.
        key: the columns that identify a row in the copy that an undo makes.

    """

    schema: str
    name: str
    before: Tracking
    settings: SchemaSettings
    steps: tuple[Step, ...]
    wait: LockWait = SHORT_WAIT
    remarks: tuple[str, ...] = ()
    taken_away: tuple[AddedColumn, ...] = ()
    key: tuple[str, ...] = ()

    @property
    def session(self) -> tuple[str, ...]:
        """The statements to send first, on a session of its own, so that an index build has no time limit."""
        return () if all(step.brief for step in self.steps) else _NO_LIMITS
