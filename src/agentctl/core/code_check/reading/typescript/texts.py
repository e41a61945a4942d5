"""Texts that a value can be, where their parts stand in the source, and what to say where there is none.

A part that can be any text becomes a hole. Nothing here knows what the texts mean.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product

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
    Spot,
    Template,
    Unknown,
    Value,
)
from agentctl.core.code_check.reading.uses import CodeLiteral, Shape
from agentctl.core.location import Location

_MOST_OPTIONS = 64
"""A value that can be more than this is not looked at option by option."""
_MOST_PIECES = 200
_WORDS = {True: "true", False: "false", None: "null"}
_REASONS: Mapping[type[Value], str] = {
    Template: "built at run time",
    Parameter: "an argument that no known caller passes",
    Result: "the result of a call",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text; `quote` is the spot before its first character, None where there is none."""

    text: str
    quote: Spot | None


@dataclass(frozen=True, slots=True)
class Text:
    """A text; `spot` is that of the whole."""

    pieces: tuple[Piece, ...]
    spot: Spot

    def __str__(self) -> str:
        return "".join(piece.text for piece in self.pieces)

    @property
    def whole(self) -> bool:
        """Whether there is no hole in it."""
        return HOLE not in str(self)

    def locate(self, offset: int, file: str) -> Location:
        """Return where a character stands; that of the whole text where escapes make it uncertain."""
        for piece in self.pieces:
            if offset < len(piece.text):
                break
            offset -= len(piece.text)
        else:
            return location_of(self.spot, file)
        before = piece.text[:offset]
        if piece.quote is None or "\\" in before:
            return location_of(self.spot, file)
        lines = before.count("\n")
        column = offset - before.rfind("\n") if lines else piece.quote.column + 1 + offset
        return Location(piece.quote.file or file, piece.quote.line + lines, column)


def location_of(spot: Spot, file: str) -> Location:
    """Return a spot of a file, or of the other file that it names."""
    return Location(spot.file or file, spot.line, spot.column)


def options_of(value: Value) -> tuple[Value, ...]:
    """Return what a value can be: itself, or what it is one of."""
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
    """Return what a value can be, without what only stands in for it: null, '' and 0 beside others.

    `user?.id ?? ''` and `let id = null` please a compiler, and `let total = 0` is where a sum begins; most
    code asks whether they are still that before it goes on, and what it asks is not followed.
    """
    options = options_of(value)
    return tuple(option for option in options if not _is_blank(option)) or options[:1]


def _is_blank(value: Value) -> bool:
    return isinstance(value, Constant) and not value.value


def texts_of(value: Value) -> tuple[tuple[Text, ...], tuple[str, ...]]:
    """Return the texts that a value can be, and for what else it can be, why that is no text."""
    texts, reasons = list[Text](), list[str]()
    for option in likely_options(value):
        match option:
            case Constant(str(text), spot):
                texts.append(Text((Piece(text, spot),), spot))
            case Template(_, spot):
                texts += (Text(pieces, spot) for pieces in _spell_template(option))
            case _:
                reasons.append(why(option))
    return tuple(texts), tuple(dict.fromkeys(reasons))


def why(value: Value) -> str:
    """Return why a value is not known; it completes "… is"."""
    match value:
        case Unknown(reason):
            return reason
        case Imported(specifier):
            return f"imported from {specifier}, where it is not found"
        case Member(_, name):
            return f"`{name}` of something unknown"
    return _REASONS.get(type(value), "not valid here")


def literals_of(value: Value) -> tuple[CodeLiteral, ...]:
    """Return the literals that a value can be; of containers, the shape."""
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
    """Yield the ways in which a template can come out, as far as they are few."""
    choices = [list(_list_pieces(part)) for part in template.pieces[:_MOST_PIECES]]
    if len(template.pieces) > _MOST_PIECES:
        choices.append([Piece(HOLE, None)])
    if _count_ways(choices) > _MOST_OPTIONS:
        choices = [options if len(options) == 1 else [Piece(HOLE, None)] for options in choices]
    yield from islice(product(*choices), _MOST_OPTIONS)


def _count_ways(choices: list[list[Piece]]) -> int:
    ways = 1
    for options in choices:
        ways *= len(options)
    return ways


def _list_pieces(value: Value) -> Iterator[Piece]:
    for option in likely_options(value):
        if not isinstance(option, Constant) or isinstance(
            option.value, float
        ):  # JavaScript spells these its way
            yield Piece(HOLE, None)
        elif isinstance(option.value, str):
            yield Piece(option.value, option.spot)
        elif isinstance(option.value, bool) or option.value is None:
            yield Piece(_WORDS[option.value], None)
        else:
            yield Piece(str(option.value), None)
