"""The options that every command takes, added to each command's own.

They are added to the command's signature, which Typer reads; the command itself gets a Session.
"""

import functools
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from agentctl.cli.reply import Reply
from agentctl.cli.session import Session

_PROFILE = Annotated[
    str | None, typer.Option("--profile", metavar="NAME", help="Profile to use from the configuration file.")
]
_CONFIG = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Configuration file.", show_default=False)
]
_JSON = Annotated[bool, typer.Option("--json", help="Print one JSON object, also on failure.")]
_QUIET = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing on success.")]


_NAMES = ("profile", "config", "json", "quiet")


def _make_common_parameters() -> list[inspect.Parameter]:
    return [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, annotation, default in zip(
            _NAMES, (_PROFILE, _CONFIG, _JSON, _QUIET), (None, None, False, False), strict=True
        )
    ]


def with_common_options(command: Callable[..., Reply]) -> Callable[..., Reply]:
    """Turn `command(session, ...)` into a function that Typer can call, with the common options added.

    Options before a subcommand (`credits --profile prod grant`) count for the subcommand as well.
    """

    @functools.wraps(command)
    def invoke(*, context: typer.Context, **values: object) -> Reply:
        mine = {name: values.pop(name) for name in _NAMES}
        if wants_context:
            values["context"] = context
        return command(_make_session(mine, context.parent.params if context.parent else {}), **values)

    _, *own = inspect.signature(command, eval_str=True).parameters.values()
    wants_context = any(parameter.name == "context" for parameter in own)
    keyword_only = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in own
        if parameter.name != "context"
    ]
    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    parameters = [context, *keyword_only, *_make_common_parameters()]
    invoke.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what Typer reads
    invoke.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return invoke


def _make_session(mine: Mapping[str, Any], before: Mapping[str, Any]) -> Session:
    return Session(
        profile_name=mine["profile"] or before.get("profile"),
        config=mine["config"] or before.get("config"),
        json=mine["json"] or bool(before.get("json")),
        quiet=mine["quiet"] or bool(before.get("quiet")),
    )
