"""Reads the columns and embedded tables that `.select()` of supabase-js names.

A select that is not known, or that PostgREST would not understand, is unresolved.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from agentctl.core.code_check.reading.postgrest.cursor import Misfit
from agentctl.core.code_check.reading.postgrest.select_grammar import (
    Embed,
    SelectedColumn,
    SelectItem,
    parse_select,
)
from agentctl.core.code_check.reading.typescript.calls import Step
from agentctl.core.code_check.reading.typescript.chain_context import (
    ChainContext,
    MaybeUse,
    drop_nothing,
    get_argument,
)
from agentctl.core.code_check.reading.typescript.relations import Relation, sources_of
from agentctl.core.code_check.reading.typescript.texts import Text, texts_of
from agentctl.core.code_check.reading.uses import ColumnUse, Embedded, EmbedUse, Purpose, Source, Unresolved


def embed_selects(relation: Relation, steps: Iterable[Step]) -> Relation:
    """Return a relation with the relations that the selects of a chain embed."""
    for step in steps:
        if step.method == "select":
            texts, reasons = texts_of(drop_nothing(get_argument(step, 0)))
            relation = replace(relation, visible=relation.visible and not reasons)
            for text in texts:
                items = parse_select(str(text))
                if isinstance(items, Misfit):
                    relation = replace(relation, visible=False)
                else:
                    relation = relation.with_embeds(items)
    return relation


def read_select(step: Step, context: ChainContext) -> Iterator[MaybeUse]:
    """Yield the uses of a select."""
    texts, reasons = texts_of(drop_nothing(get_argument(step, 0)))
    for reason in reasons:
        yield context.unresolved(f"the select is {reason}", step.location)
    for text in texts:
        items = parse_select(str(text))
        if isinstance(items, Misfit):
            what = f"the select does not fit PostgREST's grammar: {items.reason}"
            yield Unresolved(what, text.locate(items.offset, context.file))
        else:
            yield from _SelectReader(text, context.file).read_items(items, context.relation.sources)


class _SelectReader(Struct, frozen=True):
    text: Text
    file: str

    def read_items(self, items: tuple[SelectItem, ...], sources: tuple[Source, ...]) -> Iterator[MaybeUse]:
        for item in items:
            if isinstance(item, Embed):
                yield from self._read_embed(item, sources)
            else:
                yield self._read_column(item, sources)

    def _read_column(self, column: SelectedColumn, sources: tuple[Source, ...]) -> MaybeUse:
        location = self.text.locate(column.name.offset, self.file)
        if not column.name.is_known:
            return Unresolved("a selected column is built at run time", location)
        return ColumnUse(sources, column.name.text, Purpose.SELECTED, location)

    def _read_embed(self, embed: Embed, sources: tuple[Source, ...]) -> Iterator[MaybeUse]:
        location, inner = self.text.locate(embed.target.offset, self.file), sources_of(embed, sources)
        if not inner:
            yield Unresolved("an embedded table is built at run time", location)
            return
        only, *others = inner
        if isinstance(only, Embedded) and not others:
            yield EmbedUse(only, location)
        yield from self.read_items(embed.items, inner)
