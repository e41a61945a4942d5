"""The database computes the balance from other columns, and nobody said which of them to move."""

from collections.abc import Iterator, Sequence

from agentctl.core.findings.finding import Check, Finding
from agentctl.core.hint_text import toml_text
from agentctl.core.mapping.name_words import split_name
from agentctl.core.mapping.table_role import TableRole
from agentctl.core.mapping.vocabulary import EXACT

_MOST = 8
_GROWING = frozenset({"total", "lifetime", "ever", "count", "spent", "used", "executions", "runs"})
"""Words of numbers that only grow, which are no parts of what is left."""

CHECK = Check(
    id="balance-derived",
    title="The balance is computed from other columns",
    meaning=(
        "A change of the balance alone would be undone or refused, so that no refund could be paid: agentctl "
        "does not charge."
    ),
    details=(
        "An example is the sum of credits that expire and credits that last. `balance_part`, in the section "
        "that the hint names, says to which of these columns refunds and grants go. Where the database has a "
        "function that charges, the function still decides what a charge is taken from. A balance is taken "
        "for the sum of two or three exact numbers beside it if it is that in every row that is looked at."
    ),
)


def find_generated(balances: TableRole, users: TableRole) -> Iterator[Finding]:
    """Look for a balance that is a generated column, without a part to move."""
    column = balances.column("balance")
    if column is not None and column.generated and "balance_part" not in balances:
        yield explain(balances, users)


def explain(balances: TableRole, users: TableRole, parts: Sequence[str] = ()) -> Finding:
    """Return the finding about a balance, with the line for each part.

    Args:
        balances: the table with the balance.
        users: may be the same table.
        parts: what the balance is the sum of; where that is unknown, each exact number could be a part.

    """
    name = f"{balances.name}.{balances.columns['balance']}"
    section = "users" if balances.table is users.table else "balances"
    lines = "\n".join(
        f"  balance_part = {toml_text(part)}" for part in parts or list_numbers(balances, users)
    )
    sum_ = f" from {' + '.join(parts)}" if parts else ""
    return CHECK.finding(
        name,
        f"{name} is computed{sum_}: a change of it alone would be undone.",
        f"Say which part grants and refunds go to, in [profiles.NAME.schema.{section}]:\n{lines}",
    )


def list_numbers(balances: TableRole, users: TableRole) -> tuple[str, ...]:
    """Return the first few exact numbers beside the balance that could be parts of it and may be read."""
    taken = {*balances.columns.values(), *users.columns.values()}
    columns = (column for column in balances.table.columns if column.name not in taken)
    names = (column.name for column in columns if column.base_type in EXACT and column.readable)
    return tuple(name for name in names if not _GROWING & {*split_name(name)})[:_MOST]
