"""Cuts the source of a function into words: names with what they belong to, arguments, texts and marks.

It knows no statement; function_body.py reads those. Nothing is executed, and no text is refused.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from agentctl.core.catalog.introspection import Function
from agentctl.core.sql.tokens import Token, tokens


class Word(NamedTuple):
    """A word of a source.

    Attributes:
        kind: `name`, `quoted` (a name in quotes), `argument` (one that cannot be a column), `variable` (one
            whose value is unknown), `string`, `number` or `mark`.
        text: names without quotes in lower case; texts with their quotes.
        owner: what stands before the dot of a name; empty without one.

    """

    kind: str
    text: str
    owner: str = ""

    @property
    def is_name(self) -> bool:
        """Whether it may name a column, an argument or a variable."""
        return self.kind in {"name", "quoted", "argument"}

    def says(self, *words: str) -> bool:
        """Whether it is one of some keywords or marks."""
        return self.kind in {"name", "mark"} and not self.owner and self.text in words


END = Word("mark", "")
"""What is behind the last word."""
Words = tuple[Word, ...]


def read_words(function: Function) -> list[Word]:
    """Return the words of a function's source; none where it was not read."""
    body = function.body or ""
    spelled = [_spell(body, token) for token in tokens(body)]
    names = [argument.name for argument in function.arguments]
    return list(_join_names(_number_arguments(spelled, names), function.name, names))


def _spell(text: str, token: Token) -> Word:
    raw = text[token.start : token.end]
    if token.kind == "quoted":
        return Word("quoted", raw[1:-1].replace('""', '"'))
    if token.kind == "word":
        return Word("name", raw.lower())
    kind = token.kind if token.kind in {"number", "mark"} else "string"
    return Word(kind, raw)


def _number_arguments(words: Sequence[Word], names: Sequence[str]) -> list[Word]:
    """Write the name of an argument for its number: `p_amount` for `$2`."""
    result: list[Word] = []
    for word in words:
        if word.kind == "number" and word.text.isdecimal() and result and result[-1] == ("mark", "$", ""):
            number = int(word.text) if len(word.text) < 4 else 0  # noqa: PLR2004 - no function has a thousand
            name = names[number - 1] if 0 < number <= len(names) else ""
            result[-1] = Word("argument", name) if name else Word("string", f"${word.text}")
        else:
            result.append(word)
    return result


def _join_names(words: Sequence[Word], function: str, arguments: Sequence[str]) -> Iterator[Word]:
    """Join the parts of dotted names, and recognise arguments that follow the function's name."""
    position = 0
    while position < len(words):
        word, owner = words[position], ""
        while (
            position + 2 < len(words)
            and words[position + 1].text == "."
            and word.is_name
            and words[position + 2].is_name
        ):
            owner, word = word.text, words[position + 2]
            position += 2
        position += 1
        if not owner:
            yield word
        elif owner == function and word.text in arguments:
            yield Word("argument", word.text)
        else:
            yield Word(word.kind, word.text, owner)
