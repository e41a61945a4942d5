"""What an expression of the source can be, as far as that can be told without running it.

Data only, made of one file's text alone, so that it can be kept by the file's content: what comes from
another file is an `Imported`, what a caller gives a `Parameter`. linking.py replaces both.
"""

from typing import TYPE_CHECKING, Self

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable


class Spot(Struct, frozen=True, gc=False, array_like=True):
    """Where something stands: line and column from 1; columns count characters.

    Attributes:
        file: empty for the file that is being read; linking.py names others.

    """

    line: int
    column: int
    file: str = ""

    def placed(self, file: str) -> "Spot":
        """Return the same with its file's name."""
        return self if self.file else Spot(self.line, self.column, file)


class Expression(Struct, frozen=True, gc=False, array_like=True):
    """What all values can be asked."""

    def parts(self) -> "tuple[Value, ...]":
        """Return the values that this one is directly made of."""
        return ()

    def mapped(self, change: "Callable[[Value], Value]") -> Self:  # noqa: ARG002 - for those with parts
        """Return it with each of its parts changed."""
        return self

    def placed(self, file: str) -> Self:  # noqa: ARG002 - for those that stand somewhere
        """Return it so that it means the same in another file; its parts stay as they are."""
        return self


class Constant(Expression, frozen=True, gc=False, array_like=True, tag="c"):
    """A text, a number, true, false or null; the spot of a text is that of its opening quote."""

    value: str | int | float | bool | None
    spot: Spot

    def placed(self, file: str) -> Self:
        return type(self)(self.value, self.spot.placed(file))


class Template(Expression, frozen=True, gc=False, array_like=True, tag="t"):
    """A text that is put together; a part that is no `Constant` may be any text."""

    pieces: "tuple[Value, ...]"
    spot: Spot

    def parts(self) -> "tuple[Value, ...]":
        return self.pieces

    def mapped(self, change: "Callable[[Value], Value]") -> Self:
        return type(self)(tuple(map(change, self.pieces)), self.spot)

    def placed(self, file: str) -> Self:
        return type(self)(self.pieces, self.spot.placed(file))


class Entry(Struct, frozen=True, gc=False, array_like=True):
    """One property of an object; `always` unless it stands behind a condition.

    Attributes:
        key: None for a spread, whose `value` is what is spread.
        spot: of the key.

    """

    key: "Value | None"
    value: "Value"
    spot: Spot
    always: bool = True

    def mapped(self, change: "Callable[[Value], Value]") -> "Entry":
        """Return it with key and value changed."""
        return Entry(
            None if self.key is None else change(self.key), change(self.value), self.spot, self.always
        )

    def placed(self, file: str) -> "Entry":
        """Return it with its file's name."""
        return Entry(self.key, self.value, self.spot.placed(file), self.always)


class Record(Expression, frozen=True, gc=False, array_like=True, tag="r"):
    """An object literal."""

    entries: tuple[Entry, ...]
    spot: Spot

    def parts(self) -> "tuple[Value, ...]":
        keys = tuple(entry.key for entry in self.entries if entry.key is not None)
        return (*keys, *(entry.value for entry in self.entries))

    def mapped(self, change: "Callable[[Value], Value]") -> Self:
        return type(self)(tuple(entry.mapped(change) for entry in self.entries), self.spot)

    def placed(self, file: str) -> Self:
        return type(self)(tuple(entry.placed(file) for entry in self.entries), self.spot.placed(file))


class Listing(Expression, frozen=True, gc=False, array_like=True, tag="l"):
    """An array; not `whole` where there may be more items, or fewer: the result of a `map`, for instance."""

    items: "tuple[Value, ...]"
    whole: bool
    spot: Spot

    def parts(self) -> "tuple[Value, ...]":
        return self.items

    def mapped(self, change: "Callable[[Value], Value]") -> Self:
        return type(self)(tuple(map(change, self.items)), self.whole, self.spot)

    def placed(self, file: str) -> Self:
        return type(self)(self.items, self.whole, self.spot.placed(file))


class Choice(Expression, frozen=True, gc=False, array_like=True, tag="o"):
    """One of several: `a ? b : c`, `a ?? b`, what a variable is assigned."""

    options: "tuple[Value, ...]"

    def parts(self) -> "tuple[Value, ...]":
        return self.options

    def mapped(self, change: "Callable[[Value], Value]") -> Self:
        return type(self)(tuple(map(change, self.options)))


class Function(Expression, frozen=True, gc=False, array_like=True, tag="n"):
    """A function of the source; `number` is its own in its file."""

    number: int
    file: str = ""

    def placed(self, file: str) -> Self:
        return type(self)(self.number, self.file or file)


class Imported(Expression, frozen=True, gc=False, array_like=True, tag="i"):
    """What another file exports; the name `*` is the file's whole namespace.

    Attributes:
        importer: the file that imports it; empty for the one that is being read.

    """

    specifier: str
    name: str
    importer: str = ""

    def placed(self, file: str) -> Self:
        return type(self)(self.specifier, self.name, self.importer or file)


class Parameter(Expression, frozen=True, gc=False, array_like=True, tag="p"):
    """What a function is called with."""

    function: Function
    position: int

    def placed(self, file: str) -> Self:
        return type(self)(self.function.placed(file), self.position)


class Member(Expression, frozen=True, gc=False, array_like=True, tag="m"):
    """A property of something that is not known in this file alone."""

    base: "Value"
    name: str

    def parts(self) -> "tuple[Value, ...]":
        return (self.base,)

    def mapped(self, change: "Callable[[Value], Value]") -> Self:
        return type(self)(change(self.base), self.name)


class Result(Expression, frozen=True, gc=False, array_like=True, tag="f"):
    """What a call returns whose function is not known in this file alone."""

    function: "Value"
    arguments: "tuple[Value, ...]" = ()

    def parts(self) -> "tuple[Value, ...]":
        return (self.function, *self.arguments)

    def mapped(self, change: "Callable[[Value], Value]") -> Self:
        return type(self)(change(self.function), tuple(map(change, self.arguments)))


class Unknown(Expression, frozen=True, gc=False, array_like=True, tag="u"):
    """What cannot be told; `why` completes "… is", as in "computed at run time".

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
