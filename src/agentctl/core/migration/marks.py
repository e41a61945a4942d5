"""How a migration tells its own columns from others, in the database itself.

A comment on a column commits with the column, is seen by whoever looks at the table, and outlives this
machine. It can also be written by the table's owner onto any column. So a comment alone says nothing: a
column counts as added only where its name, too, is one that a part of the seven can have, and each part
counts once. Whatever comments say, an undo touches seven columns at most, and none that plays another part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agentctl.core.mapping.optional_columns import BY_NAME, LONGEST_NAME
from agentctl.core.mapping.vocabulary import ROLES, rank
from agentctl.core.migration.survey import MemberColumn

MARK = "added by agentctl migrate-full"
ASIDE = "agentctl_undo_"
"""What the name of a column begins with that an undo has set aside, and not dropped yet."""


@dataclass(frozen=True, slots=True)
class AddedColumn:
    """A column that a migration has added.

    Attributes:
        part: which of the seven it is.
        own_name: its name while it is in use.
        number: PostgreSQL's, by which it is known again whatever names are given meanwhile.

    """

    part: str
    own_name: str
    number: int

    @property
    def aside_name(self) -> str:
        """Its name while it is set aside."""
        return ASIDE + self.own_name


@dataclass(frozen=True, slots=True)
class AddedColumns:
    """What was added to a table, and what only claims to have been.

    Attributes:
        in_use: columns under their own names; `aside`: those that an undo has set aside.
        doubtful: names of columns whose comment claims it, while their name, or another column's claim to
            the same part, speaks against it.

    """

    in_use: tuple[AddedColumn, ...] = ()
    aside: tuple[AddedColumn, ...] = ()
    doubtful: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[AddedColumn, ...]:
        """All of them, in the order of the seven."""
        order = list(BY_NAME)
        return tuple(sorted((*self.in_use, *self.aside), key=lambda column: order.index(column.part)))


def find_added_columns(
    columns: Sequence[MemberColumn], *, roles: Mapping[str, str], configured: Mapping[str, str]
) -> AddedColumns:
    """Return the columns that a migration has added to a table, at most one for each of the seven.

    Args:
        columns: the table's.
        roles: part -> the column that plays it; no column is counted that plays another part.
        configured: part -> the column that the configuration names.

    """
    claims = {column.name: column.number for column in columns if MARK in (column.comment or "")}
    in_use: list[AddedColumn] = []
    aside: list[AddedColumn] = []
    for part in BY_NAME:
        fitting = [name for name in claims if _fits(name, part, roles, configured)]
        name = _one_of(fitting, roles.get(part))
        if name is not None:
            group = aside if name.startswith(ASIDE) else in_use
            group.append(AddedColumn(part, name.removeprefix(ASIDE), claims[name]))
    counted = {column.number for column in (*in_use, *aside)}
    doubtful = tuple(name for name, number in claims.items() if number not in counted)
    return AddedColumns(tuple(in_use), tuple(aside), doubtful)


def _fits(name: str, part: str, roles: Mapping[str, str], configured: Mapping[str, str]) -> bool:
    """Whether a column can be what a migration has added for a part, by its name."""
    own_name = name.removeprefix(ASIDE)
    plays_another = name in roles.values() and roles.get(part) != name
    if plays_another or len(f"{ASIDE}{own_name}".encode()) > LONGEST_NAME:
        return False
    names = ROLES["executions"].parts[part].names
    return own_name in {configured.get(part), part} or rank(own_name, names) is not None


def _one_of(names: Sequence[str], playing: str | None) -> str | None:
    """Choose among columns that claim to be one: what an undo has set aside, else what plays the part."""
    set_aside = [name for name in names if name.startswith(ASIDE)]
    for fewer in (set_aside, [name for name in names if name == playing], names):
        if len(fewer) == 1:
            return fewer[0]
    return None
