"""`agentctl explain`: the same as the documents say, with no database and no configuration."""

import json
from pathlib import Path

import pytest

from support.program import Program


def test_a_finding_is_explained_as_in_the_document(agentctl: Program) -> None:
    explained = agentctl("explain", "column-denied")

    assert (explained.exit_code, explained.stderr) == (0, "")
    assert explained.stdout == (
        "column-denied: Warning; error where --require names the column.\n"
        "The role lacks a privilege on an optional column. The column exists, but this role may not read, "
        "insert or update it. If it has no privilege on it at all, information_schema.columns hides the "
        "column, and the message says that the role may not see it.\n"
        "What to do: The hint is the GRANT that fixes it. It is an error where --require names the "
        "column.\n"
    )


@pytest.mark.parametrize(("name", "document"), [("drift-added", "findings"), ("refunded-twice", "audit")])
def test_the_document_says_the_same(agentctl: Program, name: str, document: str) -> None:
    text = (Path(__file__).parents[2] / f"docs/{document}.md").read_text("utf-8")
    section = text.partition(f"### {name}\n")[2].partition("\n#")[0].replace("*What to do:*", "What to do:")
    explained = agentctl("explain", name).stdout.removeprefix(f"{name}: ")

    assert explained.split() == section.split()


def test_in_json_the_parts_have_names(agentctl: Program) -> None:
    data = json.loads(agentctl("explain", "rows-hidden", "--json").stdout)["data"]

    assert (data["id"], data["severity"]) == ("rows-hidden", "error")
    assert data["special_case"] == {
        "severity": "warning",
        "when": "where the role sees rows, and no policy lets it insert any",
    }
    assert {*data} == {"id", "severity", "special_case", "title", "meaning", "details", "remedy"}


def test_the_code_of_an_error_is_explained_as_the_finding_that_caused_it(agentctl: Program) -> None:
    assert agentctl("explain", "role_ambiguous").stdout == agentctl("explain", "role-ambiguous").stdout


def test_without_an_id_all_findings_are_listed(agentctl: Program) -> None:
    listed = agentctl("explain").stdout.splitlines()
    data = json.loads(agentctl("explain", "--json").stdout)["data"]

    assert listed[0].split() == ["FINDING", "SEVERITY", "TITLE"]
    assert [line.split()[0] for line in listed[1:]] == [check["id"] for check in data["checks"]]
    assert {"balance-differs", "table-missing", "drift-added", "code-denied"} <= {
        check["id"] for check in data["checks"]
    }


@pytest.mark.parametrize(
    ("word", "hint"),
    [("balance-difers", "Did you mean balance-differs?"), ("zzz", "List them all: agentctl explain")],
)
def test_an_unknown_finding_is_refused_with_the_nearest_one(agentctl: Program, word: str, hint: str) -> None:
    refused = agentctl("explain", word)

    assert refused.exit_code == 2
    assert refused.stderr == f"error: There is no finding '{word}'.\nhint: {hint}\n"


def test_the_program_lists_the_command(agentctl: Program) -> None:
    assert "Explain what a finding means and how to fix it." in agentctl("--help").stdout
