"""Connections to PostgreSQL, the statements sent over them, and the values that come back.

`connection` is the only module that knows psycopg's errors: it translates them, and says where a transaction
begins and ends. `qualified_sql` writes the schema before every name of PostgreSQL's, `quoting` composes SQL
of names that others have chosen, `loaders` and `row_values` read values, `row_identity` says which row of
which database something is about, `pooler` recognizes a pooler in transaction mode, and `advice` knows what
helps against a refused connection. No table of the marketplace is known here.
"""
