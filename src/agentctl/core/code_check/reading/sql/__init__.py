"""SQL as application code ships it, read with PostgreSQL's own grammar.

statements.py splits a text, scopes.py knows what a name can mean where, queries.py and
writes.py make uses of what is then known. None of it knows a database.
"""
