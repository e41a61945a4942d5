"""Judges calls of functions with arguments by name, as PostgREST picks among overloads."""

from collections.abc import Iterator, Sequence

from agentctl.core.catalog.grants import grant_execute
from agentctl.core.catalog.introspection import Argument, Function
from agentctl.core.code_check.checks import denied, unknown_argument, unknown_function, value_refused
from agentctl.core.code_check.literals import refused
from agentctl.core.code_check.missing import absent_function
from agentctl.core.code_check.reading.uses import CallUse, CodeLiteral, Unresolved, Written
from agentctl.core.code_check.reference import INPUTS, Absence, Reference
from agentctl.core.code_check.spelling import is_sql, nearest, spelled
from agentctl.core.code_check.types import argument_type
from agentctl.core.code_check.values import among
from agentctl.core.findings.finding import Finding


def call_findings(use: CallUse, reference: Reference) -> Iterator[Finding | Unresolved]:
    """Judge a call."""
    overloads = reference.functions(use.function, use.schema)
    if isinstance(overloads, Absence):
        yield from absent_function(use.function, use.schema, overloads, use.location, reference)
        return
    callable_ = [function for function in overloads if function.returns != "trigger"]
    name = reference.label(overloads[0])
    if not callable_:
        msg = f"{name} is a trigger's function and cannot be called."
        yield unknown_function.CHECK.finding(name, msg, location=use.location)
        return
    fitting = [function for function in callable_ if _can_be_meant(function, use)]
    if not fitting:
        yield from _judge_arguments(name, _choose_overload(callable_, use), use)
        return
    if not any(function.executable for function in fitting):
        yield _report_denied(name, fitting[0], use, reference)
    for argument in use.arguments:
        yield from _judge_values(name, fitting, argument, reference)


def _list_inputs(function: Function) -> list[Argument]:
    return [argument for argument in function.arguments if argument.mode in INPUTS]


def _can_be_meant(function: Function, use: CallUse) -> bool:
    """Whether a function may be the one that is called; what it names no argument of takes anything."""
    if not all(argument.name for argument in _list_inputs(function)):
        return True
    return not _list_unknown(function, use) and not _list_left_out(function, use)


def _list_unknown(function: Function, use: CallUse) -> list[Written]:
    names = {argument.name for argument in _list_inputs(function)}
    return [argument for argument in use.arguments if argument.name not in names]


def _list_left_out(function: Function, use: CallUse) -> list[Argument]:
    named = {argument.name for argument in use.arguments}
    required = (
        argument for argument in _list_inputs(function) if not argument.optional and argument.mode != "v"
    )
    return [argument for argument in required if use.complete and argument.name not in named]


def _choose_overload(functions: Sequence[Function], use: CallUse) -> Function:
    """Return the overload that fits best."""
    return min(
        functions, key=lambda function: len(_list_unknown(function, use)) + len(_list_left_out(function, use))
    )


def _judge_arguments(name: str, function: Function, use: CallUse) -> Iterator[Finding]:
    names = tuple(argument.name for argument in _list_inputs(function))
    for argument in _list_unknown(function, use):
        object_name = f"{name}.{argument.name}"
        msg = f"{name} has no argument {argument.name}."
        hint = nearest(argument.name, names) or f"The signature is {name}({function.signature})."
        yield unknown_argument.CHECK.finding(object_name, msg, hint, location=argument.location)
    for missing in _list_left_out(function, use):
        object_name = f"{name}.{missing.name}"
        msg = f"{name} is called without {missing.name} ({missing.type}), which has no default."
        hint = f"The signature is {name}({function.signature})."
        yield unknown_argument.CHECK.finding(object_name, msg, hint, location=use.location)


def _report_denied(name: str, function: Function, use: CallUse, reference: Reference) -> Finding:
    role = reference.context.catalog.server.role
    msg = f"Role {role} may not execute {name}."
    hint = grant_execute(function, to=role)
    return denied.CHECK.finding(name, msg, hint, location=use.location)


def _judge_values(
    name: str, functions: Sequence[Function], written: Written, reference: Reference
) -> Iterator[Finding]:
    """Judge an argument's literals, where every function that may be meant refuses them."""
    inputs = [
        argument
        for function in functions
        for argument in _list_inputs(function)
        if argument.name == written.name
    ]
    if len(inputs) < len(functions) or any(argument.mode == "v" for argument in inputs):
        return
    for literal in written.literals:
        whys = [_explain_refusal(literal, argument, written, reference) for argument in inputs]
        if all(whys):
            type_ = argument_type(inputs[0], reference)
            msg = f"{written.name} ({type_.name}) of {name} cannot be {spelled(literal)}: {whys[0]}."
            object_name, hint = f"{name}.{written.name}", among(type_.labels or (), literal)
            yield value_refused.CHECK.finding(object_name, msg, hint, location=written.location)


def _explain_refusal(
    literal: CodeLiteral, argument: Argument, written: Written, reference: Reference
) -> str | None:
    return refused(literal, argument_type(argument, reference), sql=is_sql(written.location))
