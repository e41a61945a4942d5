"""Finds the data of COPY, which follows its statement in a psql script and is not SQL.

It does not read the data.
"""

import re

_ANNOUNCED = re.compile(r"copy\b.*\bfrom\s+p?stdin\b", re.IGNORECASE | re.DOTALL)
_END = re.compile(r"^\\\.\s*?$", re.MULTILINE)


def is_announced(statement: str) -> bool:
    """Whether data follows a statement."""
    return bool(_ANNOUNCED.match(statement))


def find_end_of_data(text: str, offset: int) -> int:
    """Return the end of the data below the line of an offset; the end of the text where nothing ends it."""
    end = _END.search(text, offset)
    return end.end() if end else len(text)
