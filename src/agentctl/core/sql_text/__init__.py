"""SQL as text, whoever reads it: its tokens, their lines, and PostgreSQL's own grammar under a guard.

What ends a statement and what one means is left to those who read: codescan/sql/ and schema_source/.
"""
