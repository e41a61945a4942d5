"""Compares what application code does with a database's catalog.

`reading` says what the code names and writes; a `Catalog` says what there is. What the catalog does not tell
for certain is no finding: it is left open, and where somebody should know it, counted. `code_check` judges
everything that code does, with one module for each kind of use; `checks` has one module for each check, and
imports nothing that reads code; `code_report` is a whole project beside a catalog.
"""
