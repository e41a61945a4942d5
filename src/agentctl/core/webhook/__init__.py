"""Calls an agent's webhook, and judges what it answered.

`call` is where a call begins: it uses `attempts`, which decides what may be repeated, and `attempts` uses
`http`, which sends one request and is the only module that knows httpx. None imports in the other direction.
`endpoint` checks and describes what to call, and `addresses` which hosts may be called (`special_networks` is
the table of the others). `answer` reads a body, `judgement` decides whether the agent succeeded, failed, or
neither is certain, and `success_rule` is an agent's own condition for that. The package knows neither
databases nor credits.
"""
