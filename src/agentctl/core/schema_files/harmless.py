"""Recognizes statements that are not parsed, or are composed at run time, and change nothing that matters.

It looks at their beginning. Harmless is what leaves alone everything that a catalog is asked for, and what
drops a function, an index or a trigger: code is never accused because the catalog still has it.
"""

import re

_NAME = r'(?>(?:"(?>(?:[^"]|"")*)"|[\w%.$]+)+)'
_OTHER_THINGS = (
    "policy|publication|subscription|extension|role|user|group|database|collation|language|operator|cast|server"
    "|aggregate|statistics|tablespace|default\\s+privileges|event\\s+trigger|text\\s+search"
)
_HARMLESS = re.compile(
    rf"""\s*(?:
    (?:create|alter|drop)\s+(?:or\s+replace\s+)?(?:{_OTHER_THINGS})\b
  | drop\s+(?:function|procedure|routine|trigger|rule|index|sequence)\b
  | alter\s+(?:function|procedure|routine|sequence|trigger|index)\b
  | create\s+(?:index|sequence)\b
  | alter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?{_NAME}\s+(?:enable|disable|force|no\s+force|owner\s+to)\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_CONSTRAINT_DROPPED = re.compile(
    rf"\s*alter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?(?P<table>{_NAME})\s+drop\s+constraint\b",
    re.IGNORECASE,
)


def is_harmless(text: str) -> bool:
    """Whether a statement changes nothing that matters.

    Args:
        text: its beginning, with anything in the place of unknown parts.

    """
    return _HARMLESS.match(text) is not None


def find_loosened_table(text: str) -> str | None:
    """Return the table whose constraint a statement drops, as the statement writes it."""
    statement = _CONSTRAINT_DROPPED.match(text)
    return statement["table"] if statement else None
