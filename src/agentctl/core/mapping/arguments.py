"""Finds what a function's arguments mean: by its source, usual names, words, and what is left.

The source counts more than any name: what the balance is lowered by is the amount. The only number that can
be the amount is the amount; the only key that can be the user's is the user. An argument that must be given
and means nothing known, and two that could each be the amount, make the function unusable: that is asked.
"""

from collections.abc import Iterator, Mapping, Sequence

from agentctl.core.catalog.introspection import Argument
from agentctl.core.mapping.function_uses import Uses
from agentctl.core.mapping.name_words import is_filler, list_meanings, split_name
from agentctl.core.mapping.vocabulary import TEXT, WHOLE

EXACT = WHOLE | {"numeric"}
_KEYS = WHOLE | TEXT | {"uuid"}
_TYPES: Mapping[str, frozenset[str]] = {
    "user": _KEYS,
    "wallet": _KEYS,
    "amount": EXACT,
    "agent": _KEYS,
    "execution": _KEYS,
    "key": TEXT | {"uuid"},
    "text": TEXT,
    "metadata": frozenset({"jsonb", "json"}),
}
"""What is passed -> the types that it can have; a kind may be of an enum's."""
_NO_KIND = frozenset({"boolean", "uuid", "jsonb", "json", "real", "double precision"}) | EXACT

# What an argument's words mean for what is passed; the first that fits counts.
_BY_MEANING: Mapping[str, frozenset[str]] = {
    "key": frozenset({"once"}),
    "execution": frozenset({"run"}),
    "user": frozenset({"person"}),
    "agent": frozenset({"agent"}),
    "kind": frozenset({"kind"}),
    "text": frozenset({"note"}),
    "metadata": frozenset({"meta"}),
    "amount": frozenset({"count", "unit", "price"}),
}
_FURTHER: Mapping[str, str] = {
    word: meaning
    for meaning, words in {
        "run": "usage generation inference invocation launch attempt completion prediction activation",
        "once": "unique retry nonce",
        "note": "concept message summary subject justification blurb",
        "meta": "property attribute attr tag custom annotation",
    }.items()
    for word in words.split()
}
"""Words that mean this of an argument, whatever else they mean of a column."""
_NO_AMOUNT = frozenset({"limit", "measure", "after", "before", "left", "currency"})
_NO_USER = frozenset({"run", "errand", "agent", "foreign", "payment", "ledger", "once"})
"""Meanings of words of a key that is not the user's, though it may be the only one."""
_OF_OTHERS = frozenset({"foreign", "payment", "secret"})
"""Meanings of words that make `parent_run_id` no execution of ours."""
_MANY = frozenset({"text"})
"""What several arguments may be given."""
_LINKS = frozenset({"agent", "execution", "key"})
_NOTES = frozenset({"note", "kind", "about"})
"""Meanings of words of columns that hold a text for people."""
_MUST_BE_ONE = ("amount", "user")


def can_be(argument: Argument, meant: str, user_type: str) -> bool:
    """Whether an argument has a type that a meaning can have, and no word that speaks against it."""
    types = _TYPES.get(meant)
    if types is None:
        return argument.type not in _NO_KIND
    if argument.type not in types:
        return False
    if meant == "user" and user_type == "uuid":
        return argument.type == "uuid"
    return meant != "amount" or not _NO_AMOUNT & list_argument_meanings(argument.name)


def bind_arguments(
    inputs: Sequence[Argument],
    user_type: str,
    uses: Uses,
    usual: Mapping[str, str],
    *,
    told: Mapping[str, str],
) -> dict[str, str] | None:
    """Return the meanings of arguments; None if one that must be given has none, or money is unclear.

    Args:
        inputs: the arguments without a configured text.
        user_type: the base type of the users' ids.
        uses: what the function's source does with them.
        usual: argument -> what its usual name means.
        told: argument -> what the configuration says that it is.

    """
    if (uses.unclear or uses.is_elsewhere) and "amount" not in told.values():
        return None
    binding = _Binding(inputs, user_type, uses, told)
    for evidence in (
        uses.certain,
        usual,
        dict(_list_word_meanings(inputs, user_type, {argument.name: argument.name for argument in inputs})),
        uses.written,
        dict(_list_column_meanings(inputs, user_type, uses.columns)),
    ):
        binding.accept(evidence)
    binding.accept_rest()
    return binding.meanings if binding.is_complete else None


