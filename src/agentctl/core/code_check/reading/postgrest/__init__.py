"""The texts that supabase-js passes on to PostgREST, parsed by PostgREST's own grammars.

cursor.py reads names and JSON paths, which all grammars share; filter_grammar.py, order_grammar.py and
select_grammar.py each read one kind of text. A text that PostgREST would refuse is a `Misfit`: nothing is
repaired. Which tables and columns exist is not known here, nor which call of which library a text comes from.
"""
