"""Which SQL files are migrations, in which order tools run them, and which part of one leads forwards.

It looks at names and single lines; migrations.py finds out what a migration does to the schema.
"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from agentctl.core.sql.statements import Statement, split_statements

_FOLDERS = frozenset({"migrations", "migration", "migrate", "drizzle", "prisma", "changelog", "changelogs"})
_SCHEMAS = frozenset({"schema", "schemas", "ddl"})
_BACKWARDS = re.compile(
    r"(?:^|.*\.|.*[_-](?=down$|rollback$)|\d+[_-])(?:down|rollback|revert|undo)|u\d[\d._]*__.*", re.IGNORECASE
)
_BACKWARDS_FOLDERS = frozenset({"down", "rollback", "rollbacks", "revert", "undo", "verify"})
_MARK = re.compile(
    r"^[ \t]*--[ \t/]*(?:(?:migrate:|\+goose[ \t]+|\+migrate[ \t]+|@)(?P<way>up|down|undo)\b"
    r"|(?P<words>up|down)[ \t]+migration)",
    re.IGNORECASE | re.MULTILINE,
)
MAY_CHANGE = re.compile(r"\b(?:create|alter|drop)\b", re.IGNORECASE)
CHANGING = frozenset({"CREATE", "ALTER", "DROP"})
_CHANGED = frozenset(
    {"TABLE", "TYPE", "DOMAIN", "FUNCTION", "PROCEDURE", "VIEW", "SCHEMA", "INDEX", "TRIGGER", "POLICY"}
)
_PASSING = frozenset({"TEMP", "TEMPORARY"})


def is_migration(path: str, text: str) -> bool:
    """Whether a file changes the schema, or lies where such files lie.

    Args:
        path: relative, with slashes.
        text: the file's.

    """
    return lies_with_migrations(path) or changes_schema(text)


def lies_with_migrations(path: str) -> bool:
    """Whether the name of a folder says that its files are migrations."""
    return bool((_FOLDERS | _SCHEMAS) & _folders_of(path))


def changes_schema(text: str) -> bool:
    """Whether a statement creates, alters or drops something that lasts."""
    if not MAY_CHANGE.search(text):
        return False
    return any(map(_changes_schema, split_statements(text)))


def leads_backwards(path: str) -> bool:
    """Whether a file undoes what another does."""
    return bool(_BACKWARDS.fullmatch(PurePosixPath(path).stem) or _BACKWARDS_FOLDERS & _folders_of(path))


def forwards(text: str) -> str:
    """Return the part of a migration that leads forwards; empty lines replace the rest."""
    return "\n".join(_list_forward_lines(text)) if _MARK.search(text) else text


def order(path: str) -> tuple[object, ...]:
    """Return the key by which files are sorted: as tools run them, and migrations after whole schemas."""
    parts = PurePosixPath(path).parts
    repeatable = parts[-1].startswith("R__")  # Flyway runs them after all others
    last = parts[-1].removesuffix(".sql").replace("__", "\0")  # it ends Flyway's versions: 2 comes before 2_1
    names = tuple(map(_make_natural_key, (*parts[:-1], last)))
    return (bool(_FOLDERS & _folders_of(path)), repeatable, names)


def _changes_schema(statement: Statement) -> bool:
    first, *others = statement.words[:5]
    if first == "DO":
        return bool(MAY_CHANGE.search(statement.text))
    return first in CHANGING and bool(_CHANGED.intersection(others)) and not _PASSING.intersection(others)


def _list_forward_lines(text: str) -> Iterator[str]:
    leads_forwards = True
    for line in text.split("\n"):
        mark = _MARK.match(line)
        if mark is not None:
            leads_forwards = (mark["way"] or mark["words"]).lower() == "up"
        yield line if leads_forwards else ""


def _folders_of(path: str) -> set[str]:
    return {part.lower() for part in PurePosixPath(path).parts[:-1]}


def _make_natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that puts 2 before 10."""
    parts = re.split(r"(\d+)", name)
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part)
