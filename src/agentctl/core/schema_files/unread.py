"""A statement that may change the schema and that the reader does not understand.

Data only.
"""

from dataclasses import dataclass

from agentctl.core.location import Location


@dataclass(frozen=True, slots=True)
class UnreadStatement:
    """A statement that may change the schema, and whose effect is not known."""

    location: Location
    message: str
