"""The columns that filters and orders of supabase-js name, and what they are compared with.

A column of an embedded table is looked up in the selects of the same chain. One that is not found there is
unresolved, although PostgREST would refuse it where the select is known: that is no matter of the database.
"""

from collections.abc import Iterator

from agentctl.core.code_check.reading.postgrest_field import Misfit, Name, Path, parse_path
from agentctl.core.code_check.reading.postgrest_filter import Condition, parse_filter
from agentctl.core.code_check.reading.postgrest_order import parse_order
from agentctl.core.code_check.reading.typescript.calls import Step
from agentctl.core.code_check.reading.typescript.found import Found, Scene, argument, given, is_nothing
from agentctl.core.code_check.reading.typescript.reduction import member
from agentctl.core.code_check.reading.typescript.relations import Relation
from agentctl.core.code_check.reading.typescript.rows import Undefined, properties_of
from agentctl.core.code_check.reading.typescript.texts import (
    Text,
    likely_options,
    literals_of,
    options_of,
    texts_of,
    why,
)
from agentctl.core.code_check.reading.typescript.values import (
    UNDEFINED,
    Choice,
    Constant,
    Listing,
    Record,
    Value,
)
from agentctl.core.code_check.reading.uses import CodeLiteral, ColumnUse, Purpose, Unresolved
from agentctl.core.location import Location

_COMPARISONS = frozenset({"eq", "neq", "gt", "gte", "lt", "lte", "isDistinct"})
_COMPARING = frozenset({"eq", "neq", "gt", "gte", "lt", "lte", "isdistinct"})
"""The operators of these methods; what they compare with is a value of the column's own type."""
_LISTS = frozenset({"in", "notIn"})


def filter_uses(step: Step, scene: Scene) -> Iterator[Found]:
    """Yield what a filter on one column names."""
    texts, reasons = texts_of(argument(step, 0))
    for reason in reasons:
        yield scene.unresolved(f"the column of a filter is {reason}", step.spot)
    for text in texts:
        place = scene.location_at(text.spot)
        yield from _filtered(str(text), place, scene, _compared(step), may_ask_null=_may_ask_null(step))


def match_uses(step: Step, scene: Scene) -> Iterator[Found]:
    """Yield what `.match({column: value})` names."""
    for option in options_of(argument(step, 0)):
        if not isinstance(option, Record):
            yield scene.unresolved(f"the filter is {why(option)}", step.spot)
            continue
        columns = properties_of(option)
        yield from columns.unresolved(scene.file)
        for one in columns.written(Undefined.DEFAULT, scene.file):
            yield from _filtered(one.name, one.location, scene, _scalars(one.literals))


def or_uses(step: Step, scene: Scene) -> Iterator[Found]:
    """Yield what the conditions of `.or()` name."""
    relations = list(_referenced(step, 1, scene))
    yield from (one for one in relations if isinstance(one, Unresolved))
    texts, reasons = texts_of(argument(step, 0))
    for reason in reasons:
        yield scene.unresolved(f"the filter is {reason}", step.spot)
    for relation in (one for one in relations if isinstance(one, Relation)):
        for text in texts:
            yield from _conditions(text, relation, scene)


def order_uses(step: Step, scene: Scene) -> Iterator[Found]:
    """Yield what an order names."""
    relations = list(_referenced(step, 1, scene))
    yield from (one for one in relations if isinstance(one, Unresolved))
    texts, reasons = texts_of(argument(step, 0))
    for reason in reasons:
        yield scene.unresolved(f"the column of an order is {reason}", step.spot)
    for relation in (one for one in relations if isinstance(one, Relation)):
        for text in texts:
            yield from _terms(text, relation, scene)


def limit_uses(step: Step, scene: Scene) -> Iterator[Found]:
    """Yield what is not known of the embedded table that `.limit()` and `.range()` can be about."""
    position = 2 if step.method == "range" else 1
    yield from (one for one in _referenced(step, position, scene) if isinstance(one, Unresolved))


def _filtered(
    text: str, place: Location, scene: Scene, compared: tuple[CodeLiteral, ...], *, may_ask_null: bool = False
) -> Iterator[Found]:
    path = parse_path(text)
    if isinstance(path, Misfit) or path.own_word:
        reason = (
            "is a word of PostgREST's own" if isinstance(path, Path) else "does not fit PostgREST's grammar"
        )
        yield Unresolved(f"the column of a filter {reason}", place)
        return
    relation = scene.relation.at(path.embeds)
    if isinstance(relation, str):
        yield Unresolved(f"a filter's {_spelled(path.embeds)} is {relation}", place)
        return
    condition = Condition(path.column, path.json)
    yield from _column(condition, relation, place, compared, may_ask_null=may_ask_null)


