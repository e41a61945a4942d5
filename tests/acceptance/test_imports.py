"""What each command imports: no command loads a package that it does not use.

It checks the modules that are loaded when the program ends; benchmarks/ measures the time.
"""

import sys
from typing import Any

import pytest

from agentctl.resources import sql_bytes
from support.code_project import AFTER, write, write_app
from support.program import Program

# The real program, which leaves a list of the modules that it has loaded.
_PROBE = """
import atexit, pathlib, sys
from agentctl.__main__ import main
atexit.register(lambda: pathlib.Path("modules").write_text("\\n".join(sys.modules)))
main()
"""
_READERS = frozenset({"pglast", "tree_sitter"})
_HEAVY = _READERS | {
    "typer",
    "msgspec",
    "psycopg",
    "httpx",
    "rich",
    "jsonschema",
    "pydantic",
    "agentctl.sandbox",
}


def loaded(program: Program, *arguments: str) -> frozenset[str]:
    """Run a command that succeeds, and return the heavy packages that it loaded."""
    done = Program(program.home, (sys.executable, "-c", _PROBE))(*arguments)
    assert done.exit_code == 0, done
    modules = (program.home / "modules").read_text().splitlines()
    return _HEAVY.intersection(modules)


def test_version_imports_nothing(agentctl: Program) -> None:
    assert loaded(agentctl, "--version") == set()


@pytest.mark.parametrize("arguments", ["--help", "history --help", "run --help", "credits grant --help"])
def test_help_imports_only_the_command_line(agentctl: Program, arguments: str) -> None:
    assert loaded(agentctl, *arguments.split()) == {"typer", "msgspec"}


@pytest.mark.parametrize(
    "arguments",
    ["history", "history --stats", "history --all --format csv", "schema-check", "credits", "agents"],
)
@pytest.mark.parametrize("json", [("--json",), ()], ids=["json", "plain"])
def test_commands_that_read_import_only_the_database_driver(
    shop: Any, arguments: str, json: tuple[str, ...]
) -> None:
    assert loaded(shop.program, *arguments.split(), *json) == {"typer", "msgspec", "psycopg"}


def test_a_run_into_a_pipe_does_not_import_rich(shop: Any) -> None:
    used = loaded(shop.program, "run", "seo-blog", "topic=Tea", "--json")

    assert used == {"typer", "msgspec", "psycopg", "httpx", "jsonschema"}


def test_parsers_are_imported_only_to_read_code_and_a_schema_file_starts_no_sandbox(
    agentctl: Program,
) -> None:
    write(write_app(agentctl.home, AFTER), {"schema.sql": sql_bytes("minimal")})
    used = loaded(agentctl, "schema-check", "--code", "app", "--schema-from", "app/schema.sql")

    # The driver is loaded for its quoting of names alone; nothing connects.
    assert used == {"typer", "msgspec", "psycopg"} | _READERS


def test_a_missing_extra_is_an_error_only_for_commands_that_need_it(shop: Any) -> None:
    without = f"import sys\nsys.modules |= dict.fromkeys({sorted(_READERS)})\n"
    start = "from agentctl.__main__ import main\nmain()"
    program = Program(shop.program.home, (sys.executable, "-c", without + start))
    assert program("schema-check").exit_code == 0
    assert program("schema-check", "--write-baseline", "schema.json").exit_code == 0
    assert program("schema-check", "--baseline", "schema.json", "--format", "sarif").exit_code == 0
    asked = program("schema-check", "--code", "app")
    assert asked.exit_code == 3
    assert asked.stderr.endswith("hint: pip install 'agentctl-marketplace[code]'\n")
