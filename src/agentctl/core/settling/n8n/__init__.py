"""n8n's execution log as evidence.

`api` asks it, `calls` says which entry is a call of ours, `execution` reads one entry, and `search` is all of
it together. Nothing is written, in n8n or in the database.
"""
