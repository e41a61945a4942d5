"""Reads TypeScript, TSX and JavaScript, and returns what the code calls supabase-js with.

One file: syntax.py parses it; scopes.py finds declarations; evaluation.py (with literals.py, methods.py,
mutation.py and reduction.py) computes what an expression can be, as values.py; finder.py finds the call
chains; module.py is everything together. All files: resolution.py (with folders.py, packages.py and
projects.py) finds the file that an import means, and linking.py puts the modules together. Then clients.py
decides which chains are supabase-js's, and chains.py (with selects.py, filters.py, writes.py and rows.py)
turns them into uses.

It runs no code, and does not know which tables and columns exist.
"""
