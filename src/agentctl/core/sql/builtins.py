"""The names that every PostgreSQL has, whatever else is in a database: columns, functions, schemas."""

import re

SYSTEM_COLUMNS = frozenset({"tableoid", "ctid", "xmin", "xmax", "cmin", "cmax"})
_FUNCTIONS = re.compile(
    r"(?:pg|jsonb?|regexp|ts)_\w+"
    r"|(?:cursor|database|query|schema|table)_to_xml\w*"
    r"|make_(?:date|interval|time|timestamp|timestamptz)"
    r"|aclexplode|array_sort|parse_ident|random|random_normal|unnest|uuidv7"
)
_SCHEMAS = re.compile(r"pg_\w+|information_schema")
_ROWS: dict[str, frozenset[str]] = {
    "json_array_elements": frozenset({"value"}),
    "json_array_elements_text": frozenset({"value"}),
    "jsonb_array_elements": frozenset({"value"}),
    "jsonb_array_elements_text": frozenset({"value"}),
    "json_each": frozenset({"key", "value"}),
    "json_each_text": frozenset({"key", "value"}),
    "jsonb_each": frozenset({"key", "value"}),
    "jsonb_each_text": frozenset({"key", "value"}),
}
_SCALARS = frozenset(
    {
        "generate_series",
        "generate_subscripts",
        "json_object_keys",
        "jsonb_object_keys",
        "regexp_split_to_table",
        "string_to_table",
    }
)


def is_function(path: tuple[str, ...]) -> bool:
    """Whether a function that takes arguments by name is PostgreSQL's own."""
    *schema, name = path
    return schema == ["pg_catalog"] or (not schema and bool(_FUNCTIONS.fullmatch(name)))


def is_relation(schema: str | None, name: str) -> bool:
    """Whether a table or view is PostgreSQL's own, or lasts no longer than the session."""
    return bool(_SCHEMAS.fullmatch(schema)) if schema else name.startswith("pg_")


def columns_of_rows(function: str, called: str) -> frozenset[str] | None:
    """Return the columns that a function returns in a FROM clause; None where that is not known.

    Args:
        function: its name.
        called: the name that the clause gives it.

    """
    return frozenset({called}) if function in _SCALARS else _ROWS.get(function)
