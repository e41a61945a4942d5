"""The corpus itself: every mark is possible, every snippet parses, every topic has good and bad cases."""

import re
from collections.abc import Iterator
from pathlib import Path

import pglast
import pytest
import tree_sitter_javascript
import tree_sitter_typescript
from tree_sitter import Language, Node, Parser

from codescan.expectations import CORPUS, SCHEMA, Case, Expected, cases
from support.marketplace import Database

IDS = frozenset(
    {
        "code-unknown-table",
        "code-unknown-column",
        "code-unknown-function",
        "code-unknown-argument",
        "code-column-required",
        "code-value-refused",
        "code-column-generated",
        "code-conflict-target",
        "code-relationship",
        "code-migration-pending",
    }
)
CASES = cases()
FILES = [path for case in CASES for path in case.files]
LANGUAGES = {
    ".ts": Language(tree_sitter_typescript.language_typescript()),
    ".tsx": Language(tree_sitter_typescript.language_tsx()),
    ".js": Language(tree_sitter_javascript.language()),
}
COLUMNS = """
    SELECT CASE table_schema WHEN 'public' THEN '' ELSE table_schema || '.' END
               || table_name || '.' || column_name,
           is_generated = 'ALWAYS' OR coalesce(identity_generation = 'ALWAYS', false), is_nullable = 'YES'
    FROM information_schema.columns WHERE table_schema IN ('public', 'billing')
"""
FUNCTIONS = """
    SELECT CASE nspname WHEN 'public' THEN '' ELSE nspname || '.' END || proname
    FROM pg_proc JOIN pg_namespace AS n ON n.oid = pronamespace WHERE nspname IN ('public', 'billing')
"""
PLACEHOLDER = re.compile(r"(?<!:):'?\w+'?|%\(\w+\)s|(?<![\w@])@\w+|\?(?=;)")


def named(path: Path) -> str:
    return str(path.relative_to(CORPUS))


def expectations() -> list[Expected]:
    return [expected for case in CASES for expected in case.expected()]


def test_the_corpus_has_enough_cases() -> None:
    assert len(CASES) >= 90
    assert {expected.id for expected in expectations()} == IDS
    assert sum(len(case.unresolved()) for case in CASES) >= 10


def test_the_accident_has_seven_findings_and_the_fixed_code_none() -> None:
    found = {str(case): {one.id for one in case.expected()} for case in CASES}
    counts = {str(case): len(case.expected()) for case in CASES}
    assert found["seed/before"] == {"code-unknown-column"}
    assert (counts["seed/before"], counts["seed/after"]) == (7, 0)


@pytest.mark.parametrize("topic", sorted({case.topic for case in CASES}))
def test_every_topic_has_cases_with_and_without_findings(topic: str) -> None:
    found = {bool(case.expected()) for case in CASES if case.topic == topic}
    assert found == {True, False}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_mark_is_on_a_line_with_code(case: Case) -> None:
    marks = [(mark.file, mark.line) for mark in case.expected()]
    for file, line in (*marks, *((mark.file, mark.line) for mark in case.unresolved())):
        lines = (case.folder / file).read_text(encoding="utf-8").splitlines()
        assert 1 <= line <= len(lines), (file, line)
        assert lines[line - 1].strip(), (file, line)


@pytest.mark.parametrize("path", [path for path in FILES if path.suffix in LANGUAGES], ids=named)
def test_every_script_parses_without_errors(path: Path) -> None:
    tree = Parser(LANGUAGES[path.suffix]).parse(path.read_bytes())
    assert not list(errors_below(tree.root_node))


@pytest.mark.parametrize("path", [path for path in FILES if path.suffix == ".py"], ids=named)
def test_every_python_file_parses(path: Path) -> None:
    compile(path.read_bytes(), path, "exec")


@pytest.mark.parametrize("path", [path for path in FILES if path.suffix == ".sql"], ids=named)
def test_every_sql_statement_parses_in_postgresql(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith("\\"))
    statements = pglast.split(PLACEHOLDER.sub("$1", text), with_parser=False)
    assert statements
    for statement in statements:
        if "{{" not in re.sub("--.*", "", statement):
            pglast.parse_sql(statement)


@pytest.mark.every_postgres
def test_every_mark_agrees_with_the_schema(database: Database) -> None:
    known = Known(database)
    assert not [expected for expected in expectations() if not known.allows(expected)]


class Known:
    """The schema's objects, by the names that marks use."""

    def __init__(self, database: Database) -> None:
        database.execute(SCHEMA.read_bytes())
        self.required: set[str] = set()
        self.generated: set[str] = set()
        self.columns: set[str] = set()
        for name, generated, nullable in database.execute(COLUMNS):
            self.columns.add(name)
            self.generated |= {name} if generated else set()
            self.required |= set() if nullable else {name}
        self.tables = {name.rpartition(".")[0] for name in self.columns}
        self.functions = {name for (name,) in database.execute(FUNCTIONS)}

    def allows(self, expected: Expected) -> bool:
        """Return whether a mark is possible: an unknown object is not in the schema, a refused one is."""
        name, table = expected.object, expected.object.rpartition(".")[0]
        is_there = name in self.columns | self.tables | self.functions
        return {
            "code-unknown-table": not is_there,
            "code-unknown-column": not is_there and table in self.tables | self.functions,
            "code-unknown-function": not is_there,
            "code-unknown-argument": table in self.functions,
            "code-column-required": name in self.required - self.generated,
            "code-value-refused": name in self.columns - self.generated,
            "code-column-generated": name in self.generated,
            "code-conflict-target": name in self.tables,
            "code-relationship": table in self.tables,
            "code-migration-pending": not is_there,
        }[expected.id]


def errors_below(node: Node) -> Iterator[Node]:
    if node.is_error or node.is_missing:
        yield node
    for child in node.children:
        yield from errors_below(child)
