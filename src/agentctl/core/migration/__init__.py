"""Adds the optional columns to the executions' table while it is in use, and takes them back.

target.py finds the table and survey.py reads what the catalog does not have of it. widening.py and undoing.py
compare it with what is wanted and return a plan (plan.py), whose SQL statements.py and indexes.py compose.
apply.py follows a plan step by step: locks.py retries until a lock is free, exclusion.py keeps a second
migration out, building.py watches an index build. backfill.py fills the new columns of old executions.
marks.py decides which columns a migration has added. Nothing here prints, or decides what an operator wants.
"""
