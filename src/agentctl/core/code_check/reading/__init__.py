"""Application code that writes and reads the database, read without running it.

Readers (typescript/, sql_reader.py, python_reader.py) make *uses* of source text: this table, that column,
this literal, at this place. Whether the database agrees is not known here: core/code_check/ compares the two.
"""
