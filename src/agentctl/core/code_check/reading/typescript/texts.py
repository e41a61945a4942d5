"""Lists the texts that a value can be, the positions of their parts, and the reason if a value is no text.

A part that can be any text becomes a hole. What the texts mean is not known here.
"""

from collections.abc import Iterator, Mapping
from itertools import islice, product
from math import prod

from msgspec import Struct

from agentctl.core.code_check.reading.postgrest.cursor import HOLE
from agentctl.core.code_check.reading.typescript.values import (
    Choice,
    Constant,
    Imported,
    Listing,
    Member,
    Parameter,
    Record,
    Result,
    Template,
    Unknown,
    Value,
)
from agentctl.core.code_check.reading.uses import CodeLiteral, Shape
from agentctl.core.location import Location

_MOST_OPTIONS = 64
"""The most options of a value that are read one by one."""
_MOST_PIECES = 200
_WORDS = {True: "true", False: "false", None: "null"}
_REASONS: Mapping[type[Value], str] = {
    Template: "built at run time",
    Parameter: "an argument that no known caller passes",
    Result: "the result of a call",
}


class Piece(Struct, frozen=True):
    """A part of a text; `quote` is where the quote before it stands; None if it is not in the source."""

    text: str
    quote: Location | None


class Text(Struct, frozen=True):
    """A text; `location` is where the whole text stands."""

    pieces: tuple[Piece, ...]
    location: Location

    def __str__(self) -> str:
        return "".join(piece.text for piece in self.pieces)

    @property
    def whole(self) -> bool:
        """Whether it has no hole."""
        return HOLE not in str(self)

    def locate(self, offset: int, file: str) -> Location:
        """Return the location of a character; that of the whole text if escapes make it uncertain."""
        for piece in self.pieces:
            if offset < len(piece.text):
                break
            offset -= len(piece.text)
        else:
            return self.location.with_file(file)
        before = piece.text[:offset]
        if piece.quote is None or "\\" in before:
            return self.location.with_file(file)
        lines = before.count("\n")
        column = offset - before.rfind("\n") if lines else piece.quote.column + 1 + offset
        return Location(piece.quote.file or file, piece.quote.line + lines, column)


def options_of(value: Value) -> tuple[Value, ...]:
    """Return the values that a value can be: the options of a choice, or else the value itself."""
    if not isinstance(value, Choice):
        return (value,)
    waiting: list[Value] = [value]
    flat: list[Value] = []
    while waiting and len(flat) < _MOST_OPTIONS:
        option = waiting.pop()
        if isinstance(option, Choice):
            waiting += reversed(option.options)
        else:
            flat.append(option)
    return (*flat, Unknown("one of too many values")) if waiting else tuple(flat)


def likely_options(value: Value) -> tuple[Value, ...]:
    """Return the values that a value can be, without placeholders: null, '' and 0 beside other values.

    `user?.id ?? ''` and `let id = null` satisfy a compiler, and `let total = 0` starts a sum. Most code
    checks whether such a placeholder is still there before it goes on, and these checks are not followed.
    """
    options = options_of(value)
    return tuple(option for option in options if not _is_blank(option)) or options[:1]


def _is_blank(value: Value) -> bool:
    return isinstance(value, Constant) and not value.value


def texts_of(value: Value) -> tuple[tuple[Text, ...], tuple[str, ...]]:
    """Return the texts that a value can be, and the reasons why its other values are no texts."""
    texts, reasons = list[Text](), list[str]()
    for option in likely_options(value):
        match option:
            case Constant(str(text), location):
                texts.append(Text((Piece(text, location),), location))
            case Template(_, location):
                texts += (Text(pieces, location) for pieces in _spell_template(option))
            case _:
                reasons.append(reason_of(option))
    return tuple(texts), tuple(dict.fromkeys(reasons))


def reason_of(value: Value) -> str:
    """Return the reason why a value is not known; it completes "… is"."""
    match value:
        case Unknown(reason):
            return reason
        case Imported(specifier):
            return f"imported from {specifier}, where it is not found"
        case Member(_, name):
            return f"`{name}` of something unknown"
    return _REASONS.get(type(value), "not valid here")


def literals_of(value: Value) -> tuple[CodeLiteral, ...]:
    """Return the literals that a value can be; for containers, only their shape."""
    return tuple(literal for option in likely_options(value) for literal in _list_literals(option))


def _list_literals(value: Value) -> Iterator[CodeLiteral]:
    match value:
        case Constant(content):
            yield CodeLiteral(content)
        case Template():
            yield from (CodeLiteral(str(text)) for text in texts_of(value)[0] if text.whole)
        case Record():
            yield CodeLiteral(shape=Shape.OBJECT)
        case Listing():
            yield CodeLiteral(shape=Shape.LIST)


def _spell_template(template: Template) -> Iterator[tuple[Piece, ...]]:
    """Yield the texts that a template can become; parts with too many options become holes."""
    choices = [list(_list_pieces(part)) for part in template.pieces[:_MOST_PIECES]]
    if len(template.pieces) > _MOST_PIECES:
        choices.append([Piece(HOLE, None)])
    if prod(map(len, choices)) > _MOST_OPTIONS:
        choices = [options if len(options) == 1 else [Piece(HOLE, None)] for options in choices]
    yield from islice(product(*choices), _MOST_OPTIONS)


def _list_pieces(value: Value) -> Iterator[Piece]:
    for option in likely_options(value):
        match option:
            case Constant(str(text), location):
                yield Piece(text, location)
            case Constant(bool() | None as word):
                yield Piece(_WORDS[word], None)
            case Constant(int(number)):
                yield Piece(str(number), None)
            case _:  # JavaScript spells floats differently
                yield Piece(HOLE, None)
