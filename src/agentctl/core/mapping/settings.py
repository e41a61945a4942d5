"""What `[schema]` of the configuration says about a database, where introspection is not enough.

Data only: config.py reads it, and discover.py prefers it to everything that it finds by itself.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

Constant = str | int | float | bool


@dataclass(frozen=True, slots=True)
class RoleSettings:
    """One role's table.

    Attributes:
        table: its name, perhaps with the schema before it; None where it is to be found.
        columns: part -> column; an empty column says that there is none.
        words: agentctl's word -> the database's: of statuses, or of ledger kinds.
        constant: column -> what agentctl writes into it whenever it inserts a row.
        sign: `signed` where charges are negative amounts, `by_kind` where all amounts are positive.

    """

    table: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    constant: Mapping[str, Constant] = field(default_factory=dict)
    sign: str | None = None


@dataclass(frozen=True, slots=True)
class DeductSettings:
    """The function that charges.

    Attributes:
        function: its name, perhaps with the schema before it; empty where agentctl is to charge by itself.
        arguments: argument -> the text that is passed.

    """

    function: str | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SchemaSettings:
    """All of `[schema]`; `schemas` are looked into instead of the search path."""

    schemas: tuple[str, ...] = ()
    roles: Mapping[str, RoleSettings] = field(default_factory=dict)
    deduct: DeductSettings = field(default_factory=DeductSettings)

    @property
    def named_schemas(self) -> tuple[str, ...]:
        """What may be the schemas of tables and functions: a name can have dots of its own."""
        names = [role.table or "" for role in self.roles.values()] + [self.deduct.function or ""]
        return tuple(dict.fromkeys(schema for name in names for schema in _prefixes(name)))

    def role(self, name: str) -> RoleSettings:
        """Return what is said about a role."""
        return self.roles.get(name, RoleSettings())


def _prefixes(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[:length]) for length in range(1, len(parts)))


NOTHING_TOLD = SchemaSettings()
"""Of a database that introspection is enough for."""
