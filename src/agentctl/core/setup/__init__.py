"""The first look at a database: what `init` finds out, and the configuration that it suggests."""
