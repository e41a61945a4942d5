"""Findings that are known: comments in every language that is read, and what the configuration says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.core.code_check.ignoring import IgnoreList, is_ignored
from agentctl.core.code_check.reading.gitignore import Rules
from agentctl.core.config.code_section import Ignored
from agentctl.core.findings.finding import Finding
from agentctl.core.location import Location
from agentctl.core.schema_check.checks import CODE_CHECKS

_ID = "code-unknown-table"
_CODE = 'await db.from("orders")'
_FORMS = [
    "// {}",
    "//{}",
    "/* {} */",
    "/*{}*/",
    "/** {} **/",
    "{{/* {} */}}",
    "{{ /* {} */ }}",
    "-- {}",
    "# {}",
]


def ignored(text: str, *, line: int = 1, finding_id: str = _ID) -> bool:
    return is_ignored(text.split("\n"), line, finding_id)


@pytest.mark.parametrize("form", _FORMS)
@pytest.mark.parametrize(
    "words",
    [
        "agentctl-ignore",
        f"agentctl-ignore: {_ID}",
        f"agentctl-ignore:{_ID}",
        f"agentctl-ignore: code-denied, {_ID}",
        f"agentctl-ignore : {_ID},code-denied",
    ],
)
def test_a_comment_silences_its_own_line_and_alone_the_next(form: str, words: str) -> None:
    comment = form.format(words)
    assert ignored(f"{_CODE} {comment}")
    assert ignored(f"{_CODE} {comment}  \r")
    assert ignored(f"    {comment}\n{_CODE}", line=2)
    assert not ignored(f"{comment}\n\n{_CODE}", line=3)
    assert not ignored(f"{_CODE}\n{comment}", line=1)
    assert not ignored(f"x() {comment}\n{_CODE}", line=2), "it is about the line above"


@pytest.mark.parametrize("form", _FORMS)
def test_a_comment_that_names_findings_silences_no_other(form: str) -> None:
    comment = form.format("agentctl-ignore: code-denied, code-unknown-column")
    assert not ignored(f"{_CODE} {comment}")
    assert not ignored(f"{comment}\n{_CODE}", line=2)
    assert ignored(f"{_CODE} {comment}", finding_id="code-unknown-column")


@pytest.mark.parametrize(
    "text",
    [
        f"{_CODE} agentctl-ignore",
        f"{_CODE} // agentctl-ignored",
        f"{_CODE} // see agentctl-ignore",
        f"{_CODE} // agentctl-ignore this",
        f"{_CODE} // agentctl-ignore:",
        f"{_CODE} // agentctl-ignore: {_ID} code-denied",
        f"{_CODE} // agentctl-ignore: {_ID}s",
        f'f("// agentctl-ignore"); {_CODE}',
        f"{_CODE} /* agentctl-ignore",
        f"/* agentctl-ignore */ {_CODE}",
        f"{_CODE} {{/* agentctl-ignore */",
        "",
    ],
)
def test_what_only_looks_like_such_a_comment_silences_nothing(text: str) -> None:
    assert ignored(text) is ("{/*" in text)  # the brace is the code's


def test_a_comment_after_another_counts() -> None:
    assert ignored(f"{_CODE} # noqa: E501  # agentctl-ignore")
    assert ignored(f"{_CODE} /* why */ // agentctl-ignore")


@given(st.lists(st.text(max_size=30), max_size=4), st.integers(-2, 6))
def test_any_lines_and_any_place_have_an_answer(lines: list[str], line: int) -> None:
    assert not is_ignored(lines, line, _ID)


def finding(*, file: str | None = "src/reports/daily.ts") -> Finding:
    (check,) = (check for check in CODE_CHECKS if check.id == _ID)
    return check.finding("public.orders", "", location=Location(file, 1) if file else None)


@pytest.mark.parametrize(
    ("known", "covers"),
    [
        (Ignored(id=_ID), True),
        (Ignored(id="code-denied"), False),
        (Ignored(object="public.orders"), True),
        (Ignored(object="public.*"), True),
        (Ignored(object="orders"), False),
        (Ignored(object="Public.orders"), False),
        (Ignored(file="src/reports/daily.ts"), True),
        (Ignored(file="daily.ts"), True),
        (Ignored(file="**/*.ts"), True),
        (Ignored(file="src/**"), True),
        (Ignored(file="src/**/daily.ts"), True),
        (Ignored(file="reports/"), True),
        (Ignored(file="/src"), True),
        (Ignored(file="/reports"), False),
        (Ignored(file="daily.ts/"), False),
        (Ignored(file="*.tsx"), False),
        (Ignored(id=_ID, object="public.orders", file="src/"), True),
        (Ignored(id=_ID, object="public.orders", file="lib/"), False),
        (Ignored(id=_ID, object="other", file="src/"), False),
        (Ignored(id="code-denied", object="public.orders", file="src/"), False),
    ],
)
def test_a_known_finding_fits_every_condition(known: Ignored, covers: bool) -> None:
    assert IgnoreList([known]).covers(finding()) is covers
    assert IgnoreList([Ignored(object="nothing"), known]).covers(finding()) is covers


def test_a_finding_without_a_file_is_in_none() -> None:
    assert not IgnoreList([Ignored(file="**")]).covers(finding(file=None))
    assert IgnoreList([Ignored(id=_ID)]).covers(finding(file=None))


def test_a_file_outside_the_current_folder_is_known_by_its_absolute_name() -> None:
    assert IgnoreList([Ignored(file="/srv/app/*.ts")]).covers(finding(file="/srv/app/a.ts"))


def test_nothing_is_known_where_nothing_is_configured() -> None:
    assert not IgnoreList([]).covers(finding())


ENDLESS = [
    "w*" * 60 + "!",
    "**/w*w/" * 30 + "!",
    "[w]*?" * 40 + "!",
    "w**/" + "*w*/**/" * 20 + "!",
    "w" + "*w" * 5000,
]


@pytest.mark.parametrize("pattern", ENDLESS, ids=[pattern[:12] for pattern in ENDLESS])
def test_a_pattern_that_fits_in_ever_so_many_ways_comes_to_an_end(pattern: str) -> None:
    # Tried one after the other, the ways would be more than there are atoms: this test would not return.
    rules = Rules("/", [pattern])
    for path in ("/" + "w" * 3000, "/" + "www/" * 300 + "w", "/" + "w" * 200 + "/w" * 500):
        assert rules.find_verdict(path, folder=False) in {None, True}
