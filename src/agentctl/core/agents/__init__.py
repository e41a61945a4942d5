"""Agents: the rows of their table, the forms of their inputs, and whether their webhooks are there.

`agent_table` finds agents. `form` reads an agent's input schema, `inputs` puts together what an operator
gave, `conversion` makes values of words, and `validation` judges them by the form; a form that may take long
is judged in a process of its own (`bounded_judging`). `reachability` calls webhooks without running anything.
"""
