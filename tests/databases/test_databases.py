"""Realistic marketplaces: agentctl works on each of them, or names exactly the setting that it needs."""

import itertools
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from databases.example import DIFFERENCES, Example, examples
from databases.operating import Operator
from databases.steps import SEO_BLOG, do_everything

_DOCUMENT = Path(__file__).parents[2] / "docs/databases.md"
_EXAMPLES = examples()


def _each(*, told: bool) -> pytest.MarkDecorator:
    chosen = [pytest.param(one, id=one.name) for one in _EXAMPLES if bool(one.finding) is told]
    return pytest.mark.parametrize("example", chosen)


@pytest.mark.every_postgres
@pytest.mark.parametrize("example", _EXAMPLES, ids=lambda one: one.name)
def test_every_database_loads_and_begins_with_100_credits(
    operator_of: Callable[[Example], Operator], example: Example
) -> None:
    operator = operator_of(example)

    assert operator.balance() == 100
    operator.execute(example.settle_sql or "SELECT")
    assert len(operator.contents()) >= 7, "a marketplace has more tables than agentctl needs"


@_each(told=False)
def test_every_command_works_right_after_init(
    operator_of: Callable[[Example], Operator], example: Example
) -> None:
    operator = operator_of(example)

    operator.init()

    do_everything(operator)


@_each(told=True)
def test_schema_check_names_the_needed_setting_and_nothing_is_written_before(
    operator_of: Callable[[Example], Operator], example: Example
) -> None:
    operator = operator_of(example)
    operator.init()
    before = operator.contents()

    operator(*SEO_BLOG, exit_code=3)

    assert operator.contents() == before
    assert operator.webhook.requests == []
    found = operator.findings()
    assert {example.finding, *example.also_found} <= set(found)
    assert found[example.finding].strip(), "no hint"
    if example.settle and not example.stays:
        section, *_ = tomllib.loads(example.settle)
        assert f".schema.{section}" in found[example.finding], "the hint does not say where to put it"


@_each(told=True)
def test_every_command_works_with_the_needed_setting(
    operator_of: Callable[[Example], Operator], example: Example
) -> None:
    operator = operator_of(example)
    operator.init()

    operator.settle()

    left = {example.finding, *example.also_found} & set(operator.findings())
    assert left == ({example.finding} if example.stays else set())
    do_everything(operator)


def test_the_examples_cover_every_known_difference() -> None:
    known = {f"{concept}: {seen}" for concept, variants in DIFFERENCES.items() for seen in variants}

    covered = set(itertools.chain.from_iterable(example.covers for example in _EXAMPLES))

    assert covered == known


@pytest.mark.parametrize("example", _EXAMPLES, ids=lambda one: one.name)
def test_every_refused_example_has_its_setting_or_sql(example: Example) -> None:
    assert bool(example.finding) == bool(example.settle or example.settle_sql) == bool(example.told)


def test_the_document_lists_every_example() -> None:
    rows = [line for line in _DOCUMENT.read_text().splitlines() if line.startswith("| `")]

    assert rows == [_row(example) for example in _EXAMPLES]


def _row(example: Example) -> str:
    finding = f"`{example.finding}`" if example.finding else "works"
    return f"| `{example.name}` | {example.title} | {finding} | {example.told} |"
