"""Which files only try code out: tests and their helpers, which mostly put something in a client's place.

It looks at names alone, as the tools do that run tests.
"""

import re

_TEST = re.compile(
    r"(?:^|/)(?:__tests__|__mocks__|tests?|specs?|e2e|cypress|playwright)/|[._-](?:tests?|specs?|e2e|cy)\.\w+$"
)


def is_rehearsal(file: str) -> bool:
    """Whether a file is a test, by its relative path."""
    return _TEST.search(file) is not None
