"""SQL as text: cut into tokens and statements, and parsed by PostgreSQL's own grammar.

Used for the SQL of applications and of schema files. Nothing here is sent to a database.
"""
