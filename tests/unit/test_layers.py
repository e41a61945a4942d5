"""Dependencies point inward: which module may import what, read off the source without running it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

_SOURCE = Path(__file__).parents[2] / "src/agentctl"
_MODULES = sorted(_SOURCE.rglob("*.py"))
_CORE = [path for path in _MODULES if path.is_relative_to(_SOURCE / "core")]


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


def test_there_is_something_to_look_at() -> None:
    assert {"core/running/run.py", "cli/app.py", "render/plain.py"} <= {
        str(path.relative_to(_SOURCE)) for path in _MODULES
    }
    assert "core/database/connection.py" in importers("psycopg")


def test_the_core_knows_neither_the_command_line_nor_how_things_are_shown() -> None:
    outer = importers("agentctl.cli", "agentctl.render", "agentctl.sandbox", "typer", "click", "rich")
    assert not {name for name in outer if name.startswith("core/")}


def test_what_is_shown_knows_nothing_of_the_command_line() -> None:
    assert not {name for name in importers("agentctl.cli", "typer") if name.startswith("render/")}


def test_only_the_wire_module_knows_httpx() -> None:
    assert importers("httpx") == {"core/webhook/http.py"}


def test_only_the_terminal_module_knows_rich() -> None:
    assert importers("rich") == {"render/terminal.py"}


def test_only_the_database_module_knows_the_drivers_errors() -> None:
    assert importers("psycopg.errors") == {"core/database/connection.py"}


def test_only_the_module_that_guards_it_knows_the_parser_of_sql() -> None:
    assert importers("pglast.parser", "pglast.parse_sql") == {"core/sql/parsing.py"}


@pytest.mark.parametrize(
    ("packages", "places"),
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
                "core/sql_text/",
            ),
        ),
        (("msgspec",), ("core/code_check/reading/",)),
    ],
)
def test_what_reads_code_is_known_where_code_is_read(
    packages: tuple[str, ...], places: tuple[str, ...]
) -> None:
    found = importers(*packages)
    assert found
    assert not {name for name in found if not name.startswith(places)}


def test_what_reads_code_knows_no_database_and_judges_nothing() -> None:
    knowing = importers(
        "agentctl.core.catalog.introspection",
        "agentctl.core.code_check",
        "agentctl.core.database.connection",
        "agentctl.core.mapping",
        "agentctl.core.schema_files",
        "psycopg",
    )
    assert "core/code_check/reference.py" in knowing
    assert not {name for name in knowing if name.startswith("core/code_check/reading/")}


def test_what_stands_for_a_database_and_what_judges_code_reach_none() -> None:
    reaching = importers("agentctl.core.database.connection")
    assert not {name for name in reaching if name.startswith(("core/schema_files/", "core/code_check/"))}


def test_what_stands_for_a_database_does_not_judge_and_what_judges_reads_no_code() -> None:
    assert not {n for n in importers("agentctl.core.code_check") if n.startswith("core/schema_files/")}
    reading = importers("agentctl.core.code_check.reading")
    assert {name for name in reading if name.startswith("core/code_check/")}
    allowed = {"agentctl.core.code_check.reading.uses", "agentctl.core.code_check.reading.postgrest_field"}
    judges = [path for path in _CORE if path.is_relative_to(_SOURCE / "core/code_check")]
    read = {name.rpartition(".")[0] for path in judges for name in imports(path) if "core.codescan" in name}
    assert read <= allowed


@pytest.mark.parametrize("path", _CORE, ids=lambda path: path.name)
def test_the_core_neither_prints_nor_exits(path: Path) -> None:
    for node in list_nodes(path):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in {"print", "exit", "quit", "sys.exit", "os._exit"}, f"line {node.lineno}"
        if isinstance(node, ast.Attribute):
            place = f"line {node.lineno}"
            assert ast.unparse(node) not in {"sys.stdout", "sys.stderr"}, place
