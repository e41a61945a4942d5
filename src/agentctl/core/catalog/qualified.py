"""The full names of what stands in a schema, for people and as SQL."""

from psycopg import sql


class Qualified:
    """Something with a name in a schema."""

    __slots__ = ()

    schema: str
    name: str

    @property
    def full_name(self) -> str:
        """The name with its schema, for people."""
        return f"{self.schema}.{self.name}"

    @property
    def identifier(self) -> sql.Identifier:
        """The name with its schema, as SQL."""
        return sql.Identifier(self.schema, self.name)
