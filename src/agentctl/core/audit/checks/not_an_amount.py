"""What stands where credits should, and is no number of credits."""

from agentctl.core.audit.check import Check, Severity

CHECK = Check(
    id="not-an-amount",
    severity=Severity.ERROR,
    description="A balance, an amount or a cost is NaN, infinite, or beyond any number of credits",
    help=(
        "It cannot be charged, refunded or verified, and the other checks leave it out. Correct "
        "the row, balance and ledger together, and make the column refuse such values with "
        "numeric(20,4) or a CHECK."
    ),
    query="""
    SELECT id, user_id, part, left(value, 40) AS value FROM not_amounts""",
)
