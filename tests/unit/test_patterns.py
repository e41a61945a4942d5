"""Regular expressions that every Python of `requires-python` matches alike: our source is read."""

import ast
import re
from pathlib import Path

import pytest

import agentctl

_SOURCE = Path(agentctl.__file__).parent
# Before 3.11.5, Python matches it wrongly where the group can backtrack:
# https://github.com/python/cpython/issues/106052
_BEHIND_GROUP = re.compile(r"\)[*+?]\+|\)\{[\d,]+\}\+")


def list_texts(path: Path) -> list[str]:
    """Return the texts in a module, without its docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    kept = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in kept)
    return [
        value.decode("latin-1") if isinstance(value, bytes) else value
        for value in (constant.value for constant in constants)
        if isinstance(value, str | bytes)
    ]


@pytest.mark.parametrize(
    "path", sorted(_SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(_SOURCE))
)
def test_repeats_no_group_possessively(path: Path) -> None:
    assert [text for text in list_texts(path) if _BEHIND_GROUP.search(text)] == []


@pytest.mark.parametrize("text", ["(?:a|b)*+", "(a)++", "(?:x)?+", "(a){2,3}+"])
def test_sees_what_it_looks_for(text: str) -> None:
    assert _BEHIND_GROUP.search(text)
