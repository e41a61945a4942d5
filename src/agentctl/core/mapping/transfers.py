"""Recognises a ledger whose rows name two parties, from whom credits go and to whom.

Such a row is about two accounts, one of them the house's, which nothing in a database tells. agentctl's rows
are about one user: it neither reads nor writes such a ledger.
"""

from collections.abc import Mapping

from agentctl.core.catalog.introspection import Table
from agentctl.core.findings.finding import Finding
from agentctl.core.mapping.checks import ledger_transfers
from agentctl.core.mapping.name_words import split_name
from agentctl.core.mapping.vocabulary import ROLES, can_play, rank

_ALONE = (("from", "to"), ("sender", "recipient"), ("sender", "receiver"), ("payer", "payee"))
"""Words that name the two parties without another."""
_PAIRS = (
    *_ALONE,
    ("source", "destination"),
    ("source", "target"),
    ("debit", "credit"),
    ("debited", "credited"),
)
_PARTIES = frozenset({"user", "account", "acct", "profile", "wallet", "member", "customer", "party", "owner"})
_KEYS = frozenset({"id", "uuid", "ref", "key", "no", "number"})


def find_transfer(table: Table, configured: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the columns of the two parties of a ledger's rows, or None where one column names the user.

    Args:
        table: the ledger.
        configured: part -> column, of the configuration.

    """
    payer = ROLES["ledger"].parts["user"]
    named = {split_name(column.name): column.name for column in table.columns if can_play(column, payer)}
    pair = next((pair for words in named if (pair := _find_counterpart(words, named)) is not None), None)
    users = [column.name for column in table.columns if rank(column.name, payer.names) is not None]
    user = configured.get("user") or next((name for name in users if name not in (pair or ())), None)
    return pair if user is None or user in (pair or ()) else None


def _find_counterpart(words: tuple[str, ...], named: Mapping[tuple[str, ...], str]) -> tuple[str, str] | None:
    """Return a column and the one that is named after the other party."""
    for giver, taker in _PAIRS:
        if giver not in words:
            continue
        position = words.index(giver)
        rest = {*words[:position], *words[position + 1 :]}
        other = named.get((*words[:position], taker, *words[position + 1 :]))
        is_party = bool(rest & _PARTIES) or (giver, taker) in _ALONE
        if other is not None and is_party and rest <= _PARTIES | _KEYS:
            return named[words], other
    return None


def explain_transfer(table: Table, pair: tuple[str, str]) -> Finding:
    """Return the finding about a ledger of transfers."""
    return ledger_transfers.CHECK.finding(
        table.name,
        f"A row of {table.name} moves credits from {pair[0]} to {pair[1]}: agentctl does not know the "
        "house's account, and writes no such rows.",
        "If another table has the movements of each user: "
        '[profiles.NAME.schema.ledger] table = "TABLE". Without a charge, agents can be run: --no-charge.',
    )
