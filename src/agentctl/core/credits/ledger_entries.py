"""Sees to the ledger rows of a movement of credits: finds, completes or writes them.

A database's own function or trigger may have written the row already, with or without the execution's id:
`ledger_changes` finds the rows that this transaction has written. Nothing here commits.
"""

from collections.abc import Mapping
from typing import Literal, Protocol
from uuid import uuid4

from msgspec import Struct
from psycopg import sql

from agentctl.core import amounts
from agentctl.core.credits import ledger_sides
from agentctl.core.credits.ledger_changes import LedgerState, Line, lines_written, read_state
from agentctl.core.database.connection import Connection
from agentctl.core.database.quoting import compose
from agentctl.core.database.statements import Statement
from agentctl.core.errors import PermissionDenied, SchemaLacks, UsageError
from agentctl.core.mapping import Ledger, TableRole
from agentctl.core.mapping.insertion import insertion
from agentctl.core.mapping.words import Sign
from agentctl.core.models import Credits, Key

Kind = Literal["charge", "refund", "grant"]


class Moved(Protocol):
    """What the ledger records of a movement."""

    @property
    def amount(self) -> Credits:
        """The credits added; negative for a charge."""

    @property
    def balance_after(self) -> Credits:
        """The balance that it left."""


class Entry(Struct, frozen=True):
    """What a row of the ledger is about.

    Attributes:
        kind: charge, refund or grant.
        reason: an operator's, for the description.
        row_id: the row's id; None where the database chooses it.

    """

    user: Key
    kind: Kind
    execution: Key | None = None
    reason: str | None = None
    row_id: Key | None = None


class Written(Struct, frozen=True):
    """The rows that this transaction has written about one user and one execution.

    Attributes:
        amount: their sum; negative where credits were taken.
        unlinked: the row that does not name its execution, if it is the only row.
        own: whether all rows are this user's.

    """

    count: int
    amount: Credits
    unlinked: Key | None
    own: bool


def written_since(
    connection: Connection,
    ledger: Ledger,
    entry: Entry,
    before: LedgerState,
    *,
    ever: bool = False,
    inserted: Line | None = None,
) -> Written | None:
    """Return what this transaction has written, or None where it has written nothing.

    Args:
        connection: in a transaction.
        ledger: the table.
        entry: the user and the execution whose rows count.
        before: the ledger before anything was written.
        ever: count what was written about this execution before, too.
        inserted: the row that `insert` has written.

    """
    now = read_state(connection, ledger, entry.execution)
    known = (inserted,) if inserted is not None else ()
    lines = lines_written(connection, ledger, user=entry.user, before=before, now=now, known=known)
    if ever:
        lines = (*lines, *(line for line in now.lines if line not in lines))
    if not lines:
        return None
    unlinked = [line.id for line in lines if line.execution is None]
    return Written(
        count=len(lines),
        amount=amounts.total(line.amount for line in lines),
        unlinked=unlinked[0] if len(lines) == len(unlinked) == 1 else None,
        own=all(line.user == entry.user for line in lines),
    )


def account_for(
    connection: Connection, ledger: Ledger, moved: Moved, written: Written | None, entry: Entry
) -> None:
    """Make the ledger record a movement exactly once, and for which execution.

    Raises:
        SchemaLacks: the rows that were written do not add up to the movement.
        PermissionDenied: row level security may hide rows that were written.

    """
    if written is None:
        if ledger.is_filtered and not _may_see_own(ledger):
            ledger.require_visible_rows()
            raise PermissionDenied(
                f"Row level security may hide rows of {ledger.name} from this role, so it cannot "
                "be verified what was written.",
                hint="Connect as a role with BYPASSRLS.",
                code="row_level_security",
            )
        insert(connection, ledger, moved, entry)
        return
    if written.amount != moved.amount or not written.own:
        raise SchemaLacks(
            f"{ledger.name} got {written.count} rows of {written.amount} in total for a movement "
            f"of {moved.amount}. Everything was rolled back.",
            code="charge_not_exact",
        )
    if written.unlinked is not None and entry.execution is not None and ledger.is_linked:
        _link_execution(connection, ledger, written.unlinked, entry.execution)


def _may_see_own(ledger: Ledger) -> bool:
    policies = ledger.table.row_security.policies
    return any(policy.applies and policy.permissive and policy.using == "true" for policy in policies)


