"""schema-check: whether the live schema has what agentctl and the next deploy need.

It looks at a catalog, and never at rows. `checks` has one module a check and the list of all findings;
`subjects` lists what they look at, `schema_check` shows each subject to its checks, and `schema_report` is
all that the command says. `closing` writes the statements that take privileges away from customers.
"""
