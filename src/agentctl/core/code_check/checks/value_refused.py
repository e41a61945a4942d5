"""Code writes a value that the database refuses."""

from agentctl.core.findings.finding import Check

CHECK = Check(
    id="code-value-refused",
    title="Code writes a value that the database refuses",
    meaning=(
        "A type, an enum, NOT NULL or a CHECK refuses a literal that the code writes to the column, or "
        "compares it with."
    ),
    remedy="The hint says what is allowed.",
    details=(
        "A type refuses `'abc'` as `uuid` and `1.5` as `integer`, and values beyond its range or "
        "length; a domain, and a CHECK on several columns of the row, can also refuse values. A "
        "bulk insert gives NULL to the columns that a row leaves out, whatever their default, "
        "unless it says `defaultToNull: false`. What a filter compares a column with is judged "
        "by the type alone. Literals that go through PostgREST are read as JSON, those in SQL as "
        "SQL."
    ),
)
