"""Writes findings as SARIF 2.1.0, the format of code scanning services.

It says nothing that findings and their kinds do not say. Texts are plain, never Markdown: names in them are
not ours.
"""

import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from agentctl import __version__
from agentctl.core.findings.finding import Finding, Severity
from agentctl.core.findings.finding_kinds import KINDS, FindingKind
from agentctl.render.clean import clean
from agentctl.render.envelope import to_json

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_HOME = "urn:agentctl"  # agentctl has no public address; SARIF wants absolute URIs
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_POSITIONS = {kind.id: position for position, kind in enumerate(KINDS)}


def sarif_text(findings: Sequence[Finding], *, place: str | None = None) -> str:
    """Return one run with all rules and a result a finding.

    Args:
        findings: to report.
        place: the file to point at where a finding has none of its own. GitHub refuses a whole upload
            for one result without a file.

    """
    driver = {
        "name": "agentctl",
        "version": __version__,
        "informationUri": _HOME,
        "rules": [_rule(kind) for kind in KINDS],
    }
    results = [_result(finding, place) for finding in findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return to_json(log, indent=2) + "\n"


def _rule(kind: FindingKind) -> dict[str, object]:
    return {
        "id": kind.id,
        "shortDescription": {"text": kind.title},
        "fullDescription": {"text": kind.help},
        "help": {"text": f"{kind.help} More: {kind.anchor}"},
        "helpUri": f"{_HOME}:{kind.anchor}",
        "defaultConfiguration": {"level": _LEVELS[kind.severity]},
    }


def _result(finding: Finding, place: str | None) -> dict[str, object]:
    message = "\n".join(filter(None, (finding.message, finding.hint)))
    location: dict[str, object] = {"logicalLocations": [{"fullyQualifiedName": clean(finding.object)}]}
    if file := finding.file or place:
        location["physicalLocation"] = _physical(file, finding)
    return {
        "ruleId": finding.id,
        "ruleIndex": _POSITIONS[finding.id],
        "level": _LEVELS[finding.severity],
        "message": {"text": _unlinked(clean(message))},
        "locations": [location],
        "partialFingerprints": {"findingAndObject/v1": _fingerprint(finding)},
    }


def _physical(file: str, finding: Finding) -> dict[str, object]:
    path = Path(file)
    # fsencode: a file's name may be no UTF-8.
    uri = path.as_uri() if path.is_absolute() else quote(os.fsencode(path.as_posix()))
    region: dict[str, object] = {"startLine": finding.line, "startColumn": finding.column}
    if finding.excerpt:
        region["snippet"] = {"text": clean(finding.excerpt)}
    told = {name: value for name, value in region.items() if value is not None}
    return {"artifactLocation": {"uri": uri}, **({"region": told} if finding.line is not None else {})}


def _unlinked(text: str) -> str:
    """Take the meaning from what SARIF reads as a link in plain text, too: `[text](target)`."""
    return text.replace("](", "] (")


def _fingerprint(finding: Finding) -> str:
    """Identify a finding by its kind and object, so that rewording or moving it makes no new one.

    Of application code there may be several of a kind and object: its file and its own line tell them apart.
    """
    place = () if finding.excerpt is None else (finding.file or "", finding.excerpt.strip())
    whole = "\n".join((finding.id, finding.object, *place)).encode(errors="backslashreplace")
    return sha256(whole).hexdigest()
