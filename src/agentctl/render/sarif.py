"""Writes findings as SARIF 2.1.0, the format of code scanning services.

It says nothing that findings and their checks do not say. Texts are plain, never Markdown: names in them are
not ours.
"""

import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from agentctl import __version__
from agentctl.core.findings.finding import Check, Finding, Severity
from agentctl.core.location import Location
from agentctl.core.schema_check.checks import CHECKS
from agentctl.render.clean import clean
from agentctl.render.envelope import to_json

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_HOME = "urn:agentctl"  # agentctl has no public address; SARIF wants absolute URIs
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_DOCUMENT = "docs/findings.md"


def sarif_text(findings: Sequence[Finding], *, default_file: str | None = None) -> str:
    """Return one run with all rules and a result a finding.

    Args:
        findings: to report.
        default_file: the one to point at where a finding has none of its own. GitHub refuses a whole upload
            for one result without a file.

    """
    driver = {
        "name": "agentctl",
        "version": __version__,
        "informationUri": _HOME,
        "rules": [_rule_data(check) for check in CHECKS],
    }
    results = [_result_data(finding, default_file) for finding in findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return to_json(log, indent=2) + "\n"


def _rule_data(check: Check) -> dict[str, object]:
    text, anchor = f"{check.meaning} {check.remedy}".strip(), f"{_DOCUMENT}#{check.id}"
    return {
        "id": check.id,
        "shortDescription": {"text": check.title},
        "fullDescription": {"text": text},
        "help": {"text": f"{text} More: {anchor}"},
        "helpUri": f"{_HOME}:{anchor}",
        "defaultConfiguration": {"level": _LEVELS[check.severity]},
    }


def _result_data(finding: Finding, default_file: str | None) -> dict[str, object]:
    message = "\n".join(filter(None, (finding.message, finding.hint)))
    location: dict[str, object] = {"logicalLocations": [{"fullyQualifiedName": clean(finding.object)}]}
    if position := finding.location or (Location(default_file, 0) if default_file else None):
        location["physicalLocation"] = _location_data(position, finding.excerpt)
    return {
        "ruleId": finding.id,
        "ruleIndex": CHECKS.index(finding.check),
        "level": _LEVELS[finding.severity],
        "message": {"text": _break_links(clean(message))},
        "locations": [location],
        "partialFingerprints": {"findingAndObject/v1": _compute_fingerprint(finding)},
    }


def _location_data(position: Location, excerpt: str | None) -> dict[str, object]:
    path = Path(position.file)
    # fsencode: a file's name may be no UTF-8.
    uri = path.as_uri() if path.is_absolute() else quote(os.fsencode(path.as_posix()))
    region: dict[str, object] = {}
    if position.line:
        region["startLine"] = position.line
    if position.line and position.column:
        region["startColumn"] = position.column
    if excerpt:
        region["snippet"] = {"text": clean(excerpt)}
    return {"artifactLocation": {"uri": uri}, **({"region": region} if region else {})}


def _break_links(text: str) -> str:
    """Take the meaning from what SARIF reads as a link in plain text, too: `[text](target)`."""
    return text.replace("](", "] (")


def _compute_fingerprint(finding: Finding) -> str:
    """Identify a finding by its check and object, so that rewording or moving it makes no new one.

    Of application code there may be several of a check and object: its file and its own line tell them apart.
    """
    location, excerpt = finding.location, finding.excerpt
    line = (location.file, excerpt.strip()) if location and excerpt is not None else ()
    whole = "\n".join((finding.id, finding.object, *line)).encode(errors="backslashreplace")
    return sha256(whole).hexdigest()
