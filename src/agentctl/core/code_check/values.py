"""Judges the literals that code writes into a column: by its type, NOT NULL, and the CHECKs that see it.

What a trigger may have changed before a CHECK sees it is left open.
"""

from collections.abc import Iterator, Mapping

from agentctl.core.catalog.check_constraint import Check
from agentctl.core.catalog.introspection import Column
from agentctl.core.code_check.checks import value_refused
from agentctl.core.code_check.literals import explain_refusal
from agentctl.core.code_check.reading.uses import CodeLiteral, Unresolved
from agentctl.core.code_check.reference import Reference
from agentctl.core.code_check.spelling import is_sql, spell_literal, suggest_name
from agentctl.core.code_check.stored import UNKNOWN, read_stored
from agentctl.core.code_check.targets import Target
from agentctl.core.code_check.types import column_type
from agentctl.core.findings.finding import Finding
from agentctl.core.location import Location


def judge_literal(
    target: Target, column: Column, literal: CodeLiteral, location: Location, reference: Reference
) -> Iterator[Finding | Unresolved]:
    """Judge one literal that is written into a column."""
    if literal == CodeLiteral() and not column.nullable:
        msg = f"{target.name}.{column.name} must not be NULL."
        yield report_null(target, column, msg, _suggest_value(column), location)
        return
    type_ = column_type(column, reference)
    if type_ is None:
        return
    if why := explain_refusal(literal, type_, sql=is_sql(location)):
        name = f"{target.name}.{column.name}"
        msg = f"{name} ({type_.name}) cannot be {spell_literal(literal)}: {why}."
        yield value_refused.CHECK.finding(
            name, msg, suggest_word(type_.labels or (), literal), location=location
        )
        return
    value = read_stored(literal, type_, sql=is_sql(location))
    if value is not UNKNOWN:
        yield from _judge_checks(target, column, value, literal, location)


def judge_together(
    target: Target, values: Mapping[str, object], location: Location
) -> Iterator[Finding | Unresolved]:
    """Judge values of one row together, by each CHECK that speaks of several and takes every one alone."""
    for name, check in target.checks.items():
        known = {column: value for column, value in values.items() if column in check.columns}
        if len(known) <= 1 or check.holds(known) is not False:
            continue
        if any(check.holds({column: value}) is False for column, value in known.items()):
            continue
        row = " with ".join(f"{column} {_write_value(value)}" for column, value in known.items())
        columns = [column for column in target.table.columns if column.name in known]
        changer = next((trigger for column in columns if (trigger := target.changer(column))), None)
        if changer:
            yield Unresolved(f"{row} in {target.name}, which trigger {changer} may change", location)
            continue
        msg = f"CHECK {name} of {target.name} refuses {row}."
        hint = f"The rule is {target.definition(name)}."
        yield value_refused.CHECK.finding(target.name, msg, hint, location=location)


def report_null(
    target: Target, column: Column, message: str, hint: str, location: Location
) -> Finding | Unresolved:
    """Say that NULL goes into a column that takes none, unless a trigger may fill it."""
    name = f"{target.name}.{column.name}"
    if changer := target.changer(column):
        return Unresolved(f"NULL in {name}, which trigger {changer} may fill", location)
    return value_refused.CHECK.finding(name, message, hint, location=location)


def suggest_word(words: tuple[str, ...], literal: CodeLiteral) -> str | None:
    """Name the nearest of the words that a column takes, or all of them."""
    near = suggest_name(literal.value, words) if isinstance(literal.value, str) else None
    return near or (f"Allowed values: {', '.join(words)}." if words else None)


def _judge_checks(
    target: Target, column: Column, value: object, literal: CodeLiteral, location: Location
) -> Iterator[Finding | Unresolved]:
    name = f"{target.name}.{column.name}"
    for check in column.domain_checks:
        if check.holds({"value": value}) is False:
            msg = f"{name} cannot be {spell_literal(literal)}: the CHECK of {column.type} refuses it."
            hint = suggest_word(_list_allowed(check, "value"), literal)
            yield value_refused.CHECK.finding(name, msg, hint, location=location)
            return
    for constraint, check in target.checks.items():
        if column.name not in check.columns or check.holds({column.name: value}) is not False:
            continue
        if changer := target.changer(column):
            yield Unresolved(
                f"{spell_literal(literal)} in {name}, which trigger {changer} may change", location
            )
            continue
        msg = f"{name} cannot be {spell_literal(literal)}: CHECK {constraint} refuses it."
        hint = (
            suggest_word(_list_allowed(check, column.name), literal)
            or f"The rule is {target.definition(constraint)}."
        )
        yield value_refused.CHECK.finding(name, msg, hint, location=location)


def _list_allowed(check: Check, column: str) -> tuple[str, ...]:
    return tuple(word for word in check.literals(column) if check.holds({column: word}) is True)


def _suggest_value(column: Column) -> str:
    filled = column.default is not None or column.sequence is not None
    return "Leave it out to get its default." if filled else "Write a value."


def _write_value(value: object) -> str:
    if isinstance(value, str):
        return f"'{value}'"
    return "NULL" if value is None else str(value).lower()
