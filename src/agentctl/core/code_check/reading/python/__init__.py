"""SQL in the strings of Python, found without running or importing anything.

`names` knows what a name is bound to, `texts` the text of an expression, `literals` where each character of a
literal stands, `drivers` which database the SQL is for, and `calls` which calls hand it over.
"""
