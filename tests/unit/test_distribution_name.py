"""The name on the package index, where `agentctl` is somebody else's program: nobody is sent to that one."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentctl.core.extras import DISTRIBUTION, install_command

_ROOT = Path(__file__).parents[2]
_FOLDERS = (".ci", "src", "docs", "sql", "tests", "benchmarks")
_INSTALLER = r"(?:pip[x3]?(?:\d\.\d+)?|uvx?|poetry|pdm|rye|conda|mamba|easy_install)"
_VERB = r"(?:install|add|run|download|upgrade|inject|require|wheel)"
# An installer, a verb (uvx has none) and, in the same command, `agentctl` as a whole name.
_OTHER_PROGRAM = re.compile(
    rf"\b(?:{_INSTALLER}\b[^\n`;&|]*?[\s'\"]{_VERB}|uvx)\b[^\n`;&|]*?[\s'\"=](agentctl)(?![\w-]|\.\w)"
)


def installs_other_program(text: str) -> list[str]:
    """Return the commands in a text that would install what is called `agentctl` on the package index.

    `--from` names the distribution, and a command of it comes next.
    """
    commands = (match[0] for match in _OTHER_PROGRAM.finditer(text))
    return [command for command in commands if f"--from {DISTRIBUTION}" not in command]


def texts() -> Iterator[tuple[Path, str]]:
    """Yield every text of the repository, but for this module, with its path."""
    files = [path for path in _ROOT.iterdir() if path.is_file()]
    files += [path for folder in _FOLDERS for path in (_ROOT / folder).rglob("*") if path.is_file()]
    for path in files:
        if path != Path(__file__) and path.name != ".git" and path.suffix != ".pyc":
            yield path, path.read_text(encoding="utf-8", errors="replace")


def test_the_project_and_the_hints_name_the_same_distribution() -> None:
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]

    assert project["name"] == DISTRIBUTION != "agentctl"
    assert list(project["scripts"]) == ["agentctl"]
    for extra in project["optional-dependencies"]:
        assert install_command(extra) == f"pip install 'agentctl-marketplace[{extra}]'"


@pytest.mark.parametrize(
    "command",
    [
        "pip install agentctl",
        "needs `pip install 'agentctl[code]'`.",
        'python -m pip install --upgrade "agentctl[sandbox,code]>=0.1"',
        "pip3 install agentctl==0.1.0",
        "pipx install agentctl",
        "pipx run agentctl history",
        "uv tool install agentctl",
        "uv pip install -U agentctl",
        "uv add agentctl",
        "uvx agentctl history",
        "uvx --from agentctl agentctl history",
        "poetry add agentctl",
        "Say pip install agentctl.",
        "[sys.executable, '-m', 'pip', 'install', 'agentctl']",
    ],
)
def test_a_command_that_installs_the_other_program_is_recognised(command: str) -> None:
    assert installs_other_program(command)


@pytest.mark.parametrize(
    "command",
    [
        "pip install 'agentctl-marketplace[code]'",
        "pip install agentctl-marketplace && agentctl history",
        "uvx --from agentctl-marketplace agentctl history",
        "pip install '.[sandbox,code]'",
        "pip install -e ./agentctl-marketplace; agentctl --version",
        "pip install -r agentctl.txt",
        "agentctl run seo-blog",
    ],
)
def test_a_command_that_installs_this_program_is_let_pass(command: str) -> None:
    assert not installs_other_program(command)


def test_no_text_tells_anyone_to_install_the_other_program() -> None:
    commands = {str(path.relative_to(_ROOT)): installs_other_program(text) for path, text in texts()}

    assert {"README.md", "Makefile", ".ci/run", "src/agentctl/core/extras.py"} <= set(commands)
    assert not {path: bad for path, bad in commands.items() if bad}
