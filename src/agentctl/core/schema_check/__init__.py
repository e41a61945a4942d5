"""schema-check: whether the live schema has what agentctl and the next deploy need.

It looks at a catalog, and never at rows. `schema_report` is all that it says, `schema_security` what a
customer could do to credits.
"""
