"""Executions: their table, their history, and what this machine knows of those that it began.

`execution_table` records and settles one row. `history` lists, streams and follows rows, on `filters`, by
`selection`'s SELECT and page by page with a `cursor`; `stats` counts them, and `lookup` finds one by the
beginning of its id. `journal` keeps what this machine ran, for `reconcile`; `visibility` tells an empty key.
Nothing here commits.
"""
