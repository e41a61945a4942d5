"""Every check of application code, one module each, in the order in which documents list them.

They import nothing that reads code, which is not installed everywhere.
"""

from agentctl.core.code_check.checks import (
    column_generated,
    column_required,
    conflict_target,
    denied,
    migration_pending,
    relationship,
    unknown_argument,
    unknown_column,
    unknown_function,
    unknown_table,
    unparsed,
    value_refused,
)
from agentctl.core.findings.finding import Check

CHECKS: tuple[Check, ...] = (
    unknown_table.CHECK,
    unknown_column.CHECK,
    unknown_function.CHECK,
    unknown_argument.CHECK,
    column_required.CHECK,
    value_refused.CHECK,
    column_generated.CHECK,
    conflict_target.CHECK,
    relationship.CHECK,
    denied.CHECK,
    migration_pending.CHECK,
    unparsed.CHECK,
)
