"""What a check is, and what a finding of one is.

The checks themselves stand in the folders called `checks/`, one module each: of the schema in
`schema_check/checks` (whose list names all that schema-check can find), of the mapping in `mapping/checks`,
of a recorded schema in `schema_files/checks`, of application code in `code_check/checks`, of money in
`audit/checks`.
"""
