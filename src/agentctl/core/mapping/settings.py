"""The `[schema]` section of the configuration, for databases where introspection is not enough.

This is data only: config/ reads it, and discovery.py prefers it to everything that it finds itself.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import tzinfo

from msgspec import Struct, field

Constant = str | int | float | bool
Zone = tzinfo | None
TEMPLATE_NAMES = ("execution", "user", "agent", "now")
"""What a constant may name in braces, as in `agentctl-{execution}`; `now` is this machine's time."""
TEMPLATE_HOLE = re.compile(r"\{([a-z_]+)\}")


class RoleSettings(Struct, frozen=True):
    """The settings of one role.

    Attributes:
        table: the table's name, with or without its schema; None if discovery is to find it.
        columns: part -> column; an empty column means that there is none.
        words: agentctl's word -> the database's word, for statuses or ledger kinds.
        constant: column -> the value that agentctl writes into it whenever it inserts a row.
        constants: kind of ledger row -> column -> the value that such a row has in it.
        sign: `signed` if charges are negative amounts, `by_kind` if all amounts are positive.
        active_from: the columns of dates before which an agent is not active; None if names are to tell.
        inactive_from: the columns of dates from which on it is not.

    """

    table: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    constant: Mapping[str, Constant] = field(default_factory=dict)
    constants: Mapping[str, Mapping[str, Constant]] = field(default_factory=dict)
    sign: str | None = None
    active_from: tuple[str, ...] | None = None
    inactive_from: tuple[str, ...] | None = None


class DeductSettings(Struct, frozen=True):
    """The settings of the function that charges.

    Attributes:
        function: its name, with or without its schema; empty if agentctl is to charge by itself.
        arguments: argument -> the text to pass.

    """

    function: str | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)


class SchemaSettings(Struct, frozen=True):
    """The whole section.

    Attributes:
        schemas: they replace the search path.
        zone: of times without a zone; None where the operator has not said.

    """

    schemas: tuple[str, ...] = ()
    zone: tzinfo | None = None
    roles: Mapping[str, RoleSettings] = field(default_factory=dict)
    deduct: DeductSettings = field(default_factory=DeductSettings)

    @property
    def named_schemas(self) -> tuple[str, ...]:
        """The possible schemas of the named tables and functions, since a name may contain dots itself."""
        names = [role.table or "" for role in self.roles.values()] + [self.deduct.function or ""]
        return tuple(dict.fromkeys(schema for name in names for schema in _list_prefixes(name)))

    def role(self, name: str) -> RoleSettings:
        """Return the settings of a role."""
        return self.roles.get(name, RoleSettings())


def _list_prefixes(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[:length]) for length in range(1, len(parts)))


NO_SETTINGS = SchemaSettings()
"""The settings of a database for which introspection is enough."""
