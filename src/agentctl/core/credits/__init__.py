"""Credits: what moves them, the ledger's rows, and the reports that read them back.

`movements` charges, refunds and grants under the user's lock; `deduction` calls the database's own function
where it has one, `ledger_changes` finds the rows that it wrote, and `ledger_entries` completes them or writes
ours. `ledger_reports` reads; `users` finds those whose credits they are. Nothing here commits.
"""
