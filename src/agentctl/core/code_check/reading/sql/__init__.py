"""SQL as application code ships it, read with PostgreSQL's own grammar.

`readable` puts identifiers in the place of placeholders, `scopes` knows what a name can mean where it stands,
`queries` and `writes` make uses of what is then known. None of it knows a database.
"""
