"""n8n's execution log as evidence.

`search` looks for our executions in it: `api` reads from n8n, `execution` reads one entry, and `calls`
recognises a call of ours. Nothing is written, in n8n or in the database.
"""
