"""Names are cut into words, and words have meanings."""

import pytest

from agentctl.core.mapping.name_words import MEANINGS, list_meanings, split_name, to_singular


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ai_credits_balance", ("ai", "credit", "balance")),
        ("creditsLeft", ("credit", "left")),
        ("HTTPStatus", ("http", "status")),
        ("p_amount_to_deduct", ("p", "amount", "to", "deduct")),
        ("n8n_webhook_url", ("n8n", "webhook", "url")),
        ("quota_2", ("quota",)),
        ("url2", ("url",)),
        ("timeStamp", ("time", "stamp")),
        ("emailaddress", ("email", "address")),
        ("createdat", ("created", "at")),
        ("userid", ("user", "id")),
        ("xyzzy", ("xyzzy",)),
        ("", ()),
        ("_", ()),
    ],
)
def test_a_name_is_cut_into_words(name: str, words: tuple[str, ...]) -> None:
    assert split_name(name) == words


@pytest.mark.parametrize(
    ("word", "singular"),
    [
        ("categories", "category"),
        ("launches", "launch"),
        ("processes", "process"),
        ("status", "status"),
        ("analysis", "analysis"),
        ("people", "person"),
        ("credits", "credit"),
        ("gas", "gas"),
    ],
)
def test_plurals_become_singulars(word: str, singular: str) -> None:
    assert to_singular(word) == singular


def test_a_word_may_have_several_meanings() -> None:
    assert {"price", "take"} <= list_meanings("charge")
    assert list_meanings("xyzzy") == frozenset()


def test_every_word_of_a_meaning_can_be_met() -> None:
    # A word that split_name would cut, or turn into another, would never be found.
    words = {word for words in MEANINGS.values() for word in words if "_" not in word}
    assert not {word for word in words if len(split_name(word)) != 1}
