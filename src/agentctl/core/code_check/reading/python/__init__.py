"""SQL in the strings of Python: found without running or importing anything.

names.py says what a name is bound to, texts.py what an expression is as a text, literals.py where each
character of a literal stands, drivers.py whose SQL it is, calls.py what hands it to a database.
"""
