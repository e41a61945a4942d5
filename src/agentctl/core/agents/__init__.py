"""Agents: the rows of their table, the forms of their inputs, and whether their webhooks are there.

`agent_table` finds agents. `form` reads an agent's form or JSON Schema. `inputs` combines the inputs that an
operator gives, `conversion` turns their text into JSON values, and `validation` checks the values against the
form. `schema_rules` knows JSON Schema and which schemas may take long to check; `bounded_judging` checks
those in a process that can be ended, and `ecma_patterns` translates their regular expressions. `reachability`
asks n8n which webhooks exist, without running anything. Nothing here charges, records or runs an agent.
"""
