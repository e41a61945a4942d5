"""Generates a project of many TypeScript files from the snippets that test the reader of code.

Snippets are repeated under other names, in the middle of code that has nothing to do with a database, until
there are enough; no two files have the same content. Files that belong together stay together.
"""

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

_SCRIPTS = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")
_FUNCTION = re.compile(r"\bfunction (\w+)")
_CASES_OF_A_PACKAGE = 40
_LONGEST_FILLER = 8  # functions beside a snippet
_TSCONFIG = {"compilerOptions": {"strict": True, "baseUrl": ".", "paths": {"@/*": ["./packages/*"]}}}
_FILLER = """
/** Part {number} of what surrounds it: nothing here speaks with a database. */
export function arrange{number}(rows{type}, limit = {limit}) {{
  const seen = new Map()
  for (const row of rows) {{
    const key = `${{row.kind ?? 'none'}}:${{row.label.toLowerCase()}}`
    if (seen.has(key) && seen.get(key).length >= limit) continue
    const weight = Math.round(row.weight * {limit}) / {limit}
    seen.set(key, [...(seen.get(key) ?? []), {{ ...row, weight }}])
  }}
  return Array.from(seen.entries())
    .filter(([key]) => !key.startsWith('none:'))
    .map(([key, found]) => ({{ key, total: found.reduce((sum, one) => sum + one.weight, 0), of: {number} }}))
}}
"""
_ROW_TYPE = ": Array<{ kind?: string; label: string; weight: number }>"


@dataclass(frozen=True)
class Snippet:
    """Files that belong together: their texts by their names relative to the snippet's folder."""

    name: str
    files: dict[str, str]

    @property
    def scripts(self) -> int:
        """How many of the files are scripts."""
        return sum(name.endswith(_SCRIPTS) for name in self.files)


def snippets(corpus: Path) -> list[Snippet]:
    """Return the snippets of a corpus: each file or folder in a folder of its topic."""
    places = sorted(place for topic in corpus.iterdir() if topic.is_dir() for place in topic.iterdir())
    found = (Snippet(f"{place.parent.name}-{place.stem}", _read_texts(place)) for place in places)
    return [snippet for snippet in found if snippet.scripts]


def make_tree(root: Path, found: list[Snippet], files: int) -> int:
    """Write at least `files` scripts, and return how many were written."""
    chosen, written = random.Random(1), 0
    root.mkdir(parents=True, exist_ok=True)
    root.joinpath("tsconfig.json").write_text(json.dumps(_TSCONFIG))
    for number in count():
        snippet = found[number % len(found)]
        folder = root / f"packages/area{number // _CASES_OF_A_PACKAGE}/src/{snippet.name}-{number}"
        for name, text in _rename_functions(snippet, number):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + _make_filler(name, number, chosen))
        written += snippet.scripts
        if written >= files:
            return written
    raise AssertionError


def _read_texts(place: Path) -> dict[str, str]:
    if place.is_file():
        return {place.name: place.read_text()}
    kept = (".json", *_SCRIPTS)
    files = (path for path in sorted(place.rglob("*")) if path.name.endswith(kept))
    return {str(path.relative_to(place)): path.read_text() for path in files}


def _rename_functions(snippet: Snippet, number: int) -> Iterator[tuple[str, str]]:
    """Yield the files with their functions renamed, in every call as well."""
    functions = sorted({name for text in snippet.files.values() for name in _FUNCTION.findall(text)})
    names = re.compile(rf"\b(?:{'|'.join(functions)})\b")
    for name, text in snippet.files.items():
        yield name, names.sub(rf"\g<0>{number}", text) if functions else text


def _make_filler(name: str, number: int, chosen: random.Random) -> str:
    if not name.endswith(_SCRIPTS):
        return ""
    kind = _ROW_TYPE if name.endswith((".ts", ".tsx", ".mts", ".cts")) else ""
    parts = chosen.randint(1, _LONGEST_FILLER)
    return "".join(
        _FILLER.format(number=f"{number}_{chosen.getrandbits(40)}", limit=chosen.randint(2, 99), type=kind)
        for _ in range(parts)
    )
