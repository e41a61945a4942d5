"""Decides what git ignores, by the .gitignore files of a repository.

glob.py translates each pattern; this module decides which of several patterns wins. It does not run git, and
does not read the user's own rules (core.excludesFile): a check must find the same on every machine.
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from agentctl.core.code_check.reading.glob import InvalidPatternError, translate_glob

FILE_NAME = ".gitignore"
_NEVER = "(?!)"


class _Rule(Struct, frozen=True):
    ignores: bool
    folders_only: bool
    name_only: bool
    expression: str


class _Matcher:
    """Rules as one regular expression, in reverse order: its first matching alternative is the last rule."""

    def __init__(self, rules: Iterable[tuple[int, _Rule]]) -> None:
        backwards = list(rules)[::-1]
        self._verdicts = [(position, rule.ignores) for position, rule in backwards]
        either = "|".join(f"({rule.expression})" for _, rule in backwards) or _NEVER
        self._translate_pattern = re.compile(either.encode("latin-1"), re.DOTALL)

    def find_last(self, text: str) -> tuple[int, bool]:
        matched = self._translate_pattern.match(os.fsencode(text))
        return self._verdicts[matched.lastindex - 1] if matched and matched.lastindex else (-1, False)


class Rules:
    """The rules of one file.

    Args:
        folder: the absolute path that the patterns are relative to.
        lines: the patterns; invalid ones are skipped, as git does.

    """

    def __init__(self, folder: str, lines: Iterable[str]) -> None:
        self._skipped = len(folder.rstrip("/")) + 1
        rules = list(enumerate(rule for line in lines if (rule := _parse_rule(line)) is not None))
        self._for_files = _make_matchers([(number, rule) for number, rule in rules if not rule.folders_only])
        self._for_folders = _make_matchers(rules)

    def find_verdict(self, path: str, *, folder: bool) -> bool | None:
        """Return whether a file or folder is ignored; None if no rule matches it."""
        by_name, by_path = self._for_folders if folder else self._for_files
        name = by_name.find_last(path[path.rindex("/") + 1 :])
        position, ignores = max(name, by_path.find_last(path[self._skipped :]))
        return ignores if position >= 0 else None


def is_ignored(chain: tuple[Rules, ...], path: str, *, folder: bool) -> bool:
    """Return whether a file or folder is ignored; its parent folder is known not to be.

    Args:
        chain: the rules of the folders above, the nearest folder last.
        path: the absolute path.
        folder: whether the path is a folder.

    """
    verdicts = (rules.find_verdict(path, folder=folder) for rules in reversed(chain))
    return next((verdict for verdict in verdicts if verdict is not None), False)


def rules_above(folder: str) -> tuple[Rules, ...]:
    """Return the repository's rules that apply to a folder because of the folders above it.

    Args:
        folder: an absolute path.

    """
    path = Path(folder)
    root = next((parent for parent in (path, *path.parents) if os.path.lexists(parent / ".git")), None)
    if root is None:
        return ()
    between = [parent for parent in path.parents if parent.is_relative_to(root)]
    files = [
        (root, _exclude_file(root / ".git")),
        *((parent, parent / FILE_NAME) for parent in reversed(between)),
    ]
    return tuple(rules for base, file in files if (rules := read_rules(str(base), file)) is not None)


def read_rules(folder: str, file: Path) -> Rules | None:
    """Return the rules in a file; None if it is empty or cannot be read, which git treats alike."""
    try:
        content = file.read_bytes() if file.is_file() and not file.is_symlink() else b""
    except (OSError, ValueError):  # ValueError: the path in a .git file has a zero byte
        return None
    lines = os.fsdecode(content.removeprefix(b"\xef\xbb\xbf")).split("\n")
    return Rules(folder, (line.removesuffix("\r") for line in lines)) if content else None


def _exclude_file(git: Path) -> Path:
    """Return the file with a repository's private rules; a worktree uses the file of its main repository."""
    named = _first_line(git).removeprefix("gitdir: ")
    own = git.parent / named if named else git
    return own / (_first_line(own / "commondir") or ".") / "info/exclude"


def _first_line(file: Path) -> str:
    try:
        return os.fsdecode(file.read_bytes()).partition("\n")[0]
    except (OSError, ValueError):
        return ""


def _make_matchers(rules: list[tuple[int, _Rule]]) -> tuple[_Matcher, _Matcher]:
    """Return a matcher for names in any folder, and a matcher for paths."""
    for_names = [(number, rule) for number, rule in rules if rule.name_only]
    for_paths = [(number, rule) for number, rule in rules if not rule.name_only]
    return _Matcher(for_names), _Matcher(for_paths)


def _parse_rule(line: str) -> _Rule | None:
    line = line if line.endswith("\\ ") else line.rstrip()
    pattern = line.removeprefix("!")
    body = pattern.removesuffix("/")
    name = body.removeprefix("**/")
    anywhere = "/" not in name
    expression = None if line.startswith("#") or not name else _translate_pattern(name if anywhere else body)
    if expression is None:
        return None
    return _Rule(not line.startswith("!"), pattern.endswith("/"), anywhere, expression)


def _translate_pattern(body: str) -> str | None:
    """Return an expression for the paths that a pattern names; None if the pattern is invalid."""
    try:
        # One character for each byte: git compares bytes.
        return translate_glob(os.fsencode(body.removeprefix("/")).decode("latin-1"))
    except InvalidPatternError:
        return None
