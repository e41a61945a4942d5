"""How long functions and modules are, and what functions and variables are called, by the syntax trees.

`python tests/unit/test_code_shape.py` prints the figures and what stands out; the tests hold them.
"""

# ruff: noqa: T201 - it prints where it is run by hand

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

_SOURCE = Path(__file__).parents[2] / "src/agentctl"
_VAGUE = frozenset({"found", "one", "place", "said", "told", "made", "given"})
_P99_OF_FUNCTIONS = 40
_LONGEST_MODULE = 350
_ONE_WORD_SHARE = 0.10
_VAGUE_SHARE = 0.003


class Named(NamedTuple):
    """A function, module or variable: where it is, what it is called, and how many lines it has."""

    where: str
    name: str
    lines: int = 0

    def __str__(self) -> str:
        """Write it as editors find it."""
        return f"{self.where}: {self.name}" + (f" ({self.lines} lines)" if self.lines else "")


@dataclass
class Shape:
    """What there is in src/agentctl: `nodes` counts those of all syntax trees."""

    nodes: int = 0
    modules: list[Named] = field(default_factory=list)
    functions: list[Named] = field(default_factory=list)
    bindings: list[Named] = field(default_factory=list)

    @property
    def p99(self) -> int:
        """The length of a function that 99 of 100 do not exceed."""
        lengths = sorted(function.lines for function in self.functions)
        return lengths[int(len(lengths) * 0.99)]

    @property
    def private(self) -> list[Named]:
        """The functions and methods that are private."""
        return [function for function in self.functions if re.match("_[^_]", function.name)]

    @property
    def private_of_one_word(self) -> list[Named]:
        """The private ones that are called by a single word."""
        return [function for function in self.private if "_" not in function.name.strip("_")]

    @property
    def vague(self) -> list[Named]:
        """The variables and parameters whose names say what happened to a thing, not what it is."""
        return [binding for binding in self.bindings if binding.name in _VAGUE]


def list_bindings(node: ast.AST) -> Iterator[str]:
    """Yield the name that a node gives to a value."""
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
            yield name
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name


@cache
def measure() -> Shape:
    """Read the whole source."""
    shape = Shape()
    for path in sorted(_SOURCE.rglob("*.py")):
        text, where = path.read_text(encoding="utf-8"), str(path.relative_to(_SOURCE))
        shape.modules.append(Named(where, path.stem, len(text.splitlines())))
        for node in ast.walk(ast.parse(text)):
            shape.nodes += 1
            line = getattr(node, "lineno", 0)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or line) - line + 1
                shape.functions.append(Named(f"{where}:{line}", node.name, lines))
            shape.bindings.extend(Named(f"{where}:{line}", name) for name in list_bindings(node))
    return shape


def test_functions_are_short() -> None:
    assert measure().p99 <= _P99_OF_FUNCTIONS


def test_modules_are_short() -> None:
    assert [str(module) for module in measure().modules if module.lines > _LONGEST_MODULE] == []


def test_private_functions_are_called_by_a_verb_and_a_noun() -> None:
    shape = measure()
    assert len(shape.private_of_one_word) < _ONE_WORD_SHARE * len(shape.private)


def test_variables_are_called_after_what_they_hold() -> None:
    shape = measure()
    assert len(shape.vague) < _VAGUE_SHARE * len(shape.bindings)


def main() -> None:
    """Print the figures, and what stands out."""
    shape = measure()
    one_word, vague = shape.private_of_one_word, shape.vague
    for named in (*one_word, *vague, *sorted(shape.functions, key=lambda function: -function.lines)[:10]):
        print(named)
    print(f"nodes of the syntax trees: {shape.nodes}")
    print(f"functions: {len(shape.functions)}, 99 of 100 have at most {shape.p99} lines")
    print(f"modules: {len(shape.modules)}, the longest has {max(m.lines for m in shape.modules)} lines")
    print(f"private functions of one word: {len(one_word)} of {len(shape.private)}")
    print(f"vague names: {len(vague)} of {len(shape.bindings)} bindings")


if __name__ == "__main__":
    main()
