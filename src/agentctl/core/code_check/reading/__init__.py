"""Reads application code without running it, and says what it does with the database.

The result is a list of *uses* (uses.py): this table, that column, this literal, at this location.
source_files.py finds the files, following .gitignore (gitignore.py, glob.py); file_reader.py reads one file,
reader_pool.py many at once; cache.py keeps what was read; scan.py reads a whole project. Each language has a
reader: typescript/ for supabase-js, with PostgREST's grammars in postgrest/; sql_reader.py and sql/;
python_reader.py and python/.

A use is certain: what cannot be known without running the code is an `Unresolved`. Nothing here connects to a
database or knows its schema: core/code_check/ compares uses with a catalog.
"""
