"""Turns models into JSON, CSV, plain text or the output of a terminal.

`blocks` are the few kinds of output; `plain` draws them for pipes and `terminal` with Rich. Each command has
a module with `*_data` for programs and `*_view` for people. `envelope` makes JSON, `csv_cells` CSV, and
`sarif`, `junit` and `github` the reports for CI. `clean` makes foreign text harmless; all output goes through
it. Nothing here knows a database, a webhook or the command line.
"""
