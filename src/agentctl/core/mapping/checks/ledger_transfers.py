"""The ledger's rows name two parties."""

from agentctl.core.findings.finding import Check

CHECK = Check(
    id="ledger-transfers",
    title="The ledger's rows name two parties, from whom credits go and to whom",
    meaning="One of the two is the house's account, which nothing in the database tells.",
    remedy="Name the table that has the movements of each user, if there is one.",
    details=(
        "agentctl neither reads nor writes such a ledger: balances, agents and executions are shown, and a "
        "charge, a grant or a refund is refused. Do not name one of the two columns as the user: half of all "
        "movements would be missing."
    ),
)
