"""Forms that are written to keep the judge busy for ever: judging ends, and names the input."""

import subprocess
import sys
from typing import Any

import pytest

from agentctl.core.agents import bounded_judging
from agentctl.core.agents.conversion import convert
from agentctl.core.agents.form import read_form
from agentctl.core.agents.inputs import resolve_inputs
from agentctl.core.agents.schema_rules import is_light
from agentctl.core.agents.validation import problems_of
from agentctl.core.errors import InvalidInputs, SchemaLacks

ENDLESS = "^(w+)+$"
WORD = "w" * 60 + "!"
LEVELS = 40


def doubling() -> dict[str, Any]:
    """Return definitions, each of which uses the next one twice."""
    steps = {f"step{level}": {"allOf": [{"$ref": f"#/$defs/step{level + 1}"}] * 2} for level in range(LEVELS)}
    return {**steps, f"step{LEVELS}": {"type": ["string", "object"]}}


def nesting(levels: int) -> dict[str, Any]:
    """Return a schema that judges everything below again at each level."""
    if not levels:
        return {"unevaluatedProperties": {}}
    return {"unevaluatedProperties": {}, "allOf": [nesting(levels - 1)]}


HOSTILE: list[tuple[str, dict[str, Any], object]] = [
    ("a pattern", {"pattern": ENDLESS}, WORD),
    ("a pattern of names", {"patternProperties": {ENDLESS: {}}}, {WORD: 1}),
    ("a pattern for names", {"propertyNames": {"pattern": ENDLESS}}, {WORD: 1}),
    ("references", {"$ref": "#/$defs/step0"}, "x"),
    ("what is nested", nesting(40), {"x": 1}),
    ("a list of different things", {"uniqueItems": True}, [{"at": [place]} for place in range(40_000)]),
    ("a choice among many", {"items": {"enum": [[place] for place in range(30_000)]}}, [[-1]] * 30_000),
]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_judging, "SECONDS", 5.0)


@pytest.mark.parametrize(("rule", "value"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE])
def test_names_an_input_whose_rules_never_finish(rule: dict[str, Any], value: object) -> None:
    form = read_form(
        {
            "properties": {"brand": {"type": "string"}, "keyword": rule, "zone": {"type": "string"}},
            "$defs": doubling(),
        }
    )

    (problem,) = problems_of(form, {"brand": "Acme", "keyword": value, "zone": "north"})

    assert problem.name == "keyword"
    assert problem.text.startswith("keyword: checking it against the agent's input_schema takes longer")


def test_names_the_inputs_whose_common_rules_never_finish() -> None:
    form = read_form({"$ref": "#/$defs/step0", "$defs": doubling()})

    (problem,) = problems_of(form, {"keyword": "x"})

    assert problem.text.startswith("inputs: checking it against the agent's input_schema takes longer")


def test_defaults_that_never_finish_are_reported_as_an_error_of_the_form() -> None:
    form = read_form({"properties": {"keyword": {"pattern": ENDLESS, "default": WORD}}})

    with pytest.raises(InvalidInputs) as refusal:
        resolve_inputs(form, items=(), input_file_text=None, ask=None)

    assert refusal.value.exit_code == 2
    assert refusal.value.problems[0].endswith("(the form's default)")


def test_judging_a_form_with_thousands_of_options_finishes() -> None:
    options = [[place] for place in range(30_000)]
    chosen = [[-1]] * len(options)
    form = read_form([{"name": "zones", "type": "multiselect", "options": options, "default": chosen}])

    (problem,) = problems_of(form, {"zones": chosen})

    assert problem.name == "zones"


@pytest.mark.parametrize(
    "schema",
    [
        {"required": [{"at": [place]} if place % 2 else "x" * place for place in range(20_000)]},
        {"properties": {"keyword": {"pattern": "w{99999999999999}"}}},
        {"properties": {"keyword": {"pattern": "(" * 9000 + ")" * 9000}}},
        {"properties": {"keyword": {"pattern": r"\p{Script=Klingon}"}}},
        {"properties": {"keyword": {"pattern": r"\u{ffffff}"}}},
        {"properties": {"keyword": {"pattern": "(?<n>w)(?<n>w)"}}},
    ],
)
def test_refuses_an_unreadable_json_schema_in_one_line(schema: dict[str, Any]) -> None:
    with pytest.raises(SchemaLacks) as refusal:
        read_form(schema)

    assert refusal.value.code == "input_schema"
    assert len(refusal.value.message.splitlines()) == 1
    assert len(refusal.value.message) < 300


def test_running_out_of_memory_while_judging_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_judging, "SECONDS", 120.0)
    form = read_form({"properties": {"keyword": {"pattern": "^(?:(w)|x)*$"}}})
    with pytest.raises(SchemaLacks, match="cannot be used"):
        problems_of(form, {"keyword": "w" * 20_000_000})


def test_converts_a_default_with_very_many_choices() -> None:
    # Each looked for among all options, this would be thousands of millions of comparisons.
    options = [{"value": number, "label": f"Zone {number}"} for number in range(20_000)]
    text = ",".join(f"zone {number}" for number in range(20_000)) + ",nowhere"
    form = read_form([{"name": "zones", "type": "multiselect", "options": options}])

    chosen = convert(form.fields[0], text)

    assert chosen == [*range(20_000), "nowhere"]


def test_names_a_duplicate_field_among_very_many() -> None:
    with pytest.raises(SchemaLacks, match="two fields are called 'zone 99999'"):
        read_form([*({"name": f"zone {number}"} for number in range(100_000)), {"name": "zone 99999"}])


@pytest.mark.parametrize(
    "raw",
    [
        [{"name": "tone", "type": "select", "options": [f"zone {place}" for place in range(600)]}],
        [{"name": f"field{number}", "type": "text", "label": "x" * 200} for number in range(40)],
        [{"name": "tags", "type": "multiselect", "options": ["a", "b"]}],
        {"properties": {"keyword": {"type": "string", "maxLength": 90}}, "required": ["keyword"]},
    ],
)
def test_judges_an_ordinary_form_without_a_separate_process(raw: Any) -> None:
    inputs = {"tone": "zone 1", "field1": "x" * 100_000, "keyword": "tea", "tags": ["a", "b"]}
    assert is_light(read_form(raw).schema, inputs)


@pytest.mark.parametrize(("value", "problems"), [("tea", []), ("tea!", ["keyword: 'tea!' does not match"])])
def test_judges_a_pattern_that_finishes(value: str, problems: list[str]) -> None:
    form = read_form({"properties": {"keyword": {"pattern": "^[a-z]+$"}}})

    lines = [problem.text for problem in problems_of(form, {"keyword": value})]

    assert [line[: len("keyword: 'tea!' does not match")] for line in lines] == problems


def test_the_judging_process_imports_nothing_from_the_current_folder(tmp_path: Any) -> None:
    (tmp_path / "jsonschema.py").write_text("raise SystemExit('mine')")
    (tmp_path / "agentctl").mkdir()
    (tmp_path / "agentctl/__init__.py").write_text("raise SystemExit('mine')")
    question = (
        "from agentctl.core.agents.bounded_judging import judge_apart; "
        "print(judge_apart({'schema': {'type': 'object'}}).answer)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", question], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert done.stdout == "{'fault': None}\n"


def test_sends_any_input_to_the_judging_process_as_json() -> None:
    form = read_form({"properties": {"keyword": {"pattern": "^[^x]+$"}}})
    values = ["\ud83d\ude00 \u2028", 10**400, 1e308, {"a": [None, True, -0.0]}]

    assert problems_of(form, {"keyword": values}) == []
