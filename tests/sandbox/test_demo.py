"""The commands of the README's tour run on the sandbox, without any configuration."""

import json
from pathlib import Path
from typing import Any

import pytest

from support.program import Program

ARTICLE = "# Green tea: A Practical Guide\n"


def test_a_first_run_shows_the_article_and_ends_with_the_credits_line(agentctl: Program) -> None:
    result = agentctl("run", "seo-blog", "topic=Green tea")

    assert result.exit_code == 0
    assert result.stdout.startswith(ARTICLE)
    assert result.stderr.splitlines()[0] == "Nothing is configured: using the embedded sandbox."
    assert result.stderr.splitlines()[-1] == "Credits: 10 charged, 90 left."


@pytest.mark.parametrize(
    ("arguments", "exit_code", "status", "left"),
    [
        (("flaky",), 0, "success", 95),
        (("always-fails",), 1, "failed", 100),
        (("slow", "seconds=30", "--timeout", "500ms"), 5, "running", 95),
    ],
)
def test_each_demo_agent_behaves_as_described(
    agentctl: Program, arguments: tuple[str, ...], exit_code: int, status: str, left: int
) -> None:
    result = agentctl("run", *arguments, "--json")

    assert result.exit_code == exit_code
    assert result.json["data"]["execution"]["status"] == status
    assert result.json["data"]["credits"]["balance_after"] == left


def test_a_command_reads_what_the_previous_one_wrote(agentctl: Program) -> None:
    execution = agentctl("run", "seo-blog", "topic=Tea", "--json").json["data"]["execution"]["id"]

    listed = agentctl("history", "--json").json["data"]["executions"]
    assert [one["id"] for one in listed] == [execution]
    assert agentctl("schema-check", "--require", "full").exit_code == 6
    assert agentctl("migrate-full", "--yes").exit_code == 0
    again = agentctl("migrate-full", "--yes")
    assert (again.exit_code, "nothing to do" in again.stdout) == (0, True)
    assert agentctl("schema-check", "--require", "full").exit_code == 0
    recorded = agentctl("run", "seo-blog", "topic=Tea", "--json").json["data"]["execution"]
    assert recorded["not_recorded"] == []


def test_two_concurrent_runs_share_the_sandbox(agentctl: Program) -> None:
    agentctl("history")

    started = [agentctl.start("run", "seo-blog", "topic=Tea", "--json") for _ in range(2)]
    wholes: list[dict[str, Any]] = [json.loads(process.communicate(timeout=60)[0]) for process in started]

    assert [whole["exit_code"] for whole in wholes] == [0, 0]
    assert {whole["data"]["credits"]["balance_after"] for whole in wholes} == {90, 80}


def test_leaves_no_process_and_changes_no_folders_mode(agentctl: Program) -> None:
    parents = [agentctl.home, *agentctl.home.parents]
    before = [parent.stat().st_mode for parent in parents]

    agentctl("run", "seo-blog", "topic=Tea")

    folder = agentctl("sandbox", "path").stdout.strip()
    assert _processes_that_name(folder) == []
    assert [parent.stat().st_mode for parent in parents] == before


def _processes_that_name(text: str) -> list[str]:
    lines = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(process.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:  # it has just ended
            continue
    return [line for line in lines if text in line]
