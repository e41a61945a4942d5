"""Executions: their table, their history, and what this machine knows of those that it began.

`execution_table` records and settles one row. `history`, `stats` and `lookup` read rows back; `journal` keeps
what this machine ran, for `reconcile`.
"""
