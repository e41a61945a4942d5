"""Where something in a schema comes from, and what of its text was not understood.

Data only.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """A statement that may change the schema, and whose effect is not known."""

    file: str
    line: int
    message: str
