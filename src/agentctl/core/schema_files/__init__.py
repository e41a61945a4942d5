"""A catalog made without a database: of SQL files, a repository's migrations, or a recorded baseline.

`ddl` executes statements in thought; `migrations` does so with the files of a repository, in their tool's
order; `opening` decides what a path leads to; `baseline` records a schema and compares it later. SQL is never
executed on a server: that of a pull request may be anything.
"""
