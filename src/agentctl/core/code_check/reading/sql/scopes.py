"""What a column's name can mean where it stands: the relations that are visible there, and their columns.

It decides by names alone. Where a relation with unknown columns is visible, a bare name is never certain.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from agentctl.core.code_check.reading.uses import Named
from agentctl.core.sql.builtins import SYSTEM_COLUMNS


class Relation(Struct, frozen=True):
    """What stands in a FROM clause.

    Attributes:
        names: columns of its own.
        tables: those whose columns it has as well.
        open: whether it may have any others.

    """

    names: frozenset[str] = frozenset()
    tables: tuple[Named, ...] = ()
    open: bool = False

    def sources(self, name: str) -> tuple[Named, ...]:
        """Return the tables of which one must have a column; none where that is not certain."""
        return () if self.open or name in self.names or name in SYSTEM_COLUMNS else self.tables


OPAQUE = Relation(open=True)
NOTHING = Relation()


def unite(relations: Iterable[Relation]) -> Relation:
    """Return a relation with all columns of several."""
    every = tuple(relations)
    return Relation(
        names=frozenset().union(*(item.names for item in every)),
        tables=tuple(dict.fromkeys(table for item in every for table in item.tables)),
        open=any(item.open for item in every),
    )


class Level(Struct):
    """The relations of one query.

    Attributes:
        visible: those whose columns may be named alone.
        named: all, by what may stand before their columns: `("a",)`, or a table's `("public", "agents")`.

    """

    visible: list[Relation] = field(default_factory=list)
    named: dict[tuple[str, ...], Relation] = field(default_factory=dict)

    def add(self, relation: Relation, *names: tuple[str, ...]) -> None:
        """Add a relation with its names."""
        self.visible.append(relation)
        self.named.update(dict.fromkeys(names, relation))


class Scope(Struct, frozen=True):
    """The levels that are visible, the innermost first, and the queries that WITH has given names."""

    levels: tuple[Level, ...] = ()
    queries: Mapping[str, Relation] = field(default_factory=dict)

    def inside(self, level: Level) -> "Scope":
        """Return the scope of what stands in a query with these relations."""
        return replace(self, levels=(level, *self.levels))

    def having(self, name: str, query: Relation) -> "Scope":
        """Return the scope in which a query of WITH has a name, too."""
        return replace(self, queries={**self.queries, name: query})

    def sources(self, path: tuple[str, ...]) -> tuple[Named, ...]:
        """Return the tables of which one must have a column, as in `Relation.sources`.

        Args:
            path: the column, behind what stands before it.

        """
        *before, name = path
        if before:
            relation = self.relation(tuple(before))
            return relation.sources(name) if relation else ()
        # The name of a relation alone is a whole row of it.
        if name in SYSTEM_COLUMNS or any((name,) in level.named for level in self.levels):
            return ()
        return unite(seen for level in self.levels for seen in level.visible).sources(name)

    def relation(self, name: tuple[str, ...]) -> Relation | None:
        """Return the innermost relation of a name."""
        return next((level.named[name] for level in self.levels if name in level.named), None)
