"""What an index is on, what it is called, and which other indexes do its work.

This is data, and its comparison with an index of the catalog; nothing here reads or writes a database.
"""

from typing import LiteralString
from zlib import crc32

from msgspec import Struct

from agentctl.core.catalog.introspection import Index
from agentctl.core.database.quoting import quoted

LONGEST_NAME = 63
"""The maximum length of a name in bytes; PostgreSQL cuts off the rest."""
LISTING_PREFIX = "agentctl"
"""Prefix of the names of the indexes that serve lists."""
# What a list is read in is the default of NULLs; an index with another is not even considered for it.
_OTHER_NULLS = (" NULLS FIRST", " NULLS LAST")


class IndexKey(Struct, frozen=True):
    """The columns that an index is on, and what an index that does its work begins with.

    Attributes:
        columns: in their order.
        order: of the columns from `compared` on: empty or ` DESC`.
        compared: how many of the first columns are compared with one value, so that they need no order.
        needed: how many of the first columns an index has to begin with to do the work.
        is_listing: whether rows are read in its order, so that only an index of this order does its work.

    """

    columns: tuple[str, ...]
    order: LiteralString = ""
    compared: int = 0
    needed: int = 1
    is_listing: bool = False

    def __str__(self) -> str:
        """Write it as SQL."""
        return ", ".join(quoted(column) + order for column, order in self.ordered)

    @property
    def ordered(self) -> tuple[tuple[str, LiteralString], ...]:
        """Its columns, each with its order."""
        orders = ("",) * self.compared + (self.order,) * (len(self.columns) - self.compared)
        return tuple(zip(self.columns, orders, strict=True))

    def name_for(self, table: str) -> str:
        """Return the name of its index on a table.

        That of a listing begins with `agentctl`, so that an undo, too, knows whose it is. The others have the
        names that the reference would give them.
        """
        prefix = LISTING_PREFIX if self.is_listing else "idx"
        return shorten_name("_".join((prefix, table, *self.columns)))

    def is_served_by(self, index: Index) -> bool:
        """Whether an index, once it is valid, can be used in its place."""
        # An index can be read in both directions, so ASC serves as well as DESC.
        if index.method != "btree" or index.partial or not index.begins_with(*self.columns[: self.needed]):
            return False
        if self.is_listing:
            return not any(nulls in index.definition for nulls in _OTHER_NULLS)
        return not index.unique


def shorten_name(name: str) -> str:
    """Return a name that PostgreSQL does not cut: a long one is cut here, and ends in its checksum."""
    if len(name.encode()) <= LONGEST_NAME:
        return name
    told_apart = f"_{crc32(name.encode()):08x}"
    return name.encode()[: LONGEST_NAME - len(told_apart)].decode(errors="ignore") + told_apart
