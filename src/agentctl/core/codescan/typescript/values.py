"""What an expression of the source can be, as far as that can be told without running it.

Data only, made of one file's text alone, so that it can be kept by the file's content: what comes from another
file is an `Imported`, what a caller gives a `Parameter`. linking.py replaces both.
"""

from msgspec import Struct


class Spot(Struct, frozen=True, array_like=True):
    """Where something stands: line and column from 1; columns count characters.

    Attributes:
        file: empty for the file that is being read; linking.py names others.

    """

    line: int
    column: int
    file: str = ""


class Constant(Struct, frozen=True, array_like=True, tag="c"):
    """A text, a number, true, false or null; the spot of a text is that of its opening quote."""

    value: str | int | float | bool | None
    spot: Spot


class Template(Struct, frozen=True, array_like=True, tag="t"):
    """A text that is put together; a part that is no `Constant` may be any text."""

    parts: "tuple[Value, ...]"
    spot: Spot


class Entry(Struct, frozen=True, array_like=True):
    """One property of an object; `always` unless it stands behind a condition.

    Attributes:
        key: None for a spread, whose `value` is what is spread.
        spot: of the key.

    """

    key: "Value | None"
    value: "Value"
    spot: Spot
    always: bool = True


class Record(Struct, frozen=True, array_like=True, tag="r"):
    """An object literal."""

    entries: tuple[Entry, ...]
    spot: Spot


class Listing(Struct, frozen=True, array_like=True, tag="l"):
    """An array; not `whole` where there may be more items, or fewer: the result of a `map`, for instance."""

    items: "tuple[Value, ...]"
    whole: bool
    spot: Spot


class Choice(Struct, frozen=True, array_like=True, tag="o"):
    """One of several: `a ? b : c`, `a ?? b`, what a variable is assigned."""

    options: "tuple[Value, ...]"


class Function(Struct, frozen=True, array_like=True, tag="n"):
    """A function of the source; `number` is its own in its file."""

    number: int
    file: str = ""


class Imported(Struct, frozen=True, array_like=True, tag="i"):
    """What another file exports; the name `*` is the file's whole namespace.

    Attributes:
        importer: the file that imports it; empty for the one that is being read.

    """

    specifier: str
    name: str
    importer: str = ""


class Parameter(Struct, frozen=True, array_like=True, tag="p"):
    """What a function is called with."""

    function: Function
    position: int


class Member(Struct, frozen=True, array_like=True, tag="m"):
    """A property of something that is not known in this file alone."""

    base: "Value"
    name: str


class Result(Struct, frozen=True, array_like=True, tag="f"):
    """What a call returns whose function is not known in this file alone."""

    function: "Value"
    arguments: "tuple[Value, ...]" = ()


class Unknown(Struct, frozen=True, array_like=True, tag="u"):
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
