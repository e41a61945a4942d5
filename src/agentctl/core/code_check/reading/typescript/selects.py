"""What `.select()` of supabase-js names.

A select that is not known, or that PostgREST would not understand, is unresolved.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from agentctl.core.code_check.reading.postgrest_field import Misfit
from agentctl.core.code_check.reading.postgrest_select import Column, Embed, Item, parse_select
from agentctl.core.code_check.reading.typescript.calls import Step
from agentctl.core.code_check.reading.typescript.found import Found, Scene, argument, given
from agentctl.core.code_check.reading.typescript.relations import Relation, sources_of
from agentctl.core.code_check.reading.typescript.texts import Text, texts_of
from agentctl.core.code_check.reading.uses import ColumnUse, Embedded, EmbedUse, Purpose, Source, Unresolved


def related(relation: Relation, steps: Iterable[Step]) -> Relation:
    """Return a relation with what the selects among steps embed in it."""
    for step in steps:
        if step.method == "select":
            texts, reasons = texts_of(given(argument(step, 0)))
            relation = replace(relation, visible=relation.visible and not reasons)
            for text in texts:
                items = parse_select(str(text))
                if isinstance(items, Misfit):
                    relation = replace(relation, visible=False)
                else:
                    relation = relation.selecting(items)
    return relation


def select_uses(step: Step, scene: Scene) -> Iterator[Found]:
    """Yield what a select names."""
    texts, reasons = texts_of(given(argument(step, 0)))
    for reason in reasons:
        yield scene.unresolved(f"the select is {reason}", step.spot)
    for text in texts:
        items = parse_select(str(text))
        if isinstance(items, Misfit):
            what = f"the select does not fit PostgREST's grammar: {items.reason}"
            yield Unresolved(what, text.place(items.offset, scene.file))
        else:
            yield from _Reading(text, scene.file).uses(items, scene.relation.sources)


@dataclass(frozen=True, slots=True)
class _Reading:
    text: Text
    file: str

    def uses(self, items: tuple[Item, ...], sources: tuple[Source, ...]) -> Iterator[Found]:
        for item in items:
            if isinstance(item, Embed):
                yield from self._embed(item, sources)
            else:
                yield self._column(item, sources)

    def _column(self, column: Column, sources: tuple[Source, ...]) -> Found:
        place = self.text.place(column.name.offset, self.file)
        if not column.name.told:
            return Unresolved("a selected column is put together at run time", place)
        return ColumnUse(sources, column.name.text, Purpose.SELECTED, place)

    def _embed(self, embed: Embed, sources: tuple[Source, ...]) -> Iterator[Found]:
        place, inner = self.text.place(embed.target.offset, self.file), sources_of(embed, sources)
        if not inner:
            yield Unresolved("an embedded table is put together at run time", place)
            return
        only, *others = inner
        if isinstance(only, Embedded) and not others:
            yield EmbedUse(only, place)
        yield from self.uses(embed.items, inner)
