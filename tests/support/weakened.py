"""A copy of the program without one defence, to show that the attack works without it.

The copy is edited as text. An edit that no longer applies is an error, so that no test runs the unchanged
program.
"""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import agentctl
from support.program import Program

_SOURCE = Path(agentctl.__file__).parent

Edits = Mapping[str, Sequence[tuple[str, str]]]
"""File below src/agentctl -> texts, and what stands in their place."""


def weakened_program(folder: Path, home: Path, edits: Edits) -> Program:
    """Copy the program into a folder, apply `edits`, and return it with that home."""
    copy = folder / "agentctl"
    shutil.copytree(_SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for name, changes in edits.items():
        file = copy / name
        text = file.read_text(encoding="utf-8")
        for old, new in changes:
            assert text.count(old) == 1, f"{name} has {old!r} {text.count(old)} times"
            text = text.replace(old, new)
        file.write_text(text, encoding="utf-8")
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    return Program(home, ("/usr/bin/env", f"PYTHONPATH={path}", sys.executable, "-m", "agentctl"))