def _column(
    condition: Condition,
    relation: Relation,
    place: Location,
    compared: tuple[CodeLiteral, ...],
    *,
    may_ask_null: bool,
) -> Iterator[Found]:
    """Yield a column that is filtered by; `is null` may be said of what is embedded, too."""
    if not condition.column.told:
        yield Unresolved("the column of a filter is put together at run time", place)
    elif may_ask_null and not condition.json and relation.embedded(condition.column.text):
        return
    elif may_ask_null and not condition.json and not relation.visible:
        what = f"{condition.column.text} is a column, or embedded by a select that is not known"
        yield Unresolved(what, place)
    else:
        literals = () if condition.json else compared
        yield ColumnUse(relation.sources, condition.column.text, Purpose.FILTERED, place, literals)


def _conditions(text: Text, relation: Relation, scene: Scene) -> Iterator[Found]:
    conditions = parse_filter(str(text))
    if isinstance(conditions, Misfit):
        what = f"the filter does not fit PostgREST's grammar: {conditions.reason}"
        yield Unresolved(what, text.place(conditions.offset, scene.file))
        return
    for one in conditions:
        place = text.place(one.column.offset, scene.file)
        comparable = one.operator in _COMPARING and one.value is not None
        compared = (CodeLiteral(one.value),) if comparable else ()
        yield from _column(one, relation, place, compared, may_ask_null=one.operator in {None, "is"})


def _terms(text: Text, relation: Relation, scene: Scene) -> Iterator[Found]:
    place, terms = scene.location_at(text.spot), parse_order(str(text))
    if isinstance(terms, Misfit):
        yield Unresolved(f"the order does not fit PostgREST's grammar: {terms.reason}", place)
        return
    for term in terms:
        of = relation.at([term.embed]) if term.embed else relation
        if isinstance(of, str):
            yield Unresolved(f"an order's {_spelled((term.embed,) if term.embed else ())} is {of}", place)
        elif not term.column.told:
            yield Unresolved("the column of an order is put together at run time", place)
        else:
            yield ColumnUse(of.sources, term.column.text, Purpose.ORDERED, place)


def _referenced(step: Step, position: int, scene: Scene) -> Iterator[Relation | Unresolved]:
    """Yield the relation that a step is about: that of the chain, or one embedded in it."""
    options = argument(step, position)
    value: Value = UNDEFINED
    for name in ("referencedTable", "foreignTable"):
        if is_nothing(value) and not is_nothing(options):
            value = member(options, name)
    texts, reasons = texts_of(given(value))
    yield from (scene.unresolved(f"the embedded table is {reason}", step.spot) for reason in reasons)
    if any(is_nothing(option) for option in options_of(value)):
        yield scene.relation
    for text in texts:
        path = parse_path(str(text))
        names = () if isinstance(path, Misfit) else (*path.embeds, path.column)
        found = scene.relation.at(names) if names else "no name"
        place = scene.location_at(text.spot)
        yield found if isinstance(found, Relation) else Unresolved(f"{_spelled(names)} is {found}", place)


def _spelled(names: tuple[Name, ...]) -> str:
    told = all(name.told for name in names) and names
    return "`" + ".".join(name.text for name in names) + "`" if told else "embedded table"


def _operator(step: Step) -> str | None:
    """Return the operator that `.not()` and `.filter()` are given; None where it is not known."""
    value = argument(step, 1)
    if not isinstance(value, Constant) or not isinstance(value.value, str):
        return None
    return value.value.removeprefix("not.")


def _may_ask_null(step: Step) -> bool:
    if step.method in {"not", "filter"}:
        return _operator(step) in {None, "is"}
    return step.method == "is" and not all(map(_is_boolean, options_of(argument(step, 1))))


def _is_boolean(value: Value) -> bool:
    return isinstance(value, Constant) and isinstance(value.value, bool)


def _compared(step: Step) -> tuple[CodeLiteral, ...]:
    """Return the literals that a column is compared with."""
    if step.method in {"not", "filter"}:
        return _scalars(_told(argument(step, 2))) if _operator(step) in _COMPARING else ()
    if step.method in _COMPARISONS:
        return _scalars(_told(argument(step, 1)))
    lists = options_of(argument(step, 1)) if step.method in _LISTS else ()
    items = (item for one in lists if isinstance(one, Listing) for item in one.items)
    return _scalars(literals_of(Choice(tuple(items))))


def _told(value: Value) -> tuple[CodeLiteral, ...]:
    """Return the literals that a value can be, if it can be nothing else.

    Beside what is not known, a literal may well say that nothing is to be looked for: `id || 'demo'`.
    """
    options = [literals_of(option) for option in likely_options(value)]
    return tuple(given for literals in options for given in literals) if all(options) else ()


def _scalars(literals: tuple[CodeLiteral, ...]) -> tuple[CodeLiteral, ...]:
    """Return the literals that are sent as they are: null is sent as that word, which nothing equals."""
    return tuple(one for one in literals if one.shape is None and one.value is not None)
