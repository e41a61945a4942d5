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
from agentctl.core.finding_kinds import KINDS, FindingKind
from agentctl.core.findings import Finding, Severity
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
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}
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
        location["physicalLocation"] = _physical(file, finding.line)
    return {
        "ruleId": finding.id,
        "ruleIndex": _POSITIONS[finding.id],
        "level": _LEVELS[finding.severity],
        "message": {"text": _unlinked(clean(message))},
        "locations": [location],
        "partialFingerprints": {"findingAndObject/v1": _fingerprint(finding)},
    }


def _physical(file: str, line: int | None) -> dict[str, object]:
    path = Path(file)
    # fsencode: a file's name may be no UTF-8.
    uri = path.as_uri() if path.is_absolute() else quote(os.fsencode(path.as_posix()))
    region = {} if line is None else {"region": {"startLine": line}}
    return {"artifactLocation": {"uri": uri}, **region}


def _unlinked(text: str) -> str:
    """Take the meaning from what SARIF reads as a link in plain text, too: `[text](target)`."""
    return text.replace("](", "] (")


def _fingerprint(finding: Finding) -> str:
    """Identify a finding by its kind and object alone, so that rewording or moving it makes no new one."""
    whole = f"{finding.id}\n{finding.object}".encode(errors="backslashreplace")
    return sha256(whole).hexdigest()
