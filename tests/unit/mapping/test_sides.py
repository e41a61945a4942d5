"""Two columns are the sides of a ledger only if their names say nothing else."""

import pytest

from agentctl.core.mapping.sides import list_pairs
from support.catalogs import column, constraint, table


def find_pairs(
    *names: str, kind: str = "integer", keys: tuple[str, ...] = ("id",)
) -> tuple[tuple[str, str], ...]:
    columns = (column(name, kind) for name in ("id", *names))
    return list_pairs(table("entries", *columns, constraints=(constraint("primary key", *keys),)))


@pytest.mark.parametrize(
    "pair",
    [
        ("debit", "credit"),
        ("debits", "credits"),
        ("DebitAmount", "CreditAmount"),
        ("amount_dr", "amount_cr"),
        ("credits_out", "credits_in"),
        ("withdrawal", "deposit"),
        ("outgoing_amount", "incoming_amount"),
    ],
)
def test_names_that_differ_by_a_direction_are_a_pair(pair: tuple[str, str]) -> None:
    assert find_pairs("user_id", *reversed(pair)) == (pair,)


@pytest.mark.parametrize(
    "pair",
    [
        ("debit_account_id", "credit_account_id"),
        ("tokens_out", "tokens_in"),
        ("debit", "credit_limit"),
        ("logged_out", "logged_in"),
        ("debit", "balance"),
    ],
)
def test_other_names_are_none(pair: tuple[str, str]) -> None:
    assert find_pairs(*pair) == ()


def test_an_amount_makes_other_pairs_than_debit_and_credit_unlikely() -> None:
    assert find_pairs("amount", "points_out", "points_in") == ()
    assert find_pairs("amount", "debit", "credit") == (("debit", "credit"),)


def test_what_is_no_exact_number_or_a_key_is_no_side() -> None:
    assert find_pairs("debit", "credit", kind="text") == ()
    assert find_pairs("debit", "credit", kind="double precision") == ()
    assert find_pairs("debit", "credit", keys=("debit",)) == ()
