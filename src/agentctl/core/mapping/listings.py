"""The lists that history and credits read newest first, and the index that serves each of them.

An index finds one page of a list where its rows stand in the list's order; without it, PostgreSQL reads and
sorts all of them for each page. Nothing here reads or writes a database.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from agentctl.core.catalog.introspection import Index, Table
from agentctl.core.mapping.columns import Choice
from agentctl.core.mapping.discovery import FoundRole
from agentctl.core.mapping.index_keys import IndexKey

LISTED_ROLES = ("executions", "ledger")
"""The roles whose rows are listed."""
_INDEXABLE = ("table", "partitioned table")
_WORDS = ("text", "character varying")
_NEWEST_FIRST = " DESC"
# The commands by the part that they compare; without one, all rows are listed.
_COMMANDS: Mapping[str, Mapping[str, str]] = {
    "executions": {
        "": "history",
        "user": "history --user",
        "agent": "history --agent",
        "status": "history --status",
    },
    "ledger": {"user": "credits --user"},
}


class Listing(Struct, frozen=True):
    """One list, and the index that serves it.

    Attributes:
        command: what reads it.
        key: of the index.

    """

    command: str
    table: Table
    key: IndexKey

    @property
    def index_name(self) -> str:
        """The name of the index."""
        return self.key.name_for(self.table.name)

    @property
    def serving(self) -> Index | None:
        """An index that serves it, under whatever name."""
        usable = (index for index in self.table.indexes if index.valid and self.key.is_served_by(index))
        return next(usable, None)


def find_listings(roles: Mapping[str, FoundRole], role: str) -> Iterator[Listing]:
    """Yield the lists of a role's rows that an index can serve: of a view, or of a partition alone, none.

    Args:
        roles: the tables of the roles.
        role: one of LISTED_ROLES.

    """
    found = roles.get(role)
    if found is None or found.table.kind not in _INDEXABLE or found.table.partition:
        return
    for part, command in _COMMANDS[role].items():
        if part == "status" and not _is_read_as_it_is(found, part):
            continue
        if (key := _compose_key(found.parts, part)) is not None:
            yield Listing(command, found.table, key)
    execution = found.parts.get("execution")
    if role == "ledger" and execution is not None and execution.read_as is None:
        # A page of history has what each of its executions cost.
        yield Listing("history", found.table, IndexKey((execution.column,), is_listing=True))


def _is_read_as_it_is(found: FoundRole, part: str) -> bool:
    """Whether a word is compared with the column itself, and not with a text that is made of it."""
    choice = found.parts.get(part)
    column = found.table.column(choice.column) if choice is not None else None
    return column is not None and column.base_type in _WORDS and "succeeded" not in found.parts


def _compose_key(parts: Mapping[str, Choice], part: str) -> IndexKey | None:
    """Return the key that serves a list; None where no index on columns can."""
    created_at, compared = parts.get("created_at"), parts.get(part)
    if created_at is None:
        return None
    if not part:
        # With the id, which tells rows of one instant apart: an import may have made a million of those.
        return IndexKey((created_at.column, parts["id"].column), _NEWEST_FIRST, is_listing=True)
    if compared is None or compared.read_as is not None:
        return None
    # The rows of several accounts of one user have to be sorted in any case.
    needed = 1 if compared.account is not None else 2
    columns = (compared.column, created_at.column)
    return IndexKey(columns, _NEWEST_FIRST, compared=1, needed=needed, is_listing=True)
