"""What stands where credits should, and is no number of credits."""

from agentctl.core.audit.check import AuditCheck

CHECK = AuditCheck(
    id="not-an-amount",
    title="A balance, an amount or a cost is NaN, infinite, or beyond any number of credits",
    meaning=(
        "This also covers `balance_after` and `credits_used`; the limit is 10^100. A `numeric` "
        "column without a precision accepts such values, so a customer who may write a row may "
        "write them. They are not credits: sums and totals also leave them out."
    ),
    remedy=(
        "It cannot be charged, refunded or verified, and the other checks leave it out. Correct "
        "the row, balance and ledger together, and make the column refuse such values with "
        "numeric(20,4) or a CHECK."
    ),
    query="""
    SELECT id, user_id, part, left(value, 40) AS value FROM not_amounts""",
)
