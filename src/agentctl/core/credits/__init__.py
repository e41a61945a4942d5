"""Credits: what moves them, the ledger's rows, and the reports that read them back.

`movements` charges, refunds and grants. `balances` locks a user's row, reads and raises the balance.
`deduction` calls the database's own function where it has one, `ledger_changes` finds the rows that it wrote,
and `ledger_entries` completes them or writes ours. `ledger_reports` reads the ledger, and `users` finds those
who pay. Nothing here commits.
"""
