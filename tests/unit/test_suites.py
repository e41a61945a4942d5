"""The suites of the Makefile: each test belongs to one, and `make test-all` runs them all."""

import re
import tomllib
from pathlib import Path

import pytest

from support.cases import CASES, list_unwanted

_ROOT = Path(__file__).parents[2]
_TESTS = _ROOT / "tests"
_MAKEFILE = (_ROOT / "Makefile").read_text().replace("\\\n", " ")
_RULES = dict(re.findall(r"^(test[\w-]*):(?! export)([^\n]*(?:\n\t[^\n]*)*)", _MAKEFILE, re.MULTILINE))


def read_testpaths() -> list[str]:
    """Return the paths of `make test`."""
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text())
    paths: list[str] = project["tool"]["pytest"]["ini_options"]["testpaths"]
    return paths


def test_every_folder_of_tests_belongs_to_a_suite() -> None:
    folders = {path.parent for path in _TESTS.rglob("test_*.py")}
    named = {_ROOT / path for path in read_testpaths()}
    whole = [recipe for recipe in _RULES.values() if " -m " not in recipe]  # no marker leaves any out
    named |= {_ROOT / path for recipe in whole for path in re.findall(r"tests/[\w/.]+", recipe)}

    assert {_TESTS / "unit", _TESTS / "torture", _TESTS / "pgbouncer"} <= folders
    assert not {folder for folder in folders if not named & {folder, *folder.parents}}


def test_test_all_runs_every_suite() -> None:
    suites = set(_RULES) - {"test-all"}

    assert {"test", "test-torture", "test-pgbouncer"} <= suites
    assert set(_RULES["test-all"].split()) == suites


def test_every_suite_is_explained() -> None:
    contributing = (_ROOT / "CONTRIBUTING.md").read_text()

    assert not {suite for suite in _RULES if f"| `make {suite}` |" not in contributing}
    assert not {suite for suite in _RULES if f'@echo "make {suite} ' not in _MAKEFILE}


def test_ci_runs_the_readme_s_commands_where_everything_else_is_hidden() -> None:
    assert "\n.ci/bare make lint demo test\n" in (_ROOT / ".ci/run").read_text()


@pytest.mark.parametrize("case", range(5))
def test_each_case_is_one_of_the_few_or_one_of_the_rest(
    case: int, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = request.session.items
    monkeypatch.setenv(CASES, "few")
    rest = {item.nodeid for item in list_unwanted(items)}
    monkeypatch.setenv(CASES, "rest")
    few = {item.nodeid for item in list_unwanted(items)}
    monkeypatch.delenv(CASES)

    assert list_unwanted(items) == []
    assert few | rest == {item.nodeid for item in items}
    assert not few & rest
    assert {item.nodeid.partition("[")[0] for item in items} == {name.partition("[")[0] for name in few}
    assert (request.node.nodeid in few) is (case in {0, 4})
