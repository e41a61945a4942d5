"""Finds the pattern of a name among several: `@app/*` and the like, in tsconfig.json and in package.json.

TypeScript and Node agree on how: the name itself, else the pattern with the longest text before its `*`.
"""

from collections.abc import Iterable


def find_best_pattern(patterns: Iterable[str], name: str) -> tuple[str, str] | None:
    """Return the pattern that fits a name best, and what its `*` stands for; None where none fits."""
    fitting = [(pattern, part) for pattern in patterns if (part := _match_star(pattern, name)) is not None]
    return max(fitting, key=lambda fit: ("*" not in fit[0], fit[0].find("*")), default=None)


def _match_star(pattern: str, name: str) -> str | None:
    before, star, after = pattern.partition("*")
    if not star:
        return "" if pattern == name else None
    fits = name.startswith(before) and name.endswith(after) and len(name) >= len(before) + len(after)
    return name[len(before) : len(name) - len(after)] if fits else None
