"""Settling executions: the outcome is recorded, and the charge kept or refunded, exactly once.

`settlement` writes an outcome with its refund; a failed run is refunded there. `reconciliation` settles the
executions that were left open: each is one of its `cases`, and `evidence` comes from the journal, from n8n's
own log (`n8n`), or from the operator. `by_hand` grants and refunds what an operator says; `lost_executions`
gives back the charge of a row that is gone.
"""
