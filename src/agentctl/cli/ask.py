"""Asks a person, on the terminal, for an input that an agent needs."""

import typer

from agentctl.core.agents.conversion import Unfit, convert
from agentctl.core.agents.form import Field, FieldKind
from agentctl.core.agents.inputs import Judge
from agentctl.render.clean import clean_line

_MOST_CHOICES = 20
_HINTS = {FieldKind.CHECKBOX: "yes or no", FieldKind.DATE: "such as 2026-11-30", FieldKind.JSON: "as JSON"}


def ask_for(field: Field, judge: Judge) -> object:
    """Ask until the field accepts the answer, and return its JSON value."""
    question = clean_line(f"{field.label}{_describe_choices(field)}")
    while True:
        answer = typer.prompt(question, err=True, hide_input=field.secret)
        try:
            value = convert(field, answer)
            problems = judge(value)
        except Unfit as error:
            problems = [str(error)]
        if not problems:
            return value
        for problem in problems:
            typer.echo(clean_line(f"  {problem}"), err=True)


def _describe_choices(field: Field) -> str:
    more = ["..."] if len(field.options) > _MOST_CHOICES else []
    choices = ", ".join([option.label for option in field.options[:_MOST_CHOICES]] + more)
    hint = choices or _HINTS.get(field.kind)
    return f" ({hint})" if hint else ""
