"""The configuration: profiles, and the sections of a profile.

`profiles` finds the file, reads it with tomli and makes a profile of it. `toml_sections` reads a table key by
key, and names file, line and key in every error; `key_lines` finds the line. `schema_section` and
`code_section` read `[profiles.NAME.schema]` and `[profiles.NAME.code]`. A secret is resolved only when its
value is needed, and no message shows a value.
"""
