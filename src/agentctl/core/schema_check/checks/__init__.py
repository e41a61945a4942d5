"""Every check that schema-check has, in the order in which documents list them.

This is where a check is registered. To add one, write a module with a CHECK in this folder, list it here, and
let the documents be written anew (CONTRIBUTING). `CHECKS` is the list of all that schema-check can find.
"""

from agentctl.core.code_check.checks import CHECKS as CODE_CHECKS
from agentctl.core.findings.finding import Check
from agentctl.core.mapping.checks import (
    check_refuses,
    column_generated,
    column_missing,
    column_unfilled,
    function_denied,
    function_unusable,
    key_mismatch,
    kind_unmapped,
    ledger_transfers,
    ledger_unlinked,
    role_ambiguous,
    rows_hidden,
    sequence_denied,
    sign_unknown,
    status_unmapped,
    table_denied,
    table_missing,
    trigger_present,
    type_inexact,
    view_not_writable,
    words_unconfirmed,
)
from agentctl.core.schema_check.checks import (
    balance_writable,
    column_denied,
    column_similar,
    column_type,
    executions_no_primary_key,
    executions_writable,
    function_exposed,
    function_missing,
    function_search_path,
    index_definition,
    index_invalid,
    index_missing,
    ledger_writable,
    required_column_missing,
    row_security_off,
)
from agentctl.core.schema_files.checks import CHECKS as DRIFT_CHECKS

__all__ = ["CHECKS", "CODE_CHECKS", "DRIFT_CHECKS"]

CHECKS: tuple[Check, ...] = (
    table_missing.CHECK,
    column_missing.CHECK,
    table_denied.CHECK,
    rows_hidden.CHECK,
    required_column_missing.CHECK,
    column_type.CHECK,
    column_similar.CHECK,
    column_denied.CHECK,
    column_generated.CHECK,
    index_definition.CHECK,
    index_missing.CHECK,
    index_invalid.CHECK,
    executions_no_primary_key.CHECK,
    function_denied.CHECK,
    function_unusable.CHECK,
    role_ambiguous.CHECK,
    type_inexact.CHECK,
    key_mismatch.CHECK,
    status_unmapped.CHECK,
    kind_unmapped.CHECK,
    words_unconfirmed.CHECK,
    sign_unknown.CHECK,
    ledger_transfers.CHECK,
    ledger_unlinked.CHECK,
    function_missing.CHECK,
    column_unfilled.CHECK,
    check_refuses.CHECK,
    trigger_present.CHECK,
    view_not_writable.CHECK,
    sequence_denied.CHECK,
    function_exposed.CHECK,
    function_search_path.CHECK,
    balance_writable.CHECK,
    ledger_writable.CHECK,
    executions_writable.CHECK,
    row_security_off.CHECK,
    *DRIFT_CHECKS,
    *CODE_CHECKS,
)
