"""A folder of source files, and the list of files that agentctl finds in it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from agentctl.core.code_check.reading.source_files import Sources, find_sources


def lay(files: Mapping[str, str] | Sequence[str], *, root: Path = Path()) -> None:
    for name in files:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[name] if isinstance(files, Mapping) else "x")


def names(*paths: str, exclude: Sequence[str] = ()) -> list[str]:
    return [file.name for file in found(*paths, exclude=exclude).files]


def found(*paths: str, exclude: Sequence[str] = ()) -> Sources:
    return find_sources([Path(path) for path in paths or (".",)], exclude=exclude)
