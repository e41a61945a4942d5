"""What `init` does: it looks at a database for the first time, and suggests a configuration.

`initialisation` reads the schema and finds agents with private or missing webhooks; `suggestion` writes the
configuration as TOML, with the evidence as comments. `schema-check --suggest` prints a part of it. Nothing
here writes to the database or to a file.
"""
