"""Which findings are known to the operator: by a comment in the code, or by the configuration.

It looks at text and names alone, and does not say which comments silence nothing.
"""

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from agentctl.core.code_check.reading.gitignore import Rules
from agentctl.core.config.code_section import Ignored
from agentctl.core.findings.finding import Finding
from agentctl.core.location import Location

_WORDS = r"agentctl-ignore(?:\s*:\s*([a-z-]+(?:\s*,\s*[a-z-]+)*))?"
_COMMENTS = (
    re.compile(rf"(?://|--|#)\s*{_WORDS}\s*$"),
    re.compile(rf"/\*+\s*{_WORDS}\s*\*+/\s*$"),
    re.compile(rf"\{{\s*/\*+\s*{_WORDS}\s*\*+/\s*\}}\s*$"),
)
_ROOT = "/"


def is_ignored(lines: Sequence[str], line: int, finding_id: str) -> bool:
    """Say whether a comment silences a finding: at the end of its line, or alone on the line above.

    Args:
        lines: of the file, which may be in any language that is read.
        line: the finding's, from 1.
        finding_id: silenced by a comment that names it, or that names none.

    """
    own, above = (lines[at - 1].strip() if 0 < at <= len(lines) else "" for at in (line, line - 1))
    matches = (match for form in _COMMENTS for match in (form.search(own), form.match(above)) if match)
    return any(match[1] is None or finding_id in map(str.strip, match[1].split(",")) for match in matches)


class IgnoreList:
    """What the configuration says is known.

    Args:
        ignored: each of them silences what fits it.

    """

    def __init__(self, ignored: Iterable[Ignored]) -> None:
        self._ignored = [
            (entry, None if entry.file is None else Rules(_ROOT, [entry.file])) for entry in ignored
        ]

    def covers(self, finding: Finding) -> bool:
        """Say whether a finding is not to be reported."""
        return any(
            entry.id in {None, finding.id}
            and (entry.object is None or fnmatchcase(finding.object, entry.object))
            and (files is None or _is_among(files, finding.location))
            for entry, files in self._ignored
        )


def _is_among(files: Rules, location: Location | None) -> bool:
    """Whether a pattern fits a file, or a folder that it is in."""
    if location is None:
        return False
    path = PurePosixPath(_ROOT, location.file)
    folders = [str(folder) for folder in path.parents if folder.name]
    return bool(files.find_verdict(str(path), folder=False)) or any(
        files.find_verdict(folder, folder=True) for folder in folders
    )
