"""Judges the literals that code writes into a column: by its type, NOT NULL, and the CHECKs that see it.

What a trigger may have changed before a CHECK sees it is left open.
"""

from collections.abc import Iterator, Mapping

from agentctl.core.catalog.check_constraint import Check
from agentctl.core.catalog.introspection import Column
from agentctl.core.code_check.checks import value_refused
from agentctl.core.code_check.literals import refused
from agentctl.core.code_check.reading.uses import CodeLiteral, Unresolved
from agentctl.core.code_check.reference import Reference
from agentctl.core.code_check.spelling import is_sql, nearest, spelled
from agentctl.core.code_check.stored import UNKNOWN, stored
from agentctl.core.code_check.targets import Target
from agentctl.core.code_check.types import column_type
from agentctl.core.findings.finding import Finding
from agentctl.core.location import Location


def literal_findings(
    target: Target, column: Column, literal: CodeLiteral, location: Location, reference: Reference
) -> Iterator[Finding | Unresolved]:
    """Judge one literal that is written into a column."""
    if literal == CodeLiteral() and not column.nullable:
        msg = f"{target.name}.{column.name} must not be NULL."
        yield null_finding(target, column, msg, _without_null(column), location)
        return
    type_ = column_type(column, reference)
    if type_ is None:
        return
    if why := refused(literal, type_, sql=is_sql(location)):
        name = f"{target.name}.{column.name}"
        msg = f"{name} ({type_.name}) cannot be {spelled(literal)}: {why}."
        yield value_refused.CHECK.finding(name, msg, among(type_.labels or (), literal), location=location)
        return
    value = stored(literal, type_, sql=is_sql(location))
    if value is not UNKNOWN:
        yield from _judge_checks(target, column, value, literal, location)


def joint_findings(
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


def null_finding(
    target: Target, column: Column, message: str, hint: str, location: Location
) -> Finding | Unresolved:
    """Say that NULL goes into a column that takes none, unless a trigger may fill it."""
    name = f"{target.name}.{column.name}"
    if changer := target.changer(column):
        return Unresolved(f"NULL in {name}, which trigger {changer} may fill", location)
    return value_refused.CHECK.finding(name, message, hint, location=location)


def among(words: tuple[str, ...], literal: CodeLiteral) -> str | None:
    """Name the nearest of the words that a column takes, or all of them."""
    near = nearest(literal.value, words) if isinstance(literal.value, str) else None
    return near or (f"Allowed values: {', '.join(words)}." if words else None)


def _judge_checks(
    target: Target, column: Column, value: object, literal: CodeLiteral, location: Location
) -> Iterator[Finding | Unresolved]:
    name = f"{target.name}.{column.name}"
    for check in column.domain_checks:
        if check.holds({"value": value}) is False:
            msg = f"{name} cannot be {spelled(literal)}: the CHECK of {column.type} refuses it."
            hint = among(_list_allowed(check, "value"), literal)
            yield value_refused.CHECK.finding(name, msg, hint, location=location)
            return
    for constraint, check in target.checks.items():
        if column.name not in check.columns or check.holds({column.name: value}) is not False:
            continue
        if changer := target.changer(column):
            yield Unresolved(f"{spelled(literal)} in {name}, which trigger {changer} may change", location)
            continue
        msg = f"{name} cannot be {spelled(literal)}: CHECK {constraint} refuses it."
        hint = (
            among(_list_allowed(check, column.name), literal)
            or f"The rule is {target.definition(constraint)}."
        )
        yield value_refused.CHECK.finding(name, msg, hint, location=location)


def _list_allowed(check: Check, column: str) -> tuple[str, ...]:
    return tuple(word for word in check.literals(column) if check.holds({column: word}) is True)


def _without_null(column: Column) -> str:
    filled = column.default is not None or column.sequence is not None
    return "Leave it out to get its default." if filled else "Write a value."


def _write_value(value: object) -> str:
    if isinstance(value, str):
        return f"'{value}'"
    return "NULL" if value is None else str(value).lower()
