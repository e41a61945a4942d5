"""Dependencies point inward: which package may import which, read off the source without running it.

`_MAY_IMPORT` is the drawing in CONTRIBUTING: each line of the core names all that a package knows.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

_SOURCE = Path(__file__).parents[2] / "src/agentctl"
_MODULES = sorted(_SOURCE.rglob("*.py"))
_CORE = [path for path in _MODULES if path.is_relative_to(_SOURCE / "core")]
_LEAVES_AT_MOST = 10

_MAY_IMPORT = {
    "files": set(),
    "findings": set(),
    "sql": set(),
    "webhook": set(),
    "database": set(),
    "catalog": {"database"},
    "mapping": {"catalog", "database", "findings", "sql"},
    "config": {"files", "mapping", "schema_check"},
    "agents": {"config", "database", "mapping", "webhook"},
    "credits": {"catalog", "database", "findings", "mapping"},
    "executions": {"agents", "credits", "database", "files", "mapping"},
    "settling": {"agents", "config", "credits", "database", "executions", "mapping", "webhook"},
    "running": {
        "agents",
        "config",
        "credits",
        "database",
        "executions",
        "findings",
        "mapping",
        "settling",
        "webhook",
    },
    "schema_check": {"catalog", "code_check/checks", "database", "findings", "mapping", "schema_files"},
    "schema_files": {"catalog", "database", "files", "findings", "sql"},
    "code_check/reading": {"files", "sql"},
    "code_check/checks": {"findings"},
    "code_check": {
        "catalog",
        "code_check/checks",
        "code_check/reading",
        "config",
        "findings",
        "mapping",
        "schema_check",
        "schema_files",
        "sql",
    },
    "setup": {"agents", "catalog", "credits", "database", "findings", "mapping", "schema_check", "webhook"},
    "audit": {"database", "findings", "mapping"},
    "migration": {"catalog", "database", "files", "mapping"},
}
"""Which packages of the core each of them may import; all may import the core's own modules, the leaves."""
_LEAF = "core"
_READ_A_PROJECT = ("code_report.py", "ignoring.py")


