"""Opens what `--schema-from` names: a dump or other SQL, a folder of migrations, or a baseline.

It decides by the content, never by a file's name, and asks no database.
"""

from pathlib import Path
from typing import NoReturn

from msgspec import Struct

from agentctl.core.catalog.introspection import Catalog
from agentctl.core.errors import ConfigError
from agentctl.core.hint_text import shell_command
from agentctl.core.schema_files.baseline import read_baseline
from agentctl.core.schema_files.ddl import Schema
from agentctl.core.schema_files.migrations import run_migrations
from agentctl.core.schema_files.recorded import schema_of
from agentctl.core.schema_files.sites import UnreadStatement

_ARCHIVE = b"PGDMP"
_DUMP = "Dump one: pg_dump --schema-only -f schema.sql DATABASE_URL"


class SchemaSource(Struct, frozen=True):
    """A schema that was read off files.

    Attributes:
        whole: whether it is complete: what it lacks does not exist.
        problems: statements that may change the schema and were not understood; then it is not whole.

    """

    catalog: Catalog
    whole: bool
    file: Path
    problems: tuple[UnreadStatement, ...]


def open_schema_source(path: Path) -> SchemaSource:
    """Read a schema.

    Args:
        path: of a file, or of a folder with SQL files.

    Raises:
        ConfigError: it cannot be read, or there is no table in it.

    """
    if path.is_dir():
        paths = (
            sql_file for sql_file in sorted(path.rglob("*.sql")) if sql_file.is_file()
        )  # reading a pipe would wait
        files = [(sql_file.relative_to(path).as_posix(), _read_text(sql_file)) for sql_file in paths]
        schema, problems = run_migrations(files)
    else:
        text = _read_text(path)
        if text.lstrip().startswith("{"):
            baseline = read_baseline(path)
            return _make_source(path, *schema_of(baseline), whole=baseline.whole)
        schema = Schema()
        problems = schema.apply(text, file=path.as_posix())
    return _make_source(path, schema, [*problems, *schema.presumed()], whole=True)


def _make_source(path: Path, schema: Schema, problems: list[UnreadStatement], *, whole: bool) -> SchemaSource:
    catalog = schema.catalog(database=path.name)
    if not catalog.tables:
        first = (
            f"; line {problems[0].location.line} is not understood: {problems[0].message}" if problems else ""
        )
        _refuse_path(path, f"it has no tables{first}")
    return SchemaSource(catalog, whole and not problems, path, tuple(problems))


def _read_text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        _refuse_path(path, "no such file" if isinstance(error, FileNotFoundError) else str(error.strerror))
    if content.startswith(_ARCHIVE):
        command = shell_command("pg_restore --schema-only -f schema.sql", str(path))
        _refuse_path(path, "it is an archive", hint=f"Convert it to SQL: {command}")
    if b"\0" in content:  # a program, or UTF-16
        _refuse_path(path, "it is not UTF-8 text")
    # A character of another encoding is mostly part of a comment.
    return content.decode("utf-8-sig", errors="replace")


def _refuse_path(path: Path, why: str, *, hint: str = _DUMP) -> NoReturn:
    msg = f"The schema {path} cannot be read: {why}."
    raise ConfigError(msg, hint=hint) from None
