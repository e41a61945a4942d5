"""Renamed marketplaces: a role is found without a word from the operator, or asked for; none is wrong.

`make test-strangers` tries 200 variants of each marketplace, `make test-databases` 10, and one of a fresh
seed, which is printed. Odd seeds take the half of the grammar that is held out: what it shows is counted, but
only what is wrong is read.
"""

import itertools
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import pytest

from agentctl.core.database.connection import read_database_url
from agentctl.core.mapping import Reading, name_words, vocabulary
from agentctl.core.setup.initialisation import read_nearby
from databases.example import examples
from support.marketplace import Database, empty_database
from support.postgres import Server
from support.strangers import Roles, Stranger, list_words

_UNTOLD = [example for example in examples() if not example.finding]
_VARIANTS = int(os.environ.get("AGENTCTL_TEST_STRANGERS", "10"))
_LEAST = 0.3
"""The target is 95 % of all variants; docs/decisions.md says how many are mapped, and what is in the way."""
_FRESH = secrets.token_hex(4)
_NEEDED = {
    "users": ("id", "balance"),
    "agents": ("id", "name", "price", "webhook", "active", "deleted"),
    "executions": ("id", "user", "agent", "status", "created_at"),
    "balances": ("user", "balance"),
    "ledger": ("id", "user", "amount", "kind", "execution"),
}
"""The parts without which a run, its charge or its refund is impossible or wrong."""
_AUTH_USERS = frozenset({"users: auth.users", "users.id: id"})
"""Supabase's own users, whose ids a profile has: where its name says nothing, they are as right."""


class Outcome(NamedTuple):
    """What became of a variant: what was asked, what is missing, what of that is unsaid, what is wrong."""

    name: str
    held_out: bool
    asked: tuple[str, ...]
    missing: tuple[str, ...]
    unsaid: tuple[str, ...]
    wrong: tuple[str, ...]

    @property
    def mapped(self) -> bool:
        """Whether every role is found without a word from the operator."""
        return not (self.asked or self.missing or self.wrong)


def read_roles(reading: Reading) -> Roles:
    """Return what agentctl has found."""
    roles = reading.discovery.roles
    deduct = reading.marketplace.deducting.function if reading.marketplace else None
    function = deduct.function if deduct else None
    return Roles(
        {role: f"{found.table.schema}.{found.table.name}" for role, found in roles.items()},
        {
            role: {part: choice.column for part, choice in found.parts.items()}
            for role, found in roles.items()
        },
        f"{function.schema}.{function.name}" if function else None,
        dict(deduct.meanings) if deduct else {},
    )


def list_values(roles: Roles) -> dict[str, str]:
    """Return every table, column, function and argument of roles by what it plays."""
    values = dict(roles.tables)
    for role, parts in roles.columns.items():
        values |= {f"{role}.{part}": column for part, column in parts.items()}
    values |= {f"argument {name}": meaning for name, meaning in roles.arguments.items()}
    return values | ({"function": roles.function} if roles.function else {})


def is_held_out(seed: str) -> bool:
    """Return whether a seed takes the half of the grammar that nobody looks at."""
    return int(seed, 16) % 2 == 1


def compare(name: str, truth: Roles, reading: Reading) -> Outcome:
    """Compare what was found in a variant with what it was made of."""
    expected, found = list_values(truth), list_values(read_roles(reading))
    needed = {*truth.tables, "function"} | {
        f"{role}.{part}" for role, parts in _NEEDED.items() for part in parts
    }
    needed |= {key for key in expected if key.startswith("argument ")}
    asked = tuple(finding.message for finding in reading.findings if finding.severity == "error")
    missing = sorted(needed & expected.keys() - found.keys())
    told = " ".join(finding.message for finding in reading.findings)
    return Outcome(
        name,
        is_held_out(name.rpartition("-")[2]),
        asked,
        tuple(f"{key}: {expected[key]}" for key in missing),
        tuple(
            key
            for key in missing  # an argument that must be passed is asked for
            if not asked and expected[key] not in told and not key.startswith("argument ")
        ),
        tuple(
            f"{key}: {value}, not {expected.get(key, 'anything')}"
            for key, value in found.items()
            if value != expected.get(key)
        ),
    )


def try_variants(server: Server, script: str, seeds: Iterator[str], babble: float) -> Iterator[Outcome]:
    """Rename an example again and again, and let agentctl look at each variant."""
    with empty_database(server) as original:
        original.execute(script.encode())
        known = read_roles(look_at(original))
    for seed in seeds:
        held_out = is_held_out(seed.rpartition("-")[2])
        stranger = Stranger(known, seed, script, held_out=held_out, babble=babble)
        with empty_database(server) as database:
            database.execute(stranger.reorder(script).encode())
            with database.connect() as connection:
                stranger.apply(connection)
            yield compare(seed, stranger.truth, look_at(database))


