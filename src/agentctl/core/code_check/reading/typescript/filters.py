"""Reads the columns that filters and orders of supabase-js name, and the values they are compared with.

A column of an embedded table is looked up in the selects of the same chain. If it is not there, it is
unresolved. PostgREST would refuse it if the select is known, but that has nothing to do with the database.
"""

from collections.abc import Callable, Iterator

from agentctl.core.code_check.reading.postgrest.cursor import ColumnPath, Misfit, Name, parse_path
from agentctl.core.code_check.reading.postgrest.filter_grammar import Condition, parse_filter
from agentctl.core.code_check.reading.postgrest.order_grammar import parse_order
from agentctl.core.code_check.reading.typescript.calls import Step
from agentctl.core.code_check.reading.typescript.chain_context import (
    ChainContext,
    MaybeUse,
    drop_nothing,
    get_argument,
    get_option,
    is_nothing,
)
from agentctl.core.code_check.reading.typescript.relations import Relation
from agentctl.core.code_check.reading.typescript.rows import Undefined, properties_of
from agentctl.core.code_check.reading.typescript.texts import (
    Text,
    likely_options,
    literals_of,
    options_of,
    reason_of,
    texts_of,
)
from agentctl.core.code_check.reading.typescript.values import (
    Choice,
    Constant,
    Listing,
    Record,
    Value,
)
from agentctl.core.code_check.reading.uses import CodeLiteral, ColumnUse, Purpose, Unresolved
from agentctl.core.location import Location

_COMPARING = frozenset({"eq", "neq", "gt", "gte", "lt", "lte", "isdistinct"})
"""Operators that compare a column with a value of its own type, and methods in small letters."""
_WITH_OPERATOR = frozenset({"not", "filter"})
_LIST_METHODS = frozenset({"in", "notIn"})


def read_filter(step: Step, context: ChainContext) -> Iterator[MaybeUse]:
    """Yield the uses of a filter on one column."""
    texts, reasons = texts_of(get_argument(step, 0))
    for reason in reasons:
        yield context.unresolved(f"the column of a filter is {reason}", step.location)
    for text in texts:
        location = context.location_at(text.location)
        yield from _read_filtered(
            str(text), location, context, _list_compared(step), may_ask_null=_may_ask_null(step)
        )


def read_match(step: Step, context: ChainContext) -> Iterator[MaybeUse]:
    """Yield the uses of `.match({column: value})`."""
    for option in options_of(get_argument(step, 0)):
        if not isinstance(option, Record):
            yield context.unresolved(f"the filter is {reason_of(option)}", step.location)
            continue
        columns = properties_of(option)
        yield from columns.list_unresolved(context.file)
        for column in columns.list_written(Undefined.DEFAULT, context.file):
            yield from _read_filtered(column.name, column.location, context, _keep_scalars(column.literals))


def read_or(step: Step, context: ChainContext) -> Iterator[MaybeUse]:
    """Yield the uses of the conditions in `.or()`."""
    yield from _read_related(step, context, "the filter", _read_conditions)


def read_order(step: Step, context: ChainContext) -> Iterator[MaybeUse]:
    """Yield the uses of an order."""
    yield from _read_related(step, context, "the column of an order", _read_terms)


def read_limit(step: Step, context: ChainContext) -> Iterator[MaybeUse]:
    """Yield what is unresolved about the embedded table that `.limit()` and `.range()` can name."""
    position = 2 if step.method == "range" else 1
    yield from (gap for gap in _find_referenced(step, position, context) if isinstance(gap, Unresolved))


def _read_related(
    step: Step,
    context: ChainContext,
    what: str,
    read: Callable[[Text, Relation, ChainContext], Iterator[MaybeUse]],
) -> Iterator[MaybeUse]:
    """Read the text of a step for each relation that it can act on."""
    relations = list(_find_referenced(step, 1, context))
    yield from (gap for gap in relations if isinstance(gap, Unresolved))
    texts, reasons = texts_of(get_argument(step, 0))
    for reason in reasons:
        yield context.unresolved(f"{what} is {reason}", step.location)
    for relation in relations:
        if isinstance(relation, Relation):
            for text in texts:
                yield from read(text, relation, context)


def _read_filtered(
    text: str,
    location: Location,
    context: ChainContext,
    compared: tuple[CodeLiteral, ...],
    *,
    may_ask_null: bool = False,
) -> Iterator[MaybeUse]:
    path = parse_path(text)
    if isinstance(path, Misfit) or path.is_own_word:
        reason = (
            "is a reserved word of PostgREST"
            if isinstance(path, ColumnPath)
            else "does not fit PostgREST's grammar"
        )
        yield Unresolved(f"the column of a filter {reason}", location)
        return
    relation = context.relation.at(path.embeds)
    if isinstance(relation, str):
        yield Unresolved(f"a filter's {_spell_names(path.embeds)} is {relation}", location)
        return
    condition = Condition(path.column, path.json)
    yield from _read_column(condition, relation, location, compared, may_ask_null=may_ask_null)


