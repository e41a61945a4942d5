"""Checks whose findings are made while a database is mapped, or before a run writes into it: one module each.

A module says all there is to know about its check, and has the function that finds it where that is not what
maps the database. `schema_check/checks` lists them.
"""
