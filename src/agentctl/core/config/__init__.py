"""The configuration: profiles, and the sections of a profile.

`profiles` finds the file and makes a profile of it, `toml_sections` reads TOML and names file, line and key
in every error, `schema_section` and `code_section` read `[profiles.NAME.schema]` and `[profiles.NAME.code]`.
"""
