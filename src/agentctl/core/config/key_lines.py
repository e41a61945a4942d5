"""Finds the line on which a TOML key stands, since tomli keeps no positions.

The text has been read by tomli before: nothing is checked here. Since TOML 1.1, the keys of an inline table
may stand on lines of their own.
"""

import re
from collections import Counter
from collections.abc import Iterator

import tomli

Keys = tuple[str | int, ...]
"""The path to a value: names of tables and keys, and positions (from 0) in arrays."""

# A string that never ends reaches to the end of the text, so that no part of it is read twice.
_TOKEN = re.compile(
    r"""
      \"{3} (?: \\. | [^\\] )*? (?: \"{3,5} | \Z )
    | '{3} .*? (?: '{3,5} | \Z )
    | " (?: \\. | [^"\\\n] )* "?
    | ' [^'\n]* '?
    | \#[^\n]*
    | [\[\]{}=,\n]
    | [^\s\[\]{}=,.\#"']+
    """,
    re.VERBOSE | re.DOTALL,
)


def find_line(text: str, keys: Keys) -> int | None:
    """Return the line (from 1) on which a key, or else its table, is first named; None if neither is."""
    if not keys:
        return None
    has_position = any(isinstance(key, int) for key in keys)
    for path, line in _list_paths(text):
        names = path if has_position else tuple(key for key in path if isinstance(key, str))
        if names[: len(keys)] == keys:
            return line
    return find_line(text, keys[:-1])


def _list_paths(text: str) -> Iterator[tuple[Keys, int]]:
    """Yield the path of each header, each key and each table in an array, with its line."""
    scanner, line = _Scanner(), 1
    for match in _TOKEN.finditer(text):
        path = None if match[0].startswith("#") else scanner.read_token(match[0])
        if path is not None:
            yield path, line
        line += match[0].count("\n")


class _Scanner:
    """Reads a document token by token, and knows the path of the key or value that a token belongs to."""

    def __init__(self) -> None:
        self._table: Keys = ()  # of the last header
        self._lengths: Counter[Keys] = Counter()  # of the arrays of tables that headers have begun
        self._open: list[tuple[Keys, int | None]] = []  # inline tables; arrays, with their current position
        self._names: list[str] = []  # of the key or header that is being read
        self._brackets = 0  # of the header that is being read
        self._path: Keys | None = None  # of the value that is being read; None while a key is

    def read_token(self, token: str) -> Keys | None:
        """Read the next token, and return the path that it completes, if it completes one."""
        if token.isspace():
            if not self._open:
                self._names, self._path = [], None
            return None
        return self._read_key(token) if self._path is None else self._read_value(token, self._path)

    def _read_key(self, token: str) -> Keys | None:
        match token:
            case "[":
                self._brackets += 1
            case "]":
                return self._read_header()
            case "}":
                self._path, _ = self._open.pop()
            case "=":
                self._path = (*(self._open[-1][0] if self._open else self._table), *self._names)
                self._names = []
                return self._path
            case _:
                self._names.append(_unquote_key(token))
        return None

    def _read_header(self) -> Keys | None:
        """Return the path of a header at its first closing bracket; a header may lead through arrays."""
        if not self._names:
            return None
        path: Keys = ()
        for name in self._names[:-1]:
            path = (*path, name)
            path = (*path, self._lengths[path] - 1) if path in self._lengths else path
        path = (*path, self._names[-1])
        if self._brackets > 1:
            self._lengths[path] += 1
        self._table = (*path, self._lengths[path] - 1) if path in self._lengths else path
        self._names, self._brackets = [], 0
        return self._table

    def _read_value(self, token: str, path: Keys) -> Keys | None:
        match token:
            case "{":
                self._open.append((path, None))
                self._path = None
                return path
            case "[":
                self._open.append((path, 0))
                self._path = (*path, 0)
            case "}" | "]":
                self._path, _ = self._open.pop()
            case ",":
                self._path = self._begin_element()
        return None

    def _begin_element(self) -> Keys | None:
        """Return the path of an array's next element; None in a table, where a key follows."""
        container, position = self._open[-1]
        if position is None:
            return None
        self._open[-1] = (container, position + 1)
        return (*container, position + 1)


def _unquote_key(key: str) -> str:
    return next(iter(tomli.loads(f"{key} = 0"))) if key[0] in "\"'" else key
