"""Translates the regular expressions of JSON Schema, which are JavaScript's, for Python.

Python reads many of them differently or not at all: `$` also fits before a final line feed, `\\d` fits the
digits of every script, `\\p{L}` and `(?<name>...)` are errors. Nothing is compiled here.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

_TOKEN = re.compile(
    r"""
      \\ (?: (?P<property>[pP]) \{ (?P<category>[^{}]*) \}
           | u \{ (?P<code>[0-9a-fA-F]{1,6}) \}
           | k < (?P<reference>\w+) >
           | c (?P<control>[a-zA-Z])
           | (?P<escaped>.) )
    | (?P<group>\( \? < (?![=!]) )
    | (?P<class>\[ \^? )
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_SETS = {"d": "0-9", "w": "A-Za-z0-9_"}
_SAME = frozenset("bBsSfnrtvxuAZ0123456789")
"""Escapes that mean the same in both; \\A and \\Z mean nothing in JavaScript, but something in Python."""
_ODD_IN_CLASS = frozenset("[&~|")  # of which Python says that they may mean something one day
_LAST = 0x10FFFF
_CATEGORIES = {"L": "ultmo", "M": "nce", "N": "dlo", "P": "cdsepifo", "S": "mcko", "Z": "slp", "C": "cfson"}
"""Unicode's general categories, by their first letter."""
_NAMED = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
"""Keywords whose keys are names, and whose values are schemas."""
_DATA = frozenset({"enum", "const", "default", "examples"})
"""Keywords whose values are data, even if they look like schemas."""


def translate_pattern(pattern: str) -> str:
    """Return a JavaScript pattern as a Python pattern; a pattern that is invalid there may stay invalid.

    Raises:
        ValueError: it names characters by a property that is not known here, such as a script.

    """
    tokens = _TOKEN.finditer(pattern)
    return "".join(_translate_token(token, tokens) for token in tokens)


def _translate_token(token: re.Match[str], tokens: Iterator[re.Match[str]]) -> str:
    if token["class"]:
        return _translate_class(token["class"], tokens)
    if token["group"]:
        return "(?P<"
    if token["reference"]:
        return f"(?P={token['reference']})"
    if token["escaped"] in {*_SETS, *map(str.upper, _SETS)}:
        return f"[{'^' if token['escaped'].isupper() else ''}{_SETS[token['escaped'].lower()]}]"
    if token["property"]:
        return f"[{'^' if token['property'] == 'P' else ''}{_list_ranges(token['category'])}]"
    return r"\Z" if token["other"] == "$" else _translate_character(token)


def _translate_class(opening: str, tokens: Iterator[re.Match[str]]) -> str:
    parts: list[str] = []
    for token in tokens:
        if token["other"] == "]":
            break
        parts.append(_translate_in_class(token))
    else:
        return opening + "".join(parts)  # the class never ends, and the compiler will say so
    if not parts:
        return r"[\s\S]" if opening == "[^" else "(?!)"
    return f"{opening}{''.join(parts)}]"


def _translate_in_class(token: re.Match[str]) -> str:
    if token["escaped"] in _SETS:
        return _SETS[token["escaped"]]
    if token["escaped"] in {"D", "W"}:
        return "\\" + token["escaped"]  # of all scripts: a class cannot hold a negated class
    if token["property"]:
        return _list_ranges(token["category"], wanted=token["property"] == "p")
    if token["class"]:
        return "\\" + token["class"]
    text = token["group"] or token["other"]
    return f"\\{text}" if text in _ODD_IN_CLASS else _translate_character(token)


def _translate_character(token: re.Match[str]) -> str:
    if token["code"]:
        number = int(token["code"], 16)
        if number > _LAST:
            raise ValueError("it names a character beyond the last one")
        return re.escape(chr(number))
    if token["control"]:
        return re.escape(chr(ord(token["control"]) % 32))
    if token["escaped"] is not None:
        return f"\\{token['escaped']}" if token["escaped"] in _SAME else re.escape(token["escaped"])
    return token[0]


@lru_cache(maxsize=20)
def _list_ranges(name: str, *, wanted: bool = True) -> str:
    """Return the characters of a general category (L, gc=Lu), or all others, as they stand in a class.

    Raises:
        ValueError: there is no such category.

    """
    category = name.rpartition("=")[2]
    kinds = _CATEGORIES.get(category[:1], "")
    if not kinds or category[1:] not in {"", *kinds}:
        raise ValueError(f"nothing is known here of the characters {category[:20]!r}")
    ranges: list[str] = []
    start: int | None = None
    for code in range(_LAST + 2):
        named = code <= _LAST and unicodedata.category(chr(code)).startswith(category)
        inside = named is wanted and code <= _LAST
        if inside and start is None:
            start = code
        elif not inside and start is not None:
            ranges.append(f"\\U{start:08x}-\\U{code - 1:08x}")
            start = None
    return "".join(ranges)


def translate_schema(schema: object, written: dict[str, str]) -> object:
    """Return a JSON Schema with its patterns translated.

    Args:
        schema: JSON.
        written: receives each pattern as it was written, by its translation.

    Raises:
        ValueError: a pattern that cannot be translated.

    """
    if isinstance(schema, list):
        return [translate_schema(subschema, written) for subschema in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: _translate_keyword(name, value, written) for name, value in schema.items()}


def _translate_keyword(name: str, value: object, written: dict[str, str]) -> object:
    if name == "pattern" and isinstance(value, str):
        return _note_pattern(value, written)
    if name in _DATA:
        return value
    if name in _NAMED and isinstance(value, dict):
        rename = _note_pattern if name == "patternProperties" else lambda key, _: key
        return {
            rename(key, written): translate_schema(subschema, written) for key, subschema in value.items()
        }
    return translate_schema(value, written)


def _note_pattern(pattern: str, written: dict[str, str]) -> str:
    translated = translate_pattern(pattern)
    written[translated] = pattern
    return translated