class _Binding:
    """The meanings of arguments, as far as they are known."""

    def __init__(
        self, inputs: Sequence[Argument], user_type: str, uses: Uses, told: Mapping[str, str]
    ) -> None:
        self._inputs, self._user_type, self._uses = inputs, user_type, uses
        self._is_ambiguous = False
        self.meanings: dict[str, str] = dict(told)

    @property
    def is_complete(self) -> bool:
        """Whether every argument that must be given has a meaning, and no two could be the same money."""
        unknown = [item for item in self._unbound if not item.optional]
        return not unknown and not self._is_ambiguous

    @property
    def _unbound(self) -> list[Argument]:
        return [argument for argument in self._inputs if argument.name not in self.meanings]

    def accept(self, evidence: Mapping[str, str]) -> None:
        """Give arguments the meanings that evidence shows, and that no other argument has."""
        claims = [
            (argument.name, meant)
            for argument in self._unbound
            if (meant := evidence.get(argument.name)) is not None and self._can_be(argument, meant)
        ]
        for meant in _MUST_BE_ONE:
            rivals = [name for name, claimed in claims if claimed == meant]
            self._is_ambiguous |= self._lacks(meant) and len(rivals) > 1
        for name, meant in claims:
            if meant in _MANY or self._lacks(meant):
                self.meanings[name] = meant

    def accept_rest(self) -> None:
        """Give what is left the only meaning that it can have."""
        for meant in _MUST_BE_ONE:
            rest = [argument for argument in self._unbound if self._can_be_rest(argument, meant)]
            is_known = meant == "user" and not self._lacks("wallet")
            if self._lacks(meant) and not is_known and len(rest) == 1:
                self.meanings[rest[0].name] = meant
        for argument in self._unbound:
            is_noted = argument.name in self._uses.unused or argument.name in self._uses.columns
            if is_noted and self._can_be(argument, "metadata") and self._lacks("metadata"):
                self.meanings[argument.name] = "metadata"

    def _can_be(self, argument: Argument, meant: str) -> bool:
        if meant in _MUST_BE_ONE and argument.name in self._uses.unused:
            return False
        return can_be(argument, meant, self._user_type)

    def _can_be_rest(self, argument: Argument, meant: str) -> bool:
        if meant != "user":
            return self._can_be(argument, meant)
        is_key = self._can_be(argument, meant) and argument.type == self._user_type
        return is_key and not _NO_USER & list_argument_meanings(argument.name)

    def _lacks(self, meant: str) -> bool:
        return meant not in self.meanings.values()


def list_argument_meanings(name: str) -> frozenset[str]:
    """Return the meanings of all words of an argument's name."""
    words = [word for word in split_name(name) if not is_filler(word)]
    further = {_FURTHER[word] for word in words if word in _FURTHER}
    return frozenset(meaning for word in words for meaning in list_meanings(word)) | further


def _list_word_meanings(
    inputs: Sequence[Argument], user_type: str, names: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield what the words of a name mean for an argument, among what its type allows."""
    for argument in inputs:
        meanings = list_argument_meanings(names.get(argument.name, ""))
        meant = next(
            (
                meant
                for meant, wanted in _BY_MEANING.items()
                if wanted & meanings and can_be(argument, meant, user_type)
            ),
            None,
        )
        if meant is not None and not _OF_OTHERS & meanings:
            yield argument.name, meant


def _list_column_meanings(
    inputs: Sequence[Argument], user_type: str, columns: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield what the words of the column mean that an argument is written into: a link, or a text."""
    linked = dict(_list_word_meanings(inputs, user_type, columns))
    for argument in inputs:
        words = split_name(columns.get(argument.name, ""))
        is_link = bool(words) and (argument.type not in TEXT or "key" in list_meanings(words[-1]))
        if is_link and linked.get(argument.name) in _LINKS:
            yield argument.name, linked[argument.name]
        elif argument.type in TEXT and _NOTES & list_argument_meanings(columns.get(argument.name, "")):
            yield argument.name, "text"
