"""What msgspec's Structs, of which all values are made, cannot say of a single field."""

from typing import ClassVar


class Reticent:
    """A Struct whose repr, which a log or a traceback may show, keeps fields to itself."""

    __slots__ = ()

    __struct_fields__: ClassVar[tuple[str, ...]]
    unsaid: ClassVar[frozenset[str]] = frozenset()
    """The fields that it does not show."""

    def __repr__(self) -> str:
        shown = (name for name in self.__struct_fields__ if name not in self.unsaid)
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"


class Comparable:
    """A Struct that is equal to another when all is equal but the fields that lie beside the point."""

    __slots__ = ()

    __struct_fields__: ClassVar[tuple[str, ...]]
    beside: ClassVar[frozenset[str]] = frozenset()
    """The fields that may differ."""

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self._list_compared())

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in self._list_compared()))

    def _list_compared(self) -> list[str]:
        return [name for name in self.__struct_fields__ if name not in self.beside]
