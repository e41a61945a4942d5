"""How a migration tells its own columns from others, in the database itself.

A comment on a column commits with the column, is seen by whoever looks at the table, and outlives this
machine.
"""

from agentctl.core.migration.survey import MemberColumn

MARK = "added by agentctl migrate-full"
ASIDE = "agentctl_undo_"
"""What the name of a column begins with that an undo has set aside, and not dropped yet."""


def is_ours(column: MemberColumn) -> bool:
    """Whether a migration has added it."""
    return MARK in (column.comment or "")
