"""Judges calls of functions with arguments by name, as PostgREST picks among overloads."""

from collections.abc import Iterator, Sequence

from agentctl.core.catalog.grants import grant_execute
from agentctl.core.catalog.introspection import Function
from agentctl.core.code_check.checks import denied, unknown_argument, unknown_function, value_refused
from agentctl.core.code_check.literals import explain_refusal
from agentctl.core.code_check.missing import report_absence
from agentctl.core.code_check.reading.uses import CallUse, Unresolved, Written
from agentctl.core.code_check.reference import Reference, list_inputs
from agentctl.core.code_check.spelling import is_sql, spell_literal, suggest_name
from agentctl.core.code_check.types import argument_type
from agentctl.core.code_check.values import suggest_word
from agentctl.core.findings.finding import Finding


def judge_call(use: CallUse, reference: Reference) -> Iterator[Finding | Unresolved]:
    """Judge a call."""
    overloads = reference.functions(use.function, use.schema)
    if not overloads:
        yield from report_absence("function", use.function, use.schema, use.location, reference)
        return
    name = reference.label(overloads[0])
    callable_ = [function for function in overloads if function.returns != "trigger"]
    if not callable_:
        msg = f"{name} is a trigger's function and cannot be called."
        yield unknown_function.CHECK.finding(name, msg, location=use.location)
        return
    misfits = [list(_judge_arguments(name, function, use)) for function in callable_]
    fitting = [function for function, findings in zip(callable_, misfits, strict=True) if not findings]
    if not fitting:
        yield from min(misfits, key=len)
        return
    if not any(function.executable for function in fitting):
        yield _report_denied(name, fitting[0], use, reference)
    for argument in use.arguments:
        yield from _judge_values(name, fitting, argument, reference)


def _judge_arguments(name: str, function: Function, use: CallUse) -> Iterator[Finding]:
    """Compare the arguments with a function's; one that names none of its own takes anything."""
    inputs = list_inputs(function)
    names = tuple(argument.name for argument in inputs)
    if not all(names):
        return
    signature = f"The signature is {name}({function.signature})."
    for written in use.arguments:
        if written.name not in names:
            msg = f"{name} has no argument {written.name}."
            hint = suggest_name(written.name, names) or signature
            object_name = f"{name}.{written.name}"
            yield unknown_argument.CHECK.finding(object_name, msg, hint, location=written.location)
    if not use.complete:
        return
    present = {written.name for written in use.arguments}
    for argument in inputs:
        if argument.name not in present and not argument.optional and argument.mode != "v":
            object_name = f"{name}.{argument.name}"
            msg = f"{name} is called without {argument.name} ({argument.type}), which has no default."
            yield unknown_argument.CHECK.finding(object_name, msg, signature, location=use.location)


def _report_denied(name: str, function: Function, use: CallUse, reference: Reference) -> Finding:
    role = reference.role
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
        for argument in list_inputs(function)
        if argument.name == written.name
    ]
    if len(inputs) < len(functions) or any(argument.mode == "v" for argument in inputs):
        return
    types = [argument_type(argument, reference) for argument in inputs]
    for literal in written.literals:
        whys = [explain_refusal(literal, type_, sql=is_sql(written.location)) for type_ in types]
        if all(whys):
            name_of_type, labels = types[0].name, types[0].labels or ()
            msg = f"{written.name} ({name_of_type}) of {name} cannot be {spell_literal(literal)}: {whys[0]}."
            object_name, hint = f"{name}.{written.name}", suggest_word(labels, literal)
            yield value_refused.CHECK.finding(object_name, msg, hint, location=written.location)
