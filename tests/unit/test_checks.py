"""The checks: each says what there is to know, makes its findings alone, and documents say the same of it."""

import ast
import itertools
import os
import re
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from agentctl.core.audit.checks import CHECKS as AUDIT_CHECKS
from agentctl.core.findings.finding import Check, Severity, SpecialCase
from agentctl.core.schema_check.checks import CHECKS

_ROOT = Path(__file__).parents[2]
_SOURCE = _ROOT / "src/agentctl"
_RECORD = "AGENTCTL_RECORD" in os.environ
_DOCUMENTS: dict[str, Sequence[Check]] = {"findings": CHECKS, "audit": AUDIT_CHECKS}
_WIDTH = 120


def list_calls(name: str) -> Iterator[Path]:
    """Return the modules that call what has this name."""
    for path in sorted(_SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == name:
                yield path


def document_section(check: Check) -> str:
    """Return what a document says of a check."""
    paragraphs = "\n\n".join(check.paragraphs).replace("What to do:", "*What to do:*").split("\n\n")
    lines = [
        textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False) for text in paragraphs
    ]
    return "\n\n".join((f"### {check.id}", *lines)) + "\n\n"


def rewrite_document(text: str, checks: Sequence[Check]) -> str:
    """Write the sections of a document anew, each behind that of the check before it in the list."""
    blocks = re.split(r"(?m)^(?=##+ )", text)
    sections = {check.id: document_section(check) for check in checks}
    headings = [block.partition("\n")[0].removeprefix("### ") for block in blocks]
    new = {name: section for name, section in sections.items() if name not in headings}
    names, written = [*sections], list[str]()
    for heading, block in zip(headings, blocks, strict=True):
        if not block.startswith("### "):
            written.append(block)
        elif heading in sections:
            followers = itertools.takewhile(new.__contains__, names[names.index(heading) + 1 :])
            written += (sections[heading], *(new[name] for name in followers))
    return "".join(written).rstrip() + "\n"


def test_a_finding_is_made_by_its_check_alone() -> None:
    assert {path.name for path in list_calls("Finding")} == {"finding.py"}


def test_a_module_has_one_check_and_the_name_of_its_id() -> None:
    modules = {path for path in _SOURCE.rglob("checks/*.py") if path.name != "__init__.py"}
    named = {path: path.stem.replace("_", "-") for path in modules}
    of_code = {path: f"code-{name}" for path, name in named.items() if "code_check" in path.parts}
    assert sorted({**named, **of_code}.values()) == sorted(
        check.id for checks in _DOCUMENTS.values() for check in checks
    )


def test_ids_are_unique_and_titles_are_one_line() -> None:
    checks = [check for checks in _DOCUMENTS.values() for check in checks]
    assert len({check.id for check in checks}) == len(checks)
    assert all(check.title.isprintable() and not check.title.endswith(".") for check in checks)
    assert all(check.meaning or check.remedy for check in checks)


def test_a_finding_has_the_severity_of_the_check_or_of_its_special_case() -> None:
    check = Check(
        id="an-id",
        severity=Severity.WARNING,
        special_case=SpecialCase(Severity.ERROR, "where it is required"),
        title="Something is wrong",
    )
    assert check.finding("o", "It is.").severity is Severity.WARNING
    assert check.finding("o", "It is.", is_special=True).severity is Severity.ERROR


def test_a_severity_is_special_where_its_check_says_so_alone() -> None:
    special = {path.stem for path in list_calls("finding") if "is_special=" in path.read_text("utf-8")}
    assert {"column_denied", "table_denied"} <= special
    declared = {check.id for check in CHECKS if check.special_case}
    assert declared == {
        "table-missing",
        "column-missing",
        "table-denied",
        "rows-hidden",
        "column-denied",
        "column-generated",
        "role-ambiguous",
        "key-mismatch",
        "function-exposed",
    }
    assert all(check.special_case.severity is not check.severity for check in CHECKS if check.special_case)


@pytest.mark.parametrize("name", _DOCUMENTS)
def test_a_document_says_of_each_check_what_the_check_says(name: str) -> None:
    path = _ROOT / f"docs/{name}.md"
    text = path.read_text("utf-8")
    written = rewrite_document(text, _DOCUMENTS[name])
    if _RECORD:
        path.write_text(written, "utf-8")
    else:
        assert text == written, "AGENTCTL_RECORD=1 writes it"


def test_the_document_lists_the_findings_in_the_order_of_the_checks() -> None:
    text = (_ROOT / "docs/findings.md").read_text("utf-8")
    assert re.findall(r"(?m)^### (.+)$", text) == [check.id for check in CHECKS]
