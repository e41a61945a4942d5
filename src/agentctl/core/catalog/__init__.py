"""What a database has: its tables, columns, constraints and functions, and what a role may do with them.

`introspection` reads it all with one statement (catalog.sql) as one immutable value, with the policies that
`row_security` holds. `check_constraint` says whether a CHECK accepts a row, `customer_access` what a
customer's browser may do with a table. Which table plays which role is the business of `mapping`.
"""
