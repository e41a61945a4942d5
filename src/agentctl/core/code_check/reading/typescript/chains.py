"""Makes uses of a chain of supabase-js whose values are linked.

What it cannot tell is an `Unresolved`. Whether a chain is one of supabase-js is decided elsewhere, with one
exception: what is neither selected from nor written to, like `Array.from()` or a bucket, is no table.
"""

from collections.abc import Callable, Iterator, Mapping

from agentctl.core.code_check.reading.typescript.calls import Chain, Step
from agentctl.core.code_check.reading.typescript.filters import (
    filter_uses,
    limit_uses,
    match_uses,
    or_uses,
    order_uses,
)
from agentctl.core.code_check.reading.typescript.found import Found, Scene, is_nothing
from agentctl.core.code_check.reading.typescript.relations import Relation
from agentctl.core.code_check.reading.typescript.rows import Properties, Undefined, properties_of
from agentctl.core.code_check.reading.typescript.selects import related, select_uses
from agentctl.core.code_check.reading.typescript.texts import options_of, place_of, texts_of, why
from agentctl.core.code_check.reading.typescript.values import UNDEFINED, Record, Spot, Unknown, Value
from agentctl.core.code_check.reading.typescript.writes import write_uses
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

Reader = Callable[[Step, Scene], Iterator[Found]]
_FIRST = frozenset({"select", "insert", "upsert", "update", "delete"})
_FILTERS = (
    "eq neq gt gte lt lte like likeAllOf likeAnyOf ilike ilikeAllOf ilikeAnyOf regexMatch regexIMatch "
    "is isDistinct in notIn contains containedBy overlaps textSearch not filter "
    "rangeGt rangeGte rangeLt rangeLte rangeAdjacent"
)
_FILTERS_OF_OLD = "cs cd sl sr nxl nxr adj ov fts plfts phfts wfts"
_READERS: Mapping[str, Reader] = {
    "select": select_uses,
    "match": match_uses,
    "or": or_uses,
    "order": order_uses,
    "limit": limit_uses,
    "range": limit_uses,
    **dict.fromkeys((*_FILTERS.split(), *_FILTERS_OF_OLD.split()), filter_uses),
}
"""What is not here names no column: `single`, `csv`, `throwOnError`, and what other versions may have."""
_WRITERS: Mapping[str, Reader] = dict.fromkeys(("insert", "upsert", "update"), write_uses)


def uses_of(chain: Chain, *, file: str) -> CodeReading:
    """Return what a chain does with the database.

    Args:
        chain: with linked values: what is not known by now is not known at all.
        file: that it stands in.

    """
    found = tuple(dict.fromkeys(_called(chain, file) if chain.kind == "rpc" else _queried(chain, file)))
    return CodeReading(
        uses=tuple(one for one in found if not isinstance(one, Unresolved)),
        unresolved=tuple(one for one in found if isinstance(one, Unresolved)),
    )


def _queried(chain: Chain, file: str) -> Iterator[Found]:
    """Yield what is done with tables."""
    if not chain.steps or chain.steps[0].method not in _FIRST:
        return
    tables, unresolved = _targets("table", chain, file)
    yield from (TableUse(table, place) for table, place in tables)
    yield from unresolved
    if not unresolved:
        named = tuple(dict.fromkeys(table for table, _ in tables))
        yield from _steps(chain, named, named, file, {**_READERS, **_WRITERS})


def _called(chain: Chain, file: str) -> Iterator[Found]:
    """Yield what is done with functions and the rows that they return."""
    functions, unresolved = _targets("function", chain, file)
    options = options_of(chain.arguments[0] if chain.arguments else UNDEFINED)
    if len(functions) > 1 and len(options) > 1:
        options = (Unknown("one of several, for one of several functions"),)
    for value in options:
        yield from _arguments(value, functions, chain.spot, file)
    yield from unresolved
    if not unresolved:
        returned = tuple(Returned(function.name, function.schema) for function, _ in functions)
        yield from _steps(chain, returned, (), file, _READERS)


def _steps(
    chain: Chain,
    sources: tuple[Source, ...],
    tables: tuple[Named, ...],
    file: str,
    readers: Mapping[str, Reader],
) -> Iterator[Found]:
    scene = Scene(file, tables, related(Relation(sources), chain.steps))
    for step in chain.steps:
        if step.method in readers:
            yield from readers[step.method](step, scene)


def _targets(kind: str, chain: Chain, file: str) -> tuple[list[tuple[Named, Location]], list[Unresolved]]:
    """Return the tables or functions that a chain can begin with, and what is not known of them."""
    names, open_ = _names(kind, chain.target, chain.spot, file)
    if chain.schema is None:
        return [(Named(name), place) for name, place in names], open_
    schemas, open_schemas = _names("schema", chain.schema, chain.spot, file)
    if open_schemas:
        return [], open_schemas
    return [(Named(name, schema), place) for name, place in names for schema, _ in schemas], open_


def _names(
    kind: str, value: Value, spot: Spot, file: str
) -> tuple[list[tuple[str, Location]], list[Unresolved]]:
    texts, reasons = texts_of(value)
    if not all(text.whole for text in texts):
        reasons = (*reasons, "put together at run time")
    names = [(str(text), place_of(text.spot, file)) for text in texts if text.whole]
    return names, [Unresolved(f"the {kind} is {reason}", place_of(spot, file)) for reason in reasons]


def _arguments(
    value: Value, functions: list[tuple[Named, Location]], spot: Spot, file: str
) -> Iterator[Found]:
    """Yield the calls of functions with what may be their arguments."""
    given = Properties(complete=is_nothing(value))
    if isinstance(value, Record):
        given = properties_of(value)
        yield from given.unresolved(file)
    elif not given.complete:
        yield Unresolved(f"what the function is called with is {why(value)}", place_of(spot, file))
    for function, place in functions:
        written = given.written(Undefined.LEFT_OUT, file)
        yield CallUse(function.name, function.schema, written, given.complete, place)
