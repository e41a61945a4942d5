"""TypeScript, TSX and JavaScript: what supabase-js is called with.

syntax.py parses, scopes.py and evaluation.py say what an expression can be, finder.py finds the chains,
module.py is all of one file; resolution.py and linking.py put files together; clients.py tells which chains
are supabase-js's, chains.py makes uses of them.
"""
