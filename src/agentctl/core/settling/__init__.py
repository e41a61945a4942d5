"""Settling executions: the outcome is recorded, and the charge kept or refunded, exactly once.

`settlement` does it for a run whose outcome is known. `reconciliation` does it for those left open, on
`evidence`: the journal, n8n's own log (`n8n`), or the operator's word. `by_hand` grants and refunds what an
operator says; `lost_executions` gives back the charge of a row that is gone.
"""
