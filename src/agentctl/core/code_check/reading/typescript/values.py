"""Describes the values that an expression of the source can have, as far as they are known statically.

This module is data only. A value is made from one file's text alone, so that it can be cached by the file's
content: its locations name no file, a value from another file is an `Imported`, and an argument is a
`Parameter`. linking.py fills in all three.
"""

from typing import TYPE_CHECKING, Self

from msgspec import Struct

from agentctl.core.location import Location

if TYPE_CHECKING:
    from collections.abc import Callable


class Expression(Struct, frozen=True, gc=False, array_like=True):
    """The methods of all values, and how all are kept: as arrays, and unseen by the garbage collector."""

    def parts(self) -> "tuple[Value, ...]":
        """Return the values that this value directly consists of."""
        return ()

    def map_parts(self, change: "Callable[[Value], Value]") -> Self:  # noqa: ARG002 - values with parts need it
        """Return the value with each of its parts changed."""
        return self


class Constant(Expression, frozen=True, tag="c"):
    """A text, a number, true, false or null; the location of a text is its opening quote."""

    value: str | int | float | bool | None
    location: Location


class Template(Expression, frozen=True, tag="t"):
    """A text that is composed of parts; a part that is not a `Constant` can be any text."""

    pieces: "tuple[Value, ...]"
    location: Location

    def parts(self) -> "tuple[Value, ...]":
        return self.pieces

    def map_parts(self, change: "Callable[[Value], Value]") -> Self:
        return type(self)(tuple(map(change, self.pieces)), self.location)


class Entry(Struct, frozen=True, gc=False, array_like=True):
    """One property of an object, or a spread; `always` is False if it depends on a condition.

    Attributes:
        key: None for a spread; `value` is then the object that is spread.
        location: where the key stands.

    """

    key: "Value | None"
    value: "Value"
    location: Location
    always: bool = True

    def map_parts(self, change: "Callable[[Value], Value]") -> "Entry":
        """Return the entry with its key and value changed."""
        return Entry(
            None if self.key is None else change(self.key), change(self.value), self.location, self.always
        )


class Record(Expression, frozen=True, tag="r"):
    """An object literal."""

    entries: tuple[Entry, ...]
    location: Location

    def parts(self) -> "tuple[Value, ...]":
        keys = tuple(entry.key for entry in self.entries if entry.key is not None)
        return (*keys, *(entry.value for entry in self.entries))

    def map_parts(self, change: "Callable[[Value], Value]") -> Self:
        return type(self)(tuple(entry.map_parts(change) for entry in self.entries), self.location)


class Listing(Expression, frozen=True, tag="l"):
    """An array; `whole` is False if there can be more or fewer items, as in the result of a `map`."""

    items: "tuple[Value, ...]"
    whole: bool
    location: Location

    def parts(self) -> "tuple[Value, ...]":
        return self.items

    def map_parts(self, change: "Callable[[Value], Value]") -> Self:
        return type(self)(tuple(map(change, self.items)), self.whole, self.location)


class Choice(Expression, frozen=True, tag="o"):
    """One of several values: `a ? b : c`, `a ?? b`, or all values assigned to a variable."""

    options: "tuple[Value, ...]"

    def parts(self) -> "tuple[Value, ...]":
        return self.options

    def map_parts(self, change: "Callable[[Value], Value]") -> Self:
        return type(self)(tuple(map(change, self.options)))


class Function(Expression, frozen=True, tag="n"):
    """A function of the source; `number` identifies it in its file."""

    number: int
    file: str = ""


class Imported(Expression, frozen=True, tag="i"):
    """An export of another file; the name `*` is the file's whole namespace.

    Attributes:
        importer: the file that imports it; empty for the file that is being read.

    """

    specifier: str
    name: str
    importer: str = ""


class Parameter(Expression, frozen=True, tag="p"):
    """A parameter of a function."""

    function: Function
    position: int


class Member(Expression, frozen=True, tag="m"):
    """A property of a value that is not known from this file alone."""

    base: "Value"
    name: str

    def parts(self) -> "tuple[Value, ...]":
        return (self.base,)

    def map_parts(self, change: "Callable[[Value], Value]") -> Self:
        return type(self)(change(self.base), self.name)


class Result(Expression, frozen=True, tag="f"):
    """The result of a call whose function is not known from this file alone."""

    function: "Value"
    arguments: "tuple[Value, ...]" = ()

    def parts(self) -> "tuple[Value, ...]":
        return (self.function, *self.arguments)

    def map_parts(self, change: "Callable[[Value], Value]") -> Self:
        return type(self)(change(self.function), tuple(map(change, self.arguments)))


class Unknown(Expression, frozen=True, tag="u"):
    """A value that is not known; `why` completes "… is", as in "computed at run time".

    `UNDEFINED` is JavaScript's undefined, which is not sent at all.
    """

    why: str = "computed at run time"


Value = (
    Constant
    | Template
    | Record
    | Listing
    | Choice
    | Function
    | Imported
    | Parameter
    | Member
    | Result
    | Unknown
)
UNDEFINED = Unknown("undefined")
