"""Every check, in the order in which they are run and shown: money first, then what is only suspicious.

This is where a check is registered. To add one, write a module with a CHECK in this folder, list it here, and
let docs/audit.md be written anew (CONTRIBUTING).
"""

from agentctl.core.audit.check import AuditCheck
from agentctl.core.audit.checks import (
    balance_after_broken,
    balance_differs,
    charge_unassigned,
    charge_without_execution,
    charged_twice,
    credits_used_differs,
    execution_without_charge,
    failed_not_refunded,
    ledger_sign,
    negative_balance,
    not_an_amount,
    open_too_long,
    payer_differs,
    refund_after_success,
    refund_exceeds_charge,
    refund_while_open,
    refunded_twice,
)

CHECKS: tuple[AuditCheck, ...] = (
    balance_differs.CHECK,
    balance_after_broken.CHECK,
    negative_balance.CHECK,
    not_an_amount.CHECK,
    ledger_sign.CHECK,
    charge_without_execution.CHECK,
    charged_twice.CHECK,
    refunded_twice.CHECK,
    refund_exceeds_charge.CHECK,
    refund_after_success.CHECK,
    refund_while_open.CHECK,
    failed_not_refunded.CHECK,
    open_too_long.CHECK,
    payer_differs.CHECK,
    credits_used_differs.CHECK,
    execution_without_charge.CHECK,
    charge_unassigned.CHECK,
)