@cache
def list_nodes(path: Path) -> tuple[ast.AST, ...]:
    """Return all nodes of a module, which many tests look at."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def imports(path: Path) -> Iterator[str]:
    """Yield what a module imports, inside functions too; `a.b.c` for `from a.b import c`."""
    for node in list_nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importers(*packages: str) -> set[str]:
    """Return the modules below src/agentctl that import one of these packages or something in them."""
    return {
        str(path.relative_to(_SOURCE))
        for path in _MODULES
        if any(f"{name}.".startswith(f"{package}.") for name in imports(path) for package in packages)
    }


def _package_of(path: Path) -> str:
    """Return the package of a module of the core, as the table names it."""
    name = path.relative_to(_SOURCE / "core").as_posix()
    inner, _, _ = name.rpartition("/")
    if inner in _MAY_IMPORT:
        return inner
    if name.startswith("code_check/reading/"):
        return "code_check/reading"
    folder, slash, _ = name.partition("/")
    return folder if slash else _LEAF


def _imported_packages(path: Path) -> set[str]:
    """Return the packages of the core that a module imports."""
    packages = set()
    for name in imports(path):
        if name.startswith("agentctl.core."):
            parts = name.split(".")[2:]
            module = _SOURCE / "core" / parts[0]
            inner = module.joinpath(*parts[1:2], "_") if module.is_dir() else module
            packages.add(_package_of(inner))
    return packages


def test_every_package_of_the_core_stands_in_the_table() -> None:
    packages = {_package_of(path) for path in _CORE}
    assert packages == {_LEAF, *_MAY_IMPORT}


@pytest.mark.parametrize("path", _CORE, ids=lambda path: str(path.relative_to(_SOURCE)))
def test_a_module_imports_only_what_its_package_may(path: Path) -> None:
    package = _package_of(path)
    assert _imported_packages(path) <= {package, _LEAF, *_MAY_IMPORT.get(package, ())}


@pytest.mark.parametrize("package", _MAY_IMPORT)
def test_the_table_names_no_import_that_is_gone(package: str) -> None:
    used = {name for path in _CORE if _package_of(path) == package for name in _imported_packages(path)}
    assert _MAY_IMPORT[package] <= used


def test_contributing_draws_the_same_table() -> None:
    text = (_SOURCE.parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z_/]+)` \| [^|]+ \| ([^|]*)\|$", text, re.MULTILINE)
    drawn = {package: set(filter(None, imported.strip().split(", "))) for package, imported in rows}
    assert drawn == _MAY_IMPORT


def test_the_packages_of_the_core_have_no_cycle() -> None:
    TopologicalSorter(_MAY_IMPORT).prepare()


def test_the_core_has_few_modules_of_its_own() -> None:
    leaves = [path.name for path in _CORE if _package_of(path) == _LEAF and path.name != "__init__.py"]
    assert len(leaves) <= _LEAVES_AT_MOST, leaves


def test_the_core_knows_neither_the_command_line_nor_how_things_are_shown() -> None:
    outer = importers("agentctl.cli", "agentctl.render", "agentctl.sandbox", "typer", "click", "rich")
    assert "cli/app.py" in outer
    assert not {name for name in outer if name.startswith("core/")}


def test_what_is_shown_knows_nothing_of_the_command_line() -> None:
    assert not {name for name in importers("agentctl.cli", "typer") if name.startswith("render/")}


@pytest.mark.parametrize(
    ("libraries", "knowing"),
    [
        (("httpx",), {"core/webhook/http.py"}),
        (("rich",), {"render/terminal.py"}),
        (("psycopg.errors",), {"core/database/errors.py"}),
        (("pglast.parser", "pglast.parse_sql"), {"core/sql/parsing.py"}),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_one_module_knows_a_library(libraries: tuple[str, ...], knowing: set[str]) -> None:
    assert importers(*libraries) == knowing


@pytest.mark.parametrize(
    ("libraries", "folders"),
    [
        (
            ("tree_sitter", "tree_sitter_javascript", "tree_sitter_typescript"),
            ("core/code_check/reading/typescript/",),
        ),
        (
            ("pglast",),
            (
                "core/code_check/reading/sql/",
                "core/code_check/reading/sql_reader.py",
                "core/schema_files/",
                "core/sql/",
            ),
        ),
    ],
    ids=lambda value: value[0],
)
def test_a_library_that_reads_code_is_known_where_code_is_read(
    libraries: tuple[str, ...], folders: tuple[str, ...]
) -> None:
    knowing = importers(*libraries)
    assert knowing
    assert not {name for name in knowing if not name.startswith(folders)}


def test_no_database_is_reached_by_what_reads_code_judges_it_or_stands_for_a_database() -> None:
    reaching = importers("agentctl.core.database.connection", "psycopg.connect")
    assert reaching
    assert not {
        name for name in reaching if name.startswith(("core/schema_files/", "core/code_check/", "core/sql/"))
    }


def test_what_judges_code_reads_none_and_knows_its_uses_alone() -> None:
    reading = "agentctl.core.code_check.reading"
    folder = _SOURCE / "core/code_check"
    judging = {path for path in _CORE if path.parent == folder} - {folder / name for name in _READ_A_PROJECT}
    known = {name.rpartition(".")[0] for path in judging for name in imports(path) if reading in name}
    assert known == {f"{reading}.uses"}


@pytest.mark.parametrize("path", _CORE, ids=lambda path: path.name)
def test_the_core_neither_prints_nor_exits(path: Path) -> None:
    for node in list_nodes(path):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in {"print", "exit", "quit", "sys.exit", "os._exit"}, f"line {node.lineno}"
        if isinstance(node, ast.Attribute):
            assert ast.unparse(node) not in {"sys.stdout", "sys.stderr"}, f"line {node.lineno}"
