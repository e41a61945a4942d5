"""SQL as text: the one front end of the reader of code and the reader of schema files.

`tokens` cuts a text, `statements` splits it as psql does, `nesting` foresees how deep a syntax tree gets, and
`parsing` asks PostgreSQL's own grammar for it. `names`, `column_names` and `builtins` say what the nodes of
the tree are called. Nothing here knows a database, and nothing is sent to one.
"""
