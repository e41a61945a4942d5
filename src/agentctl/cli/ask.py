"""Asks a person, on the terminal, for an input that an agent needs."""

import typer

from agentctl.core.conversion import Unfit, convert
from agentctl.core.forms import Field
from agentctl.render.clean import clean_line


def ask_for(field: Field) -> object:
    """Ask until the answer is one that the field takes, and return its JSON value."""
    choices = f" ({', '.join(option.label for option in field.options)})" if field.options else ""
    question = clean_line(f"{field.label}{choices}")
    while True:
        answer = typer.prompt(question, err=True, hide_input=field.secret)
        try:
            value = convert(field, answer)
        except Unfit as error:
            typer.echo(clean_line(f"  {error}"), err=True)
            continue
        if not field.options or _is_choice(field, value):
            return value
        typer.echo(clean_line(f"  {answer!r} is none of them"), err=True)


def _is_choice(field: Field, value: object) -> bool:
    known = [option.value for option in field.options]
    return all(item in known for item in (value if isinstance(value, list) else [value]))
