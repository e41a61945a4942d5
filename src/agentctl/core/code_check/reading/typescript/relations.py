"""Knows what the columns of a chain belong to: its tables, and the tables that its selects embed.

A name that is not embedded is answered with the reason; it is looked for nowhere else.
"""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from agentctl.core.code_check.reading.postgrest.cursor import Name
from agentctl.core.code_check.reading.postgrest.select_grammar import Embed, SelectItem
from agentctl.core.code_check.reading.uses import Embedded, Source


class Relation(Struct, frozen=True):
    """Rows, and the rows that are embedded in them.

    Attributes:
        sources: the sources that can have the columns; empty if they are not known.
        embeds: the embedded relations, in the order of the select.
        visible: whether it embeds no others.

    """

    sources: tuple[Source, ...]
    embeds: "tuple[tuple[Embed, Relation], ...]" = ()
    visible: bool = True

    def at(self, names: Iterable[Name]) -> "Relation | str":
        """Return the relation that is embedded under a path of names, or the reason why it is not known."""
        relation: Relation = self
        for name in names:
            inner = relation.embedded(name.text)
            if inner is None:
                certain = relation.visible and name.is_known
                return "not embedded" if certain else "perhaps embedded by an unknown select"
            relation = inner
        return relation if relation.sources else "embedded under an unknown name"

    def embedded(self, name: str) -> "Relation | None":
        """Return the relation that is embedded under an alias or a table's name; most servers accept both."""
        by_alias = (relation for embed, relation in self.embeds if embed.known_as.text == name)
        by_table = (relation for embed, relation in self.embeds if embed.target.text == name)
        return next(by_alias, None) or next(by_table, None)

    def with_embeds(self, items: tuple[SelectItem, ...]) -> "Relation":
        """Return the relation with the relations that a select embeds."""
        embeds = tuple((item, _relate_embed(item, self.sources)) for item in items if isinstance(item, Embed))
        visible = all(item.name.is_known for item in items if not isinstance(item, Embed))
        return replace(self, embeds=(*self.embeds, *embeds), visible=self.visible and visible)


def sources_of(embed: Embed, parents: tuple[Source, ...]) -> tuple[Source, ...]:
    """Return the possible sources of an embedded table; none if its name is not known."""
    if not embed.target.is_known or not (embed.hint is None or embed.hint.is_known):
        return ()
    hint = embed.hint.text if embed.hint else None
    return tuple(Embedded(parent, embed.target.text, hint) for parent in parents)


def _relate_embed(embed: Embed, parents: tuple[Source, ...]) -> Relation:
    return Relation(sources_of(embed, parents)).with_embeds(embed.items)
