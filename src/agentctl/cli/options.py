"""The options that every command takes, written once and added to each command's own.

It adds them to a command's signature, which is all that Typer looks at, and hands the command a Session.
"""

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from agentctl.cli.reply import Reply
from agentctl.cli.session import Session

_PROFILE = Annotated[
    str | None, typer.Option("--profile", metavar="NAME", help="Profile of the configuration file.")
]
_CONFIG = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Configuration file.", show_default=False)
]
_JSON = Annotated[bool, typer.Option("--json", help="Print one JSON object, also on failure.")]
_QUIET = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing on success.")]


def _common() -> list[inspect.Parameter]:
    return [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, annotation, default in (
            ("profile", _PROFILE, None),
            ("config", _CONFIG, None),
            ("json", _JSON, False),
            ("quiet", _QUIET, False),
        )
    ]


def with_common_options(command: Callable[..., Reply]) -> Callable[..., Reply]:
    """Turn `command(session, ...)` into a function that Typer can call, with the common options added."""

    @functools.wraps(command)
    def invoke(*, profile: str | None, config: Path | None, json: bool, quiet: bool, **own: object) -> Reply:
        return command(Session(profile_name=profile, config=config, json=json, quiet=quiet), **own)

    _, *own = inspect.signature(command, eval_str=True).parameters.values()
    keyword_only = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
    invoke.__signature__ = inspect.Signature([*keyword_only, *_common()])  # type: ignore[attr-defined]  # what Typer reads
    invoke.__annotations__ = {
        parameter.name: parameter.annotation for parameter in (*keyword_only, *_common())
    }
    return invoke
