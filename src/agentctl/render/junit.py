"""Writes findings as a JUnit report, which CI services show as tests.

A check is one test case, so that its name is the same from run to run. It fails with an error; what
is no error stands in the output of a test that passes: "skipped" would say that nobody looked.
"""

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from agentctl.core.findings.finding import Check, Finding, errors_among
from agentctl.render.clean import clean

_SUITE = "agentctl.schema-check"
# Neither XML nor a terminal's cleaning knows what to do with these two.
_NO_CHARACTERS = str.maketrans({"\ufffe": "\\ufffe", "\uffff": "\\uffff"})


def junit_text(findings: Sequence[Finding], checks: Iterable[Check]) -> str:
    """Return one suite with a test case for each check that was run."""
    cases = [
        _make_case(check, [finding for finding in findings if finding.check is check]) for check in checks
    ]
    failures = sum(case.find("failure") is not None for case in cases)
    counts = {"tests": str(len(cases)), "failures": str(failures), "errors": "0"}
    root = ET.Element("testsuites", {"name": "agentctl", **counts})
    ET.SubElement(root, "testsuite", {"name": _SUITE, **counts}).extend(cases)
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="us-ascii", xml_declaration=True)
    return written.decode() + "\n"


def _make_case(check: Check, findings: Sequence[Finding]) -> ET.Element:
    case = ET.Element("testcase", {"classname": _SUITE, "name": check.id})
    errors = errors_among(findings)
    if errors:
        objects = ", ".join(finding.object for finding in errors)
        attributes = {"message": _clean_text(f"{check.title}: {objects}"), "type": check.id}
        ET.SubElement(case, "failure", attributes).text = _write_findings(errors)
    others = [finding for finding in findings if finding not in errors]
    if others:
        ET.SubElement(case, "system-out").text = _write_findings(others)
    return case


def _write_findings(findings: Iterable[Finding]) -> str:
    return _clean_text("\n\n".join(map(_write_paragraph, findings)))


def _write_paragraph(finding: Finding) -> str:
    location = str(finding.location) if finding.location else None
    parts = (f"{finding.severity}: {finding.message}", finding.hint, location, finding.excerpt)
    return "\n".join(filter(None, parts))


def _clean_text(text: str) -> str:
    return clean(text).translate(_NO_CHARACTERS)
