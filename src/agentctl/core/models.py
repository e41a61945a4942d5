"""The values that the core hands around: agents, users, executions, money; and what Structs cannot say.

Data only: how they are found, written or shown is not known here.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from agentctl.core.times import Moment
from agentctl.core.webhook_url import without_secrets

Key = UUID | int | str
"""A primary key, as the database types it."""

Credits = int | Decimal
"""An amount of credits, exact: an integer or a finite decimal, as the database has it."""


class Reticent:
    """A Struct whose repr, which a log or a traceback may show, keeps fields to itself."""

    __slots__ = ()

    __struct_fields__: ClassVar[tuple[str, ...]]
    unsaid: ClassVar[frozenset[str]] = frozenset()
    """The fields that it does not show."""

    def __repr__(self) -> str:
        shown = (name for name in self.__struct_fields__ if name not in self.unsaid)
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"


class Comparable:
    """A Struct that is equal to another when all is equal but the fields that lie beside the point."""

    __slots__ = ()

    __struct_fields__: ClassVar[tuple[str, ...]]
    beside: ClassVar[frozenset[str]] = frozenset()
    """The fields that may differ."""

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self._list_compared())

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in self._list_compared()))

    def _list_compared(self) -> list[str]:
        return [name for name in self.__struct_fields__ if name not in self.beside]


class Verbatim(Struct, frozen=True):
    """A value as PostgreSQL prints it, where Python has none that means the same."""

    text: str

    def __str__(self) -> str:
        return self.text


Amount = Credits | Verbatim
"""The value of a column of amounts: an amount, or what is not one (`NaN`, `Infinity`)."""

Time = datetime | Verbatim
"""The value of a column of times: an instant in UTC, or what Python cannot represent (`infinity`)."""


class Status(StrEnum):
    """The states of an execution."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"


class Outcome(StrEnum):
    """How an execution ended; unknown is an outcome too, until the truth is known."""

    SUCCESS = "success"
    FAILED = "failed"
    UNKNOWN = "unknown"


NO_STATUS = "none"
"""The word for a status that is NULL."""


def outcome_of(status: str | None) -> Outcome:
    """Return the outcome that a status means."""
    return Outcome(status) if status in {Status.SUCCESS, Status.FAILED} else Outcome.UNKNOWN


OPEN = (Status.PENDING, Status.RUNNING)
"""The states in which an execution has no outcome yet."""

STALE_AFTER = timedelta(minutes=15)
"""The age from which the run of an open execution counts as dead."""


class AgentRef(Struct, frozen=True):
    """The name of an agent: `id` is None where an execution has no agent, `name` where its row is gone."""

    id: Key | None
    slug: str | None
    name: str | None


class Agent(Reticent, Struct, frozen=True):
    """An agent that can be run; price and webhook are None where the database has none.

    Attributes:
        raw_form: the form as the database has it.
        webhook_url: the URL to call, with its secrets; `public_url` is what may be stored and shown.
        state: the database's word for whether it is for sale; None where it has none.
        version: the one that is run, where agents have versions.
        withheld: the column of the date because of which it cannot be run.

    """

    unsaid: ClassVar = frozenset({"webhook_url"})

    id: Key
    slug: str
    name: str
    description: str | None
    category: str | None
    price: Amount | None
    active: bool
    deleted: bool
    raw_form: object
    webhook_url: str | None
    platforms: tuple[str, ...]
    state: str | None = None
    version: object = None
    withheld: str | None = None

    @property
    def public_url(self) -> str | None:
        """The webhook's URL without credentials and parameters."""
        return None if self.webhook_url is None else without_secrets(self.webhook_url)

    @property
    def has_invalid_price(self) -> bool:
        """Whether its price cannot be charged: it is negative, or not a number."""
        return self.price is not None and (isinstance(self.price, Verbatim) or self.price < 0)

    @property
    def ref(self) -> AgentRef:
        """The agent's name."""
        return AgentRef(id=self.id, slug=self.slug, name=self.name)


class UserRef(Struct, frozen=True):
    """The name of a user: `id` is None where an execution has no user, `email` where the row is gone."""

    id: Key | None
    email: str | None


class User(Struct, frozen=True):
    """Who pays; `email` and `balance` are None where the row is gone or hidden.

    Attributes:
        held: the part of the balance that is held for runs at work; None where nothing is.

    """

    id: Key
    email: str | None
    balance: Amount | None = None
    held: Amount | None = None


class LedgerRow(Struct, frozen=True):
    """One row of the ledger: a negative charge, or a positive refund, purchase or bonus."""

    id: Key
    kind: str | None
    amount: Amount | None
    balance_after: Amount | None
    execution_id: Key | None
    created_at: Time | None


class Execution(Struct, frozen=True):
    """One row of agent_executions with its names; NULL and a missing column are None.

    Attributes:
        charged: the credits taken for it, as a positive amount; None where the database cannot tell.
        refunded: the credits given back for it.
        creation: what `created_at` can mean.
        is_lost: whether its row is gone, so that all that is known of it comes from the ledger.

    """

    id: Key
    agent: AgentRef
    user: UserRef
    status: str | None
    created_at: Time | None
    charged: Amount | None = 0
    refunded: Amount | None = 0
    workflow_id: str | None = None
    inputs: object = None
    result: object = None
    error: str | None = None
    credits_used: Amount | None = None
    started_at: Time | None = None
    completed_at: Time | None = None
    creation: Moment | None = None
    is_lost: bool = False

    @property
    def is_open(self) -> bool:
        """Whether its outcome is still to come."""
        return self.status in OPEN

    @property
    def duration_ms(self) -> int | None:
        """Milliseconds from start to completion, where both were recorded as instants."""
        return duration_between(self.started_at, self.completed_at)


def duration_between(start: Time | None, end: Time | None) -> int | None:
    """Return the milliseconds between two times; None if either is not an instant."""
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        return None
    return round((end - start).total_seconds() * 1000)
