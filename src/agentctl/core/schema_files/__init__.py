"""A catalog made without a database: of SQL files, a repository's migrations, or a recorded baseline.

`ddl` interprets statements; `migrations` does so with the files of a repository, in their tool's order;
`opening` decides what a path leads to; `baseline` records a schema and compares it later. What statements
have created is a `store` of `drafts`, of which `assembly` makes a catalog. SQL is never executed on a
server: a pull request's SQL may be anything.
"""
