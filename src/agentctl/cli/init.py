"""`agentctl init`: a first look at a database, and a configuration file for it."""

import os
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from agentctl.cli.reply import Reply
from agentctl.cli.session import Session
from agentctl.core.errors import UsageError

_PROFILE = "default"


def init(
    session: Session,
    database_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="postgresql://..., or where to read it: env:NAME, file:PATH, command:..."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing configuration file.")] = False,
) -> Reply:
    """Inspect a database and write agentctl.toml with its tables and columns, as agentctl understands them.

    The database is not changed. The file is --config or ./agentctl.toml. The exit code is 6 if something
    is left that only you can decide.

    \b
    Examples:
      agentctl init --database-url env:DATABASE_URL
      AGENTCTL_DATABASE_URL=postgresql://... agentctl init
      agentctl init --database-url env:DATABASE_URL --profile prod --config /etc/agentctl.toml --force
    """
    from agentctl.core.config.profiles import DATABASE_URL, FILE_NAME, check_written
    from agentctl.core.config.toml_sections import Value
    from agentctl.core.database.connection import read_database_url
    from agentctl.core.files.writing import write_atomically
    from agentctl.core.setup.initialisation import initialise
    from agentctl.render import init as render

    path = session.config or Path(FILE_NAME)
    if path.exists() and not force:
        raise UsageError(
            f"{path} already exists.",
            hint="Pass --force to overwrite it, or --config FILE to write another file.",
        )
    url = database_url or (f"env:{DATABASE_URL}" if os.environ.get(DATABASE_URL) else None)
    if url is None:
        raise UsageError(
            "No database is named.", hint=f"Pass --database-url env:NAME or a URL, or set ${DATABASE_URL}."
        )
    database = read_database_url(Value(url, origin="--database-url").resolve(), source="--database-url")
    profile = session.profile_name or _PROFILE
    with database.connect() as connection:
        done = initialise(
            connection,
            profile=profile,
            database_url=url,
            environment=os.environ,
        )
    check = partial(check_written, profile=profile, meaning=done.configuration.meaning)
    write_atomically(path, done.configuration.text, mode=0o600, check=check)
    return Reply(
        data=lambda: render.init_data(done, path),
        view=lambda: render.init_view(done, path),
        error=render.undecided(done, path),
    )
