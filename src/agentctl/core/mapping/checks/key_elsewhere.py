"""A column that should name a user has a foreign key to something else."""

from agentctl.core.findings.finding import Check

CHECK = Check(
    id="key-elsewhere",
    title="A column that should name a user has a foreign key to something else",
    meaning=(
        "Numbers of two tables look alike: a charge would be booked for whoever has the same number there. "
        "agentctl refuses; a ledger is set aside, so that everything else can be read."
    ),
    remedy="Name the column that refers to the users, in the section that the hint names.",
    details=(
        "An example is a ledger whose rows name a wallet that has no balance of its own. Keys that lead to "
        "the users by way of another table are right: `profiles.id` and `wallets.user_id` may both be the id "
        "of `auth.users`. So is the key of the row with the user's balance: rows that name such a wallet are "
        "read and written by way of it."
    ),
)
