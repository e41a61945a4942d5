"""Reads names as PostgreSQL prints them, in quotes where they need them; it knows no table."""

import re

_NAME = r'(?:"(?:[^"]|"")+"|(?:[A-Za-z_]|[^\x00-\x7f])[\w$]*)'
_QUALIFIED = re.compile(rf"(?:(?P<schema>{_NAME})\.)?(?P<name>{_NAME})")


def unquote_name(text: str) -> str:
    """Take the quotes off an identifier; what is none stays as it is."""
    return text[1:-1].replace('""', '"') if re.fullmatch('"(?:[^"]|"")+"', text) else text


def split_name(text: str) -> tuple[str | None, str] | None:
    """Split `public."Users"` into schema and name; None where it is neither such a name nor a bare one."""
    match = _QUALIFIED.fullmatch(text)
    if match is None:
        return None
    return unquote_name(match["schema"]) if match["schema"] else None, unquote_name(match["name"])
