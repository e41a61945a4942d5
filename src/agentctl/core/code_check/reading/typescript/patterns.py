"""Finds the pattern that a name matches best, such as `@app/*` in tsconfig.json or package.json.

TypeScript and Node have the same rule: the name itself, or else the pattern with the longest text before its
`*`.
"""

from collections.abc import Iterable


def find_best_pattern(patterns: Iterable[str], name: str) -> tuple[str, str] | None:
    """Return the best pattern for a name, and the text that its `*` stands for; None if none matches."""
    fitting = [(pattern, part) for pattern in patterns if (part := _match_star(pattern, name)) is not None]
    return max(fitting, key=lambda fit: ("*" not in fit[0], fit[0].find("*")), default=None)


def _match_star(pattern: str, name: str) -> str | None:
    before, star, after = pattern.partition("*")
    if not star:
        return "" if pattern == name else None
    fits = name.startswith(before) and name.endswith(after) and len(name) >= len(before) + len(after)
    return name[len(before) : len(name) - len(after)] if fits else None
