"""The kinds of findings about application code: text, as in finding_kinds.py."""

from agentctl.core.findings.finding import Severity
from agentctl.core.findings.finding_kind import FindingKind

CODE_KINDS = (
    FindingKind(
        "code-unknown-table",
        Severity.ERROR,
        "Code names a table that does not exist",
        "No schema that the name is looked up in has such a table or view. The hint names the nearest one, "
        "or the schema that has it.",
    ),
    FindingKind(
        "code-unknown-column",
        Severity.ERROR,
        "Code names a column that does not exist",
        "The table is there and has no such column: every insert, update or select that names it fails. The"
        " hint names the nearest column, or what adds it.",
    ),
    FindingKind(
        "code-unknown-function",
        Severity.ERROR,
        "Code calls a function that does not exist",
        "No schema that the name is looked up in has such a function, or it is a trigger "
        "function. The hint names the nearest one, or the schema that has it.",
    ),
    FindingKind(
        "code-unknown-argument",
        Severity.ERROR,
        "Code calls a function with arguments that it does not have",
        "No overload has all the arguments that are given by name, or an argument without a "
        "default is missing. The hint shows the signature.",
    ),
    FindingKind(
        "code-column-required",
        Severity.ERROR,
        "Code inserts rows without a required column",
        "The column must not be NULL, has no default, and the insert never names it, so every "
        "row is refused.",
    ),
    FindingKind(
        "code-value-refused",
        Severity.ERROR,
        "Code writes a value that the database refuses",
        "A type, an enum, NOT NULL or a CHECK refuses a literal that the code writes to the "
        "column, or compares it with. The hint says what is allowed.",
    ),
    FindingKind(
        "code-column-generated",
        Severity.ERROR,
        "Code writes a column that the database generates",
        "The column is GENERATED ALWAYS and refuses every value, NULL too. Leave it out.",
    ),
    FindingKind(
        "code-conflict-target",
        Severity.ERROR,
        "Code upserts on columns without a unique index",
        "ON CONFLICT needs a unique index on exactly those columns, neither partial nor on "
        "expressions. The hint lists the ones that exist.",
    ),
    FindingKind(
        "code-relationship",
        Severity.ERROR,
        "Code embeds a relationship that is missing or ambiguous",
        "PostgREST joins tables by their foreign keys, within one schema. Either there is none "
        "between the two tables, or there are several and the select does not say which.",
    ),
    FindingKind(
        "code-denied",
        Severity.ERROR,
        "Code does something that this role may not do",
        "The role that agentctl connects as lacks a privilege on a column or function, or the "
        "view cannot be written to. The hint is the GRANT that fixes it.",
    ),
    FindingKind(
        "code-migration-pending",
        Severity.WARNING,
        "Code needs a migration that is not applied yet",
        "What the code names is missing in the database, and a migration in the repository creates it. "
        "Apply the migration before the deploy.",
    ),
    FindingKind(
        "code-unparsed",
        Severity.WARNING,
        "A part of the code could not be read",
        "It does not fit the grammar of the file's language. That part is not checked; "
        "everything around it is.",
    ),
)