def look_at(database: Database) -> Reading:
    """Read a database as `init` does."""
    with read_database_url(database.url, source="a test").connect() as connection:
        return read_nearby(connection)


def list_outcomes(server: Server, seeds: list[str], babble: float = 0) -> Iterator[Outcome]:
    """Try the variants of every example that works untold; `babble` is the share of meaningless names."""
    for example in _UNTOLD:
        script = example.sql().replace("{webhook}", "http://127.0.0.1:9/webhook").replace("{role}", "nobody")
        names = (f"{example.name}-{seed}" for seed in seeds)
        yield from try_variants(server, script, names, babble)


def test_maps_strangers_or_asks_and_is_wrong_in_none(
    server: Server, record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]
) -> None:
    seeds = [*map(str, range(_VARIANTS)), _FRESH]

    outcomes = list(list_outcomes(server, seeds))

    wrong = [f"{outcome.name}: {line}" for outcome in outcomes for line in list_wrong(outcome)]
    read = [outcome for outcome in outcomes if not outcome.held_out]
    lines = [f"{outcome.name}: {line}" for outcome in read for line in (*outcome.asked, *outcome.missing)]
    words, known = list_words(), set(list_vocabulary())
    figures = {
        "variants": f"{len(outcomes)} of {len(_UNTOLD)} marketplaces, fresh seed {_FRESH}",
        **count("words", read),
        **count("held-out words", [outcome for outcome in outcomes if outcome.held_out]),
        "wrong": len({line.partition(":")[0] for line in wrong}),
        "words that the product knows": f"{len(words & known)} of {len(words)}",
    }
    with capsys.disabled():
        print("\n" + "\n".join(f"strangers, {name}: {value}" for name, value in figures.items()))  # noqa: T201
    for name, value in figures.items():
        record_property(name, value)
    assert not wrong, "\n".join((*wrong, "", *lines))
    assert sum(outcome.mapped for outcome in outcomes) >= _LEAST * len(outcomes), "\n".join(lines)


def list_wrong(outcome: Outcome) -> list[str]:
    """Return what is wrong with a variant; Supabase's own users are right, too."""
    return [line for line in outcome.wrong if line.partition(", not ")[0] not in _AUTH_USERS]


def count(words: str, outcomes: list[Outcome]) -> dict[str, str]:
    """Return how many variants were mapped, asked about, and left incomplete without a word."""
    mapped = sum(outcome.mapped for outcome in outcomes)
    asked = sum(bool(outcome.asked) for outcome in outcomes)
    unsaid = sum(bool(outcome.unsaid) for outcome in outcomes)
    share = f"{mapped / len(outcomes):.1%}" if outcomes else "none"
    return {
        f"{words}, mapped": f"{mapped} of {len(outcomes)} ({share})",
        f"{words}, asked by an error": str(asked),
        f"{words}, missing without a word": str(unsaid),
    }


@pytest.mark.parametrize("babble", [0.25, 1.0])
def test_guesses_nothing_from_names_that_mean_nothing(
    server: Server, babble: float, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds = [*map(str, range(max(1, _VARIANTS // 5))), _FRESH]

    outcomes = list(list_outcomes(server, seeds, babble))

    mapped = [outcome for outcome in outcomes if outcome.mapped]
    with capsys.disabled():
        print(f"\nstrangers, {babble:.0%} babble: {len(mapped)} of {len(outcomes)} mapped, {_FRESH}")  # noqa: T201
    assert not [
        f"{outcome.name}: {line}" for outcome in outcomes if not outcome.asked for line in list_wrong(outcome)
    ]


def list_vocabulary() -> Iterator[str]:
    """Yield every word of the product's vocabulary, whatever its shape."""
    for module in (vocabulary, name_words):
        for name, value in vars(module).items():
            if not name.startswith("__"):
                yield from _list_texts(value)


def _list_texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield from value.lower().replace("|", " ").replace("_", " ").split()
    elif isinstance(value, Mapping):
        yield from itertools.chain.from_iterable(map(_list_texts, itertools.chain(*value.items())))
    elif isinstance(value, tuple | list | set | frozenset):
        yield from itertools.chain.from_iterable(map(_list_texts, value))
    elif hasattr(value, "__dataclass_fields__"):
        fields = (getattr(value, name) for name in value.__dataclass_fields__)
        yield from itertools.chain.from_iterable(map(_list_texts, fields))
