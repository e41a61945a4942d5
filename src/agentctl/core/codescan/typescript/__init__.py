"""TypeScript, TSX and JavaScript: what supabase-js is called with.

syntax.py parses, scopes.py and evaluation.py say what an expression can be, calls.py finds the calls, module.py is
all of one file; resolution.py and linking.py put files together; chains.py makes uses of what is then known.
"""
