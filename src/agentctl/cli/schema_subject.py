"""What schema-check looks at: the configured database, or a file that stands for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from agentctl.cli.session import Session
from agentctl.render.clean import clean_line

if TYPE_CHECKING:
    from agentctl.core.catalog.introspection import Catalog
    from agentctl.core.config.profiles import Profile
    from agentctl.core.findings.finding import Finding
    from agentctl.core.mapping import Reading


class Subject(Struct, frozen=True):
    """A schema, and what was made of it.

    Attributes:
        live: whether it is a database's.
        whole: whether it holds everything that there is in its schemas.
        in_rows: what rows show of it.
        catalog_with: reads it again with more schemas; for as long as the subject is open.

    """

    profile: "Profile"
    reading: "Reading"
    live: bool
    whole: bool
    in_rows: "tuple[Finding, ...]"
    catalog_with: "Callable[[tuple[str, ...]], Catalog]"


@contextmanager
def subject_of(session: Session, file: Path | None) -> Iterator[Subject]:
    """Yield the schema of a file, or of the configured database where none is named."""
    with _from_database(session) if file is None else _from_file(session, file) as subject:
        yield subject


@contextmanager
def _from_file(session: Session, file: Path) -> Iterator[Subject]:
    from agentctl.core.mapping import read
    from agentctl.core.schema_files.opening import open_schema_source

    profile, source = session.profile_alone(), open_schema_source(file)
    for problem in source.problems:
        session.note(
            clean_line(f"{problem.location.file}:{problem.location.line}: skipped: {problem.message}")
        )
    reading = read(source.catalog, profile.schema)
    yield Subject(
        profile, reading, live=False, whole=source.whole, in_rows=(), catalog_with=lambda _: source.catalog
    )


@contextmanager
def _from_database(session: Session) -> Iterator[Subject]:
    from agentctl.core.credits.derived_balance import find_sums
    from agentctl.core.mapping import catalog_for, read

    with session.marketplace(reads=True) as (database, profile):
        with database.connect() as connection:
            catalog = catalog_for(connection, profile.schema, visibility=True)
            reading = read(catalog, profile.schema)
            in_rows = tuple(find_sums(connection, reading.marketplace)) if reading.marketplace else ()

        def catalog_with(schemas: tuple[str, ...]) -> "Catalog":
            if not schemas:
                return catalog
            with database.connect() as connection:
                return catalog_for(connection, profile.schema, also=schemas)

        yield Subject(profile, reading, live=True, whole=True, in_rows=in_rows, catalog_with=catalog_with)
