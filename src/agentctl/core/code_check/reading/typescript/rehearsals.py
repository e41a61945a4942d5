"""Recognises files that only try code out: tests and their helpers, which often replace the client.

It looks only at the names of files, as test runners do.
"""

import re

_TEST = re.compile(
    r"(?:^|/)(?:__tests__|__mocks__|tests?|specs?|e2e|cypress|playwright)/|[._-](?:tests?|specs?|e2e|cy)\.\w+$"
)


def is_rehearsal(file: str) -> bool:
    """Return whether a file is a test, by its relative path."""
    return _TEST.search(file) is not None
