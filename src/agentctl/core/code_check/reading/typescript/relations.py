"""What a chain's columns belong to: its tables, and what its selects embed.

A name that cannot be placed is answered with the reason; it is never looked for anywhere else.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from agentctl.core.code_check.reading.postgrest.cursor import Name
from agentctl.core.code_check.reading.postgrest.select_grammar import Embed, SelectItem
from agentctl.core.code_check.reading.uses import Embedded, Source


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows, and the rows that are embedded in them.

    Attributes:
        sources: one of them has the columns; none where that is not known.
        embeds: in the order in which they are selected.
        visible: whether it embeds no others.

    """

    sources: tuple[Source, ...]
    embeds: "tuple[tuple[Embed, Relation], ...]" = ()
    visible: bool = True

    def at(self, names: Iterable[Name]) -> "Relation | str":
        """Return what is embedded under names, from the outermost on, or why that is not known."""
        relation: Relation = self
        for name in names:
            inner = relation.embedded(name.text)
            if inner is None:
                certain = relation.visible and name.is_known
                return "not embedded" if certain else "perhaps embedded by an unknown select"
            relation = inner
        return relation if relation.sources else "embedded under an unknown name"

    def embedded(self, name: str) -> "Relation | None":
        """Return what is embedded under an alias, or under a table's name: most servers know it by both."""
        by_alias = (relation for embed, relation in self.embeds if embed.known_as.text == name)
        by_table = (relation for embed, relation in self.embeds if embed.target.text == name)
        return next(by_alias, None) or next(by_table, None)

    def selecting(self, items: tuple[SelectItem, ...]) -> "Relation":
        """Return the relation with what a select embeds in it."""
        embeds = tuple((item, _relate_embed(item, self.sources)) for item in items if isinstance(item, Embed))
        visible = all(item.name.is_known for item in items if not isinstance(item, Embed))
        return replace(self, embeds=(*self.embeds, *embeds), visible=self.visible and visible)


def sources_of(embed: Embed, parents: tuple[Source, ...]) -> tuple[Source, ...]:
    """Return where the rows of an embedded table can come from; nothing where its name is not told."""
    if not embed.target.is_known or not (embed.hint is None or embed.hint.is_known):
        return ()
    hint = embed.hint.text if embed.hint else None
    return tuple(Embedded(parent, embed.target.text, hint) for parent in parents)


def _relate_embed(embed: Embed, parents: tuple[Source, ...]) -> Relation:
    return Relation(sources_of(embed, parents)).selecting(embed.items)
