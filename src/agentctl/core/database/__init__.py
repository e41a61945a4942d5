"""Connections to PostgreSQL, the statements sent over them, and the values that come back.

`connection` opens connections. `transactions` makes a change happen once: `durably` connects, retries, reads
the schema again and commits. `errors` is the only module that knows psycopg's errors and makes ours of them,
`advice` knows what helps against a refused connection, and `retries` how long to try again. `cursors` sends
statements, in which `qualified_sql` writes the schema before every name of PostgreSQL's; `quoting` composes
SQL of names that others have chosen, and `read_deadline` ends statements that take too long. `loaders` and
`row_values` read values, `row_identity` says which row of which database something is about, and `pooler`
recognizes a pooler in transaction mode. No table of the marketplace is known here.
"""
