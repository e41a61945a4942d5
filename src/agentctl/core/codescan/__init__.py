"""Application code that writes and reads the database, read without running it.

Readers (typescript/, sql_reader.py, python_reader.py) make *uses* of source text: this table, that column, this
literal, at this place. A use says nothing about whether the database agrees; core/codecheck/ compares the two.
"""
