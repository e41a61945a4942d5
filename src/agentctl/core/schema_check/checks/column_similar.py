"""A column seems to hold what an optional column is for, and has a type that cannot hold it exactly."""

from collections.abc import Iterator, Mapping
from typing import LiteralString

from psycopg import sql

from agentctl.core.catalog.introspection import Column
from agentctl.core.database.quoting import compose
from agentctl.core.findings.finding import Finding, Severity, SubjectCheck
from agentctl.core.hint_text import toml_text
from agentctl.core.mapping.subjects import WantedColumn
from agentctl.core.mapping.vocabulary import TEXT

# The statement that makes a column able to hold what an optional column is for, by the type that that has.
_CONVERSIONS: Mapping[str, LiteralString] = {
    "text": "ALTER TABLE {table} ALTER {column} TYPE text USING {column}::text;",
    "jsonb": "ALTER TABLE {table} ALTER {column} TYPE jsonb USING to_jsonb({column});",
    "integer": "ALTER TABLE {table} ALTER {column} TYPE numeric USING {column}::numeric;",
    "timestamp with time zone": (
        "ALTER TABLE {table} ALTER {column} TYPE timestamptz USING {column} AT TIME ZONE 'ZONE';"
    ),
}
_CONVERTIBLE: Mapping[str, frozenset[str]] = {
    "jsonb": TEXT,
    "integer": frozenset({"double precision", "real"}),
    "timestamp with time zone": frozenset({"date"}),
}
"""The types whose values can become another; any can become a text."""


def _find_similar(wanted: WantedColumn) -> Iterator[Finding]:
    expected = wanted.expected
    for column in wanted.similar if wanted.column is None and expected is not None else ():
        if expected is not None and column.base_type in _CONVERTIBLE.get(expected.type, {column.base_type}):
            yield CHECK.finding(
                f"{wanted.table.name}.{column.name}",
                f"{wanted.table.name}.{column.name} ({column.type}) may be what agentctl keeps in "
                f"{wanted.name}, and cannot hold it exactly: agentctl does not write it.",
                _explain_remedy(wanted, column),
            )


def _explain_remedy(wanted: WantedColumn, column: Column) -> str:
    wanted_type = wanted.expected.type if wanted.expected else ""
    statement = compose(
        _CONVERSIONS[wanted_type], table=wanted.table.identifier, column=sql.Identifier(column.name)
    )
    zone = " with the time zone of the application for ZONE," if "ZONE'" in _CONVERSIONS[wanted_type] else ""
    return (
        f"If it is the same, change its type,{zone} and name it; else agentctl migrate-full adds another:\n"
        f"  {statement.as_string()}\n"
        f"  [profiles.NAME.schema.executions] {wanted.name} = {toml_text(column.name)}"
    )


CHECK = SubjectCheck(
    id="column-similar",
    severity=Severity.WARNING,
    title="A column may be an optional one of another type",
    meaning=(
        "Its name says that it holds what an optional column is for, and its type cannot hold that exactly. "
        "agentctl neither reads nor writes it."
    ),
    remedy=(
        "Change its type and name it in [profiles.NAME.schema.executions], or let migrate-full add another."
    ),
    details="Examples are `creditsUsed double precision`, `workflowId uuid` and `finishedAt date`.",
    subject=WantedColumn,
    find=_find_similar,
)