def _link_execution(connection: Connection, ledger: Ledger, row: Key, execution: Key) -> None:
    """Record which execution a row belongs to that this transaction has written."""
    column = ledger.column("execution")
    if column is None or not column.updatable:
        raise PermissionDenied(
            f"{ledger.name} does not say which execution was charged, and this role may not record it.",
            hint=ledger.query("GRANT UPDATE ({execution}) ON {table} TO ...;").as_string(),
        )
    query = ledger.query("UPDATE {table} SET {execution} = %(execution)s WHERE {id} = %(row)s")
    connection.execute(query, {"execution": ledger.stored("execution", execution), "row": row})


def insert(connection: Connection, ledger: Ledger, moved: Moved, entry: Entry) -> Line:
    """Write a movement's row, and return it as it was written.

    Raises:
        SchemaLacks: the ledger has no word for such a movement.
        UsageError: the column cannot hold the amount exactly.

    """
    written_amounts = _list_amounts(ledger, moved.amount)
    sides = ledger_sides.fill_other_side(connection, ledger, written_amounts) if ledger.has_sides else {}
    written = connection.run(compose_insert(ledger, moved, entry, sides=sides)).fetchone()
    inexact = [part for part, amount in written_amounts.items() if not written or written[part] != amount]
    if written is None or inexact:
        raise cannot_hold(ledger, inexact[0], moved.amount)
    return Line(written["id"], entry.user, entry.execution, moved.amount)


def compose_insert(
    ledger: Ledger, moved: Moved, entry: Entry, *, sides: Mapping[str, object] | None = None
) -> Statement:
    """Return the statement that writes a movement's row.

    Args:
        ledger: the table.
        moved: what was moved.
        entry: what the row is about.
        sides: what the other side of a ledger with two sides has.

    Raises:
        SchemaLacks: the ledger has no word for such a movement.

    """
    written_amounts = _list_amounts(ledger, moved.amount)
    values: dict[str, object] = {"user": entry.user, "balance_after": moved.balance_after, **written_amounts}
    values["balance_before"] = amounts.subtract(moved.balance_after, moved.amount)
    values |= sides or {}
    if "kind" in ledger:
        values["kind"] = _choose_word(ledger, entry.kind)
    if entry.execution is not None:
        values["execution"] = entry.execution
    of = f" of execution {entry.execution}" if entry.execution is not None else ""
    values["description"] = entry.reason or f"agentctl: {entry.kind}{of}"
    values |= _choose_id(ledger, entry.row_id)
    query, parameters = insertion(ledger, values, constants=ledger.constants.get(entry.kind))
    returning = ledger.query(
        "{insertion} RETURNING {id} AS id, {amounts}",
        insertion=query,
        amounts=sql.SQL(", ").join(
            compose("{} AS {}", sql.Identifier(ledger.columns[part]), sql.Identifier(part))
            for part in written_amounts
        ),
    )
    return Statement(returning, parameters)


def is_foreseeable(ledger: Ledger) -> bool:
    """Whether a row is known ahead: agentctl makes up no id for it, and looks at no other rows before."""
    return not ledger.has_sides and not _choose_id(ledger, None)


def _list_amounts(ledger: Ledger, amount: Credits) -> dict[str, Credits]:
    """Return the parts of a row that say how much was moved, each with its number."""
    absolute = amounts.absolute(amount)
    written = {}
    if "amount" in ledger.columns:
        written["amount"] = absolute if ledger.sign is Sign.BY_KIND else amount
    if ledger.has_sides:
        written["debit" if amount < 0 else "credit"] = absolute
    return written


def _choose_word(ledger: Ledger, kind: str) -> str:
    if kind not in ledger.kinds.written:
        raise SchemaLacks(
            f"agentctl knows no kind of row for a {kind} in {ledger.name}.",
            hint=f'Name it: [profiles.NAME.schema.ledger.kinds] {kind} = "WORD"',
        )
    return ledger.kinds.written[kind]


def _choose_id(ledger: Ledger, row_id: Key | None) -> dict[str, object]:
    """Return the id to write; nothing where the database chooses it."""
    column = ledger.column("id")
    if row_id is None and column is not None and column.default is None and not column.generated:
        row_id = uuid4() if column.base_type == "uuid" else str(uuid4()) if column.sequence is None else None
    return {} if row_id is None else {"id": row_id}


def cannot_hold(role: TableRole, part: str, amount: object) -> UsageError:
    """Return the error about a column that rounds, so that balance and ledger would not agree."""
    return UsageError(
        f"{role.name}.{role.columns[part]} cannot move by {amount} exactly.",
        hint="Use an amount with fewer decimal places.",
    )
