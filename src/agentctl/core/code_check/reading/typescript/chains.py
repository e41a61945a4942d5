"""Turns a chain of supabase-js with linked values into uses.

What cannot be determined becomes an `Unresolved`. clients.py decides which chains are supabase-js's, with one
exception: a target that is neither read nor written, as in `Array.from()` or of a bucket, is no table.
"""

from collections.abc import Callable, Iterator, Mapping

from agentctl.core.code_check.reading.typescript.calls import Chain, Step
from agentctl.core.code_check.reading.typescript.chain_context import ChainContext, MaybeUse, is_nothing
from agentctl.core.code_check.reading.typescript.filters import (
    read_filter,
    read_limit,
    read_match,
    read_or,
    read_order,
)
from agentctl.core.code_check.reading.typescript.relations import Relation
from agentctl.core.code_check.reading.typescript.rows import Properties, Undefined, properties_of
from agentctl.core.code_check.reading.typescript.selects import embed_selects, read_select
from agentctl.core.code_check.reading.typescript.texts import options_of, reason_of, texts_of
from agentctl.core.code_check.reading.typescript.values import UNDEFINED, Record, Unknown, Value
from agentctl.core.code_check.reading.typescript.writes import read_write
from agentctl.core.code_check.reading.uses import (
    CallUse,
    CodeReading,
    Named,
    Returned,
    Source,
    TableUse,
    Unresolved,
)
from agentctl.core.location import Location

StepReader = Callable[[Step, ChainContext], Iterator[MaybeUse]]
FIRST_METHODS = frozenset({"select", "insert", "upsert", "update", "delete"})
_FILTERS = (
    "eq neq gt gte lt lte like likeAllOf likeAnyOf ilike ilikeAllOf ilikeAnyOf regexMatch regexIMatch "
    "is isDistinct in notIn contains containedBy overlaps textSearch not filter "
    "rangeGt rangeGte rangeLt rangeLte rangeAdjacent"
)
_FILTERS_OF_OLD = "cs cd sl sr nxl nxr adj ov fts plfts phfts wfts"
_READERS: Mapping[str, StepReader] = {
    "select": read_select,
    "match": read_match,
    "or": read_or,
    "order": read_order,
    "limit": read_limit,
    "range": read_limit,
    **dict.fromkeys((*_FILTERS.split(), *_FILTERS_OF_OLD.split()), read_filter),
}
"""Other methods name no column: `single`, `csv`, `throwOnError`, and those of other versions."""
_WRITERS: Mapping[str, StepReader] = dict.fromkeys(("insert", "upsert", "update"), read_write)


def uses_of(chain: Chain, *, file: str) -> CodeReading:
    """Return what a chain does with the database.

    Args:
        chain: a chain with linked values: what is not known now is not known at all.
        file: the file that it stands in.

    """
    every = tuple(dict.fromkeys(_read_call(chain, file) if chain.kind == "rpc" else _read_query(chain, file)))
    return CodeReading(
        uses=tuple(use for use in every if not isinstance(use, Unresolved)),
        unresolved=tuple(use for use in every if isinstance(use, Unresolved)),
    )


def _read_query(chain: Chain, file: str) -> Iterator[MaybeUse]:
    """Yield the uses of a chain that begins with tables."""
    if not chain.steps or chain.steps[0].method not in FIRST_METHODS:
        return
    tables, unresolved = _list_targets("table", chain, file)
    yield from (TableUse(table, location) for table, location in tables)
    yield from unresolved
    if not unresolved:
        named = tuple(dict.fromkeys(table for table, _ in tables))
        yield from _read_steps(chain, named, named, file, {**_READERS, **_WRITERS})


def _read_call(chain: Chain, file: str) -> Iterator[MaybeUse]:
    """Yield the uses of a chain that begins with functions, and of the rows that they return."""
    functions, unresolved = _list_targets("function", chain, file)
    options = options_of(chain.arguments[0] if chain.arguments else UNDEFINED)
    if len(functions) > 1 and len(options) > 1:
        options = (Unknown("one of several, for one of several functions"),)
    for value in options:
        yield from _read_arguments(value, functions, chain.location, file)
    yield from unresolved
    if not unresolved:
        returned = tuple(Returned(function.name, function.schema) for function, _ in functions)
        yield from _read_steps(chain, returned, (), file, _READERS)


def _read_steps(
    chain: Chain,
    sources: tuple[Source, ...],
    tables: tuple[Named, ...],
    file: str,
    readers: Mapping[str, StepReader],
) -> Iterator[MaybeUse]:
    context = ChainContext(file, tables, embed_selects(Relation(sources), chain.steps))
    for step in chain.steps:
        if step.method in readers:
            yield from readers[step.method](step, context)


def _list_targets(
    kind: str, chain: Chain, file: str
) -> tuple[list[tuple[Named, Location]], list[Unresolved]]:
    """Return the tables or functions that a chain can begin with, and what is unresolved about them."""
    names, open_ = _list_names(kind, chain.target, chain.location, file)
    if chain.schema is None:
        return [(Named(name), location) for name, location in names], open_
    schemas, open_schemas = _list_names("schema", chain.schema, chain.location, file)
    if open_schemas:
        return [], open_schemas
    return [(Named(name, schema), location) for name, location in names for schema, _ in schemas], open_


def _list_names(
    kind: str, value: Value, location: Location, file: str
) -> tuple[list[tuple[str, Location]], list[Unresolved]]:
    texts, reasons = texts_of(value)
    if not all(text.whole for text in texts):
        reasons = (*reasons, "built at run time")
    names = [(str(text), text.location.with_file(file)) for text in texts if text.whole]
    return names, [Unresolved(f"the {kind} is {reason}", location.with_file(file)) for reason in reasons]


def _read_arguments(
    value: Value, functions: list[tuple[Named, Location]], location: Location, file: str
) -> Iterator[MaybeUse]:
    """Yield the calls of functions with their possible arguments."""
    properties = Properties(complete=is_nothing(value))
    if isinstance(value, Record):
        properties = properties_of(value)
        yield from properties.list_unresolved(file)
    elif not properties.complete:
        yield Unresolved(f"the argument of the call is {reason_of(value)}", location.with_file(file))
    for function, name_location in functions:
        written = properties.list_written(Undefined.LEFT_OUT, file)
        yield CallUse(function.name, function.schema, written, properties.complete, name_location)
