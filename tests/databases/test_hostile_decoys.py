"""Renamed marketplaces whose tables have rivals of what is looked for: of the same type, and as it is shaped.

A second switch that is true by default, another number that every agent has, a time that every row is given:
what is not told apart is asked about, and nothing is wrong. The rivals have names of public schemas, or such
that mean nothing.
"""

from collections.abc import Iterator

import pytest

from databases.example import examples
from databases.test_strangers import Outcome, list_wrong, try_variants
from support.postgres import Server
from support.strangers import FIRST, SECOND, Grammar

_RIVALS = {
    "boolean NOT NULL DEFAULT true": """
is featured; streaming; allow comments; verified; is indexed; glimp; has memory""",
    "boolean NOT NULL DEFAULT false": "needs review; is pinned; notify owner; trial; frobbed; is free",
    "integer NOT NULL DEFAULT 3": "rating; max retries; order no; priority; follower count; zorp; difficulty",
    "numeric(10,2) NOT NULL DEFAULT 2": """
commission rate; latitude; monthly revenue; weight; quibble; net margin""",
    "timestamptz NOT NULL DEFAULT now()": """
last seen at; synced at; indexed at; wobbled; next run at; renewed at""",
    "timestamptz": "featured until; verified at; locked at; expires at; plonked; paid at; reviewed on",
    "text NOT NULL DEFAULT 'pending'": """
review note; sync mark; billing mode; grumpf; payout way; import mood""",
    "text NOT NULL DEFAULT 'x'": "tone; voice; model; headline color; prompt; flumm; audience",
}
"""Type and shape -> the names of rivals."""
_SEEDS = ("0", "1")


def add_rivals(grammar: Grammar) -> Grammar:
    """Return a grammar with rivals in the place of its decoys."""
    return Grammar({**grammar.phrases, "decoys": _RIVALS}, grammar.half)


def list_outcomes(server: Server, grammar: Grammar) -> Iterator[Outcome]:
    """Try variants of the examples that work untold."""
    for example in examples():
        if not example.finding:
            script = example.sql().replace("{webhook}", "http://127.0.0.1:9/webhook")
            names = (f"{example.name}-rivals-{seed}" for seed in _SEEDS)
            yield from try_variants(
                server, script.replace("{role}", "current_user"), names, add_rivals(grammar), 0
            )


@pytest.mark.parametrize("grammar", [FIRST, SECOND], ids=["first", "second"])
def test_is_wrong_in_none_of_those_with_rivals(server: Server, grammar: Grammar) -> None:
    outcomes = list(list_outcomes(server, grammar))

    assert not [
        f"{outcome.name}: {line}" for outcome in outcomes if not outcome.asked for line in list_wrong(outcome)
    ]
    assert any(outcome.mapped for outcome in outcomes)
