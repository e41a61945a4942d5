"""Recognises the columns that a migration has added, by a mark in the database itself.

The mark is a comment on the column: it commits with the column, everybody who looks at the table sees it, and
it outlives this machine. But the table's owner can write it onto any column, so a comment alone proves
nothing: a column counts as added only if its name, too, is one that an optional column can have, and each
optional column counts once. Whatever comments say, an undo touches seven columns at most, and none that plays
another part.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from agentctl.core.mapping.index_keys import LONGEST_NAME
from agentctl.core.mapping.optional_columns import BY_NAME
from agentctl.core.mapping.vocabulary import ROLES, rank
from agentctl.core.migration.survey import MemberColumn

MARK = "added by agentctl migrate-full"
ASIDE = "agentctl_undo_"
"""Prefix of the names of columns that an undo has set aside and not dropped yet."""


class AddedColumn(Struct, frozen=True):
    """A column that a migration has added.

    Attributes:
        part: the optional column that it is.
        own_name: its name while it is in use.
        number: PostgreSQL's number of it, which identifies it however it is renamed.

    """

    part: str
    own_name: str
    number: int

    @property
    def aside_name(self) -> str:
        """Its name while it is set aside."""
        return ASIDE + self.own_name


class AddedColumns(Struct, frozen=True):
    """The columns that were added to a table, and those that only claim to be.

    Attributes:
        in_use: the columns under their own names.
        aside: the columns that an undo has set aside.
        doubtful: names of columns that have the mark, but a name that no optional column has, or the same
            part as another column.

    """

    in_use: tuple[AddedColumn, ...] = ()
    aside: tuple[AddedColumn, ...] = ()
    doubtful: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[AddedColumn, ...]:
        """All of them, in the order of OPTIONAL_COLUMNS."""
        order = list(BY_NAME)
        return tuple(sorted((*self.in_use, *self.aside), key=lambda column: order.index(column.part)))


def find_added_columns(
    columns: Sequence[MemberColumn], *, roles: Mapping[str, str], configured: Mapping[str, str]
) -> AddedColumns:
    """Return the columns that a migration has added to a table, at most one for each optional column.

    Args:
        columns: the table's columns.
        roles: part -> the column that plays it; a column that plays another part does not count.
        configured: part -> the column that the configuration names.

    """
    claims = {column.name: column.number for column in columns if MARK in (column.comment or "")}
    in_use: list[AddedColumn] = []
    aside: list[AddedColumn] = []
    for part in BY_NAME:
        fitting = [name for name in claims if _can_be_added_for(name, part, roles, configured)]
        name = _choose_column(fitting, roles.get(part))
        if name is not None:
            group = aside if name.startswith(ASIDE) else in_use
            group.append(AddedColumn(part, name.removeprefix(ASIDE), claims[name]))
    counted = {column.number for column in (*in_use, *aside)}
    doubtful = tuple(name for name, number in claims.items() if number not in counted)
    return AddedColumns(tuple(in_use), tuple(aside), doubtful)


def _can_be_added_for(name: str, part: str, roles: Mapping[str, str], configured: Mapping[str, str]) -> bool:
    """Whether a column's name allows it to be the one that a migration added for a part."""
    own_name = name.removeprefix(ASIDE)
    plays_another = name in roles.values() and roles.get(part) != name
    if plays_another or len(f"{ASIDE}{own_name}".encode()) > LONGEST_NAME:
        return False
    names = ROLES["executions"].parts[part].names
    return own_name in {configured.get(part), part} or rank(own_name, names) is not None


def _choose_column(names: Sequence[str], playing: str | None) -> str | None:
    """Choose among columns with one part: the one that was set aside, else the one that plays the part."""
    set_aside = [name for name in names if name.startswith(ASIDE)]
    for fewer in (set_aside, [name for name in names if name == playing], names):
        if len(fewer) == 1:
            return fewer[0]
    return None
