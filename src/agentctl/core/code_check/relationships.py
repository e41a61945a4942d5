"""How tables are related, by PostgREST's rules: foreign keys, junction tables, functions of a row.

It follows PostgREST's documentation of resource embedding. Relationships of views, which PostgREST infers
from the tables behind them, are not judged.
"""

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from agentctl.core.catalog.introspection import Constraint, Table
from agentctl.core.code_check.reference import Reference, is_plain, list_foreign_keys, list_keys


class Verdict(StrEnum):
    """Whether PostgREST would find a relationship."""

    FOUND = "found"
    AMBIGUOUS = "ambiguous"
    MISSING = "missing"
    OPEN = "open"


class Direction(StrEnum):
    """Which way a relationship goes."""

    FORTH = "forth"
    BACK = "back"
    BACK_TO_ONE = "back to one"
    THROUGH = "through"


class Relationship(Struct, frozen=True):
    """One way from a table to another.

    Attributes:
        table: the other.
        name: the foreign key, or the junction table between the two.
        near: the first one's columns; `far`: the other's; of a junction none.
        certain: whether PostgREST takes it for one in any case.

    """

    table: Table
    name: str
    direction: Direction
    near: tuple[str, ...] = ()
    far: tuple[str, ...] = ()
    certain: bool = True

    def fits(self, target: str, hint: str | None) -> bool:
        """Whether a select's `target!hint` may mean it."""
        if hint is not None and hint not in {self.name, *self.near, *self.far}:
            return False
        by_key = self.direction is not Direction.THROUGH and target in {self.name, *self.near}
        return by_key or target == self.table.name


class Match(Struct, frozen=True):
    """What a select's target comes to; `table` has the columns of its rows, None where nobody knows."""

    verdict: Verdict
    table: Table | None = None
    choices: tuple[Relationship, ...] = ()


def find_match(parent: Table, target: str, hint: str | None, reference: Reference) -> Match:
    """Find what a select of `parent` embeds."""
    if computed := reference.computed(parent, target):
        rows = [reference.table_of_type(function.returns or "") for function in computed]
        return Match(Verdict.FOUND, rows[0] if len(rows) == 1 else None)
    named = reference.table_in(parent.schema, target)
    if not is_plain(parent) or not parent.columns or (named is not None and not is_plain(named)):
        return Match(Verdict.OPEN, None if parent.column(target) else named)
    choices = tuple(
        relationship
        for relationship in list_relationships(parent, reference)
        if relationship.fits(target, hint)
    )
    if not choices:
        return Match(Verdict.MISSING if reference.context.whole else Verdict.OPEN)
    if named is parent:
        return _match_itself(parent, hint, choices)
    return Match(_judge_choices(target, hint, choices), _find_only_table(choices), choices)


def list_relationships(parent: Table, reference: Reference) -> Iterator[Relationship]:
    """Yield every relationship of a table with tables of its schema, itself among them."""
    for key in list_foreign_keys(parent):
        if other := _find_referenced(key, parent.schema, reference):
            yield Relationship(other, key.name, Direction.FORTH, key.columns, key.foreign_columns or ())
    for table, key in reference.references.get((parent.schema, parent.name), ()):
        if table.schema == parent.schema:
            back = Direction.BACK_TO_ONE if _is_unique(table, key) else Direction.BACK
            yield Relationship(table, key.name, back, key.foreign_columns or (), key.columns)
        yield from _follow_junction(table, key, parent, reference)


def _follow_junction(
    junction: Table, here: Constraint, parent: Table, reference: Reference
) -> Iterator[Relationship]:
    """Yield what a junction leads to: a table whose primary key holds both foreign keys."""
    primary = frozenset[str]().union(*list_keys(junction, "primary key"))
    for there in list_foreign_keys(junction):
        if there.name == here.name or not {*here.columns, *there.columns} <= primary:
            continue
        if other := _find_referenced(there, parent.schema, reference):
            unique = _is_unique(junction, here) or _is_unique(junction, there)
            certain = junction.schema == parent.schema and not unique
            yield Relationship(other, junction.name, Direction.THROUGH, certain=certain)


def _find_referenced(key: Constraint, schema: str, reference: Reference) -> Table | None:
    """Return the table that a foreign key leads to, if it is in that schema: PostgREST joins no others."""
    return reference.table_in(schema, key.foreign_table or "") if key.foreign_schema == schema else None


def _is_unique(table: Table, key: Constraint) -> bool:
    return frozenset(key.columns) in list_keys(table, "primary key", "unique")


def _match_itself(parent: Table, hint: str | None, choices: tuple[Relationship, ...]) -> Match:
    """Judge a table that is embedded in itself by its name: the many that refer to one are meant."""
    back = tuple(choice for choice in choices if choice.direction is Direction.BACK)
    odd = any(choice.direction in {Direction.BACK_TO_ONE, Direction.THROUGH} for choice in choices)
    if hint is not None or odd or not back:
        return Match(Verdict.OPEN, parent)
    return Match(Verdict.AMBIGUOUS if len(back) > 1 else Verdict.FOUND, parent, back)


def _judge_choices(target: str, hint: str | None, choices: tuple[Relationship, ...]) -> Verdict:
    if len(choices) == 1:
        return Verdict.FOUND
    by_name = hint is None and all(choice.table.name == target for choice in choices)
    through = [choice for choice in choices if choice.direction is Direction.THROUGH]
    # Junctions count as one: the partitions of one repeat its foreign keys, and PostgREST passes them over.
    several = len(choices) - len(through) + any(choice.certain for choice in through) > 1
    return Verdict.AMBIGUOUS if by_name and several else Verdict.OPEN


def _find_only_table(choices: tuple[Relationship, ...]) -> Table | None:
    tables = {choice.table.name: choice.table for choice in choices}
    return next(iter(tables.values())) if len(tables) == 1 else None
