"""What git ignores, as the .gitignore files of a repository say.

glob.py reads each pattern; which of several decides is settled here. git itself is not asked, and the user's
own rules (core.excludesFile) are not read: a check must find the same on every machine.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from agentctl.core.code_check.reading.glob import InvalidPatternError, translate_glob

FILE_NAME = ".gitignore"
_NEVER = "(?!)"


@dataclass(frozen=True, slots=True)
class _Rule:
    ignores: bool
    folders_only: bool
    name_only: bool
    expression: str


class _Matcher:
    """Rules in one expression: its first alternative that matches is the last rule that does."""

    def __init__(self, rules: Iterable[tuple[int, _Rule]]) -> None:
        backwards = list(rules)[::-1]
        self._verdicts = [(position, rule.ignores) for position, rule in backwards]
        either = "|".join(f"({rule.expression})" for _, rule in backwards) or _NEVER
        self._expression = re.compile(either.encode("latin-1"), re.DOTALL)

    def last(self, text: str) -> tuple[int, bool]:
        found = self._expression.match(os.fsencode(text))
        return self._verdicts[found.lastindex - 1] if found and found.lastindex else (-1, False)


class Rules:
    """The rules of one file.

    Args:
        folder: what the patterns are relative to: an absolute path.
        lines: the patterns; what is no valid one is passed over, as git does.

    """

    def __init__(self, folder: str, lines: Iterable[str]) -> None:
        self._skipped = len(folder.rstrip("/")) + 1
        rules = list(enumerate(rule for line in lines if (rule := _rule(line)) is not None))
        self._for_files = _matchers([one for one in rules if not one[1].folders_only])
        self._for_folders = _matchers(rules)

    def verdict(self, path: str, *, folder: bool) -> bool | None:
        """Say whether a file or folder is ignored; None where no rule is about it."""
        by_name, by_path = self._for_folders if folder else self._for_files
        name = by_name.last(path[path.rindex("/") + 1 :])
        position, ignores = max(name, by_path.last(path[self._skipped :]))
        return ignores if position >= 0 else None


def is_ignored(chain: tuple[Rules, ...], path: str, *, folder: bool) -> bool:
    """Say whether something is ignored whose parent folder is not.

    Args:
        chain: the rules above it, those of the nearest folder last.
        path: absolute.
        folder: whether it is one.

    """
    verdicts = (rules.verdict(path, folder=folder) for rules in reversed(chain))
    return next((verdict for verdict in verdicts if verdict is not None), False)


def rules_above(folder: str) -> tuple[Rules, ...]:
    """Return the rules of the repository that hold in a folder because of those above it.

    Args:
        folder: absolute.

    """
    path = Path(folder)
    root = next((one for one in (path, *path.parents) if os.path.lexists(one / ".git")), None)
    if root is None:
        return ()
    between = [one for one in path.parents if one.is_relative_to(root)]
    files = [(root, _exclude_file(root / ".git")), *((one, one / FILE_NAME) for one in reversed(between))]
    return tuple(rules for place, file in files if (rules := read_rules(str(place), file)) is not None)


def read_rules(folder: str, file: Path) -> Rules | None:
    """Return the rules in a file; None where it has none or cannot be read, as it is for git."""
    try:
        content = file.read_bytes() if file.is_file() and not file.is_symlink() else b""
    except (OSError, ValueError):  # ValueError: a zero byte in what a .git file names
        return None
    lines = os.fsdecode(content.removeprefix(b"\xef\xbb\xbf")).split("\n")
    return Rules(folder, (line.removesuffix("\r") for line in lines)) if content else None


def _exclude_file(git: Path) -> Path:
    """Return where a repository keeps rules that are not shared; a worktree shares its main one's."""
    named = _first_line(git).removeprefix("gitdir: ")
    own = git.parent / named if named else git
    return own / (_first_line(own / "commondir") or ".") / "info/exclude"


def _first_line(file: Path) -> str:
    try:
        return os.fsdecode(file.read_bytes()).partition("\n")[0]
    except (OSError, ValueError):
        return ""


def _matchers(rules: list[tuple[int, _Rule]]) -> tuple[_Matcher, _Matcher]:
    """Return one for names, whatever the folder, and one for paths."""
    for_names = [one for one in rules if one[1].name_only]
    return _Matcher(for_names), _Matcher(one for one in rules if not one[1].name_only)


def _rule(line: str) -> _Rule | None:
    line = line if line.endswith("\\ ") else line.rstrip()
    pattern = line.removeprefix("!")
    body = pattern.removesuffix("/")
    name = body.removeprefix("**/")
    anywhere = "/" not in name
    expression = None if line.startswith("#") or not name else _expression(name if anywhere else body)
    if expression is None:
        return None
    return _Rule(not line.startswith("!"), pattern.endswith("/"), anywhere, expression)


def _expression(body: str) -> str | None:
    """Return what matches a path that a pattern names, but nothing below it; None for no valid pattern."""
    try:
        # One character a byte, as git compares them.
        return translate_glob(os.fsencode(body.removeprefix("/")).decode("latin-1"))
    except InvalidPatternError:
        return None
