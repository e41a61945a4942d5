"""Patterns as JavaScript means them, in Python's words."""

import re

import pytest

from agentctl.core.agents.ecma_patterns import translate_pattern, translate_schema

CASES = [
    # pattern, what it fits, what it does not
    ("^w$", ["w"], ["w\n", "ww"]),
    (r"^\d+$", ["12"], ["\u0661", "\uff11"]),
    (r"^\w$", ["w", "_", "9"], ["\u00e9", "-"]),
    (r"^\W$", ["\u00e9", "-"], ["w"]),
    (r"^[\d\w.-]+$", ["w-1.x"], ["\u00e9"]),
    (r"^(?<year>\d{4})-\k<year>$", ["2026-2026"], ["2026-2025"]),
    (r"(?<=w)x", ["wx"], ["x"]),
    (r"(?<!w)x", ["x"], ["wx"]),
    (r"^\p{Lu}\p{L}+$", ["\u00c9t\u00e9"], ["et", "\u00c91"]),
    (r"^\P{L}$", ["1"], ["\u00e9"]),
    (r"^[\p{Nd}x]$", ["\u0661", "x"], ["y"]),
    (r"^[^\p{L}]$", ["1"], ["w"]),
    (r"^[\P{L}]$", ["1"], ["w"]),
    (r"^\p{General_Category=Lu}$", ["W"], ["w"]),
    (r"^\u{1F600}$", ["\U0001f600"], ["u"]),
    (r"^\u00e9$", ["\u00e9"], ["e"]),
    (r"^\x41\/\-\e$", ["A/-e"], ["A"]),
    (r"^\cJ$", ["\n"], ["J"]),
    ("^[^]$", ["\n", "w"], [""]),
    ("w[]", [], ["w", "w[]"]),
    ("^[[]$", ["["], ["]"]),
    (r"^[a&&b||c~~d]+$", ["a&b|c~d"], ["e"]),
    (r"^[\]]$", ["]"], ["\\"]),
    (r"^[$.]$", ["$", "."], ["w"]),
    (r"^\$5$", ["$5"], ["5"]),
    (r"^(?:w|x)\b", ["w", "x y"], ["wx"]),
    (r"^\\d$", ["\\d"], ["1"]),
    (r"^w{2}$", ["ww"], ["w"]),
    ("^$", [""], ["\n"]),
    ("w\\", [], []),
    ("[w", [], []),
]


@pytest.mark.parametrize(("pattern", "fits", "others"), CASES, ids=[case[0] for case in CASES])
@pytest.mark.filterwarnings("error")
def test_a_pattern_means_what_it_means_in_javascript(
    pattern: str, fits: list[str], others: list[str]
) -> None:
    translated = translate_pattern(pattern)
    if not fits and not others:
        with pytest.raises(re.error):
            re.compile(translated)
        return
    assert [text for text in [*fits, *others] if re.search(translated, text)] == fits


@pytest.mark.parametrize("pattern", [r"\p{Script=Greek}", r"\p{}", r"\p{Lx}", r"\u{110000}"])
def test_what_is_not_known_here_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each has its own sentence
        translate_pattern(pattern)


def test_patterns_alone_are_translated_wherever_they_stand_in_a_schema() -> None:
    written: dict[str, str] = {}
    schema = {
        "properties": {"pattern": {"pattern": "w$", "enum": [{"pattern": "x$"}]}},
        "patternProperties": {"y$": {"not": {"pattern": "z$"}}},
        "allOf": [{"default": {"pattern": "x$"}}],
    }

    assert translate_schema(schema, written) == {
        "properties": {"pattern": {"pattern": r"w\Z", "enum": [{"pattern": "x$"}]}},
        "patternProperties": {r"y\Z": {"not": {"pattern": r"z\Z"}}},
        "allOf": [{"default": {"pattern": "x$"}}],
    }
    assert written == {r"w\Z": "w$", r"y\Z": "y$", r"z\Z": "z$"}
