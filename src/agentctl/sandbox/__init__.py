"""The embedded PostgreSQL and its demo agents, which agentctl uses if nothing is configured.

`server` is what the rest of the program uses. `lifecycle` starts the sandbox for the first command and ends
it after the last; `keeper` is the process that runs it meanwhile. `cluster` makes, starts and stops
PostgreSQL, `home` decides about folders and users, `installation` finds the programs, `locks` tells who is
alive. `seed` fills the database, `webhooks` serves the demo agents (`agents`, `seo_blog`) on a loopback port.
No module here knows credits, executions or runs.
"""