def _read_column(
    condition: Condition,
    relation: Relation,
    location: Location,
    compared: tuple[CodeLiteral, ...],
    *,
    may_ask_null: bool,
) -> Iterator[MaybeUse]:
    """Yield the use of a filtered column; a filter `is null` can also be on an embedded table."""
    if not condition.column.is_known:
        yield Unresolved("the column of a filter is built at run time", location)
    elif may_ask_null and not condition.json and relation.embedded(condition.column.text):
        return
    elif may_ask_null and not condition.json and not relation.visible:
        what = f"{condition.column.text} is a column, or embedded by an unknown select"
        yield Unresolved(what, location)
    else:
        literals = () if condition.json else compared
        yield ColumnUse(relation.sources, condition.column.text, Purpose.FILTERED, location, literals)


def _read_conditions(text: Text, relation: Relation, context: ChainContext) -> Iterator[MaybeUse]:
    conditions = parse_filter(str(text))
    if isinstance(conditions, Misfit):
        what = f"the filter does not fit PostgREST's grammar: {conditions.reason}"
        yield Unresolved(what, text.locate(conditions.offset, context.file))
        return
    for condition in conditions:
        location = text.locate(condition.column.offset, context.file)
        comparable = condition.operator in _COMPARING and condition.value is not None
        compared = (CodeLiteral(condition.value),) if comparable else ()
        yield from _read_column(
            condition, relation, location, compared, may_ask_null=condition.operator in {None, "is"}
        )


def _read_terms(text: Text, relation: Relation, context: ChainContext) -> Iterator[MaybeUse]:
    location, terms = context.location_at(text.location), parse_order(str(text))
    if isinstance(terms, Misfit):
        yield Unresolved(f"the order does not fit PostgREST's grammar: {terms.reason}", location)
        return
    for term in terms:
        of = relation.at(term.embeds)
        if isinstance(of, str):
            yield Unresolved(f"an order's {_spell_names(term.embeds)} is {of}", location)
        elif not term.column.is_known:
            yield Unresolved("the column of an order is built at run time", location)
        else:
            yield ColumnUse(of.sources, term.column.text, Purpose.ORDERED, location)


def _find_referenced(step: Step, position: int, context: ChainContext) -> Iterator[Relation | Unresolved]:
    """Yield the relation that a step acts on: that of the chain, or one embedded in it."""
    options = get_argument(step, position)
    value = get_option(options, "referencedTable")
    if is_nothing(value):
        value = get_option(options, "foreignTable")
    texts, reasons = texts_of(drop_nothing(value))
    yield from (context.unresolved(f"the embedded table is {reason}", step.location) for reason in reasons)
    if any(map(is_nothing, options_of(value))):
        yield context.relation
    for text in texts:
        path = parse_path(str(text))
        names = () if isinstance(path, Misfit) else (*path.embeds, path.column)
        target = context.relation.at(names) if names else "no name"
        location = context.location_at(text.location)
        yield (
            target
            if isinstance(target, Relation)
            else Unresolved(f"{_spell_names(names)} is {target}", location)
        )


def _spell_names(names: tuple[Name, ...]) -> str:
    are_known = all(name.is_known for name in names) and names
    return "`" + ".".join(name.text for name in names) + "`" if are_known else "embedded table"


def _get_operator(step: Step) -> str | None:
    """Return the operator in a call of `.not()` or `.filter()`; None if it is not known."""
    match get_argument(step, 1):
        case Constant(str(operator)):
            return operator.removeprefix("not.")
    return None


def _may_ask_null(step: Step) -> bool:
    if step.method in _WITH_OPERATOR:
        return _get_operator(step) in {None, "is"}
    return step.method == "is" and not all(map(_is_boolean, options_of(get_argument(step, 1))))


def _is_boolean(value: Value) -> bool:
    return isinstance(value, Constant) and isinstance(value.value, bool)


def _list_compared(step: Step) -> tuple[CodeLiteral, ...]:
    """Return the literals that a column is compared with."""
    has_operator = step.method in _WITH_OPERATOR
    if (_get_operator(step) if has_operator else step.method.lower()) in _COMPARING:
        return _keep_scalars(_list_exhaustive(get_argument(step, 2 if has_operator else 1)))
    lists = options_of(get_argument(step, 1)) if step.method in _LIST_METHODS else ()
    items = (item for option in lists if isinstance(option, Listing) for item in option.items)
    return _keep_scalars(literals_of(Choice(tuple(items))))


def _list_exhaustive(value: Value) -> tuple[CodeLiteral, ...]:
    """Return the literals that a value can be, or none if it can be anything else.

    A literal beside an unknown value often means that there is nothing to look for: `id || 'demo'`.
    """
    options = list(map(literals_of, likely_options(value)))
    return tuple(literal for literals in options for literal in literals) if all(options) else ()


def _keep_scalars(literals: tuple[CodeLiteral, ...]) -> tuple[CodeLiteral, ...]:
    """Return the literals that are sent unchanged: null is sent as the word, which equals nothing."""
    return tuple(literal for literal in literals if literal.shape is None and literal.value is not None)
