"""The corpus, compared with a real PostgreSQL: exactly the findings that are expected, and no other."""

from collections.abc import Iterator

import pytest

from agentctl.core.catalog import Catalog
from agentctl.core.code_report import CodeReport, read_project, report_code, schemas_beyond, sources_of
from agentctl.core.code_section import CodeSettings
from agentctl.core.codescan.uses import Place
from agentctl.core.database import at
from agentctl.core.mapping import SchemaSettings, catalog_for, read
from codescan.expectations import SCHEMA, Case, Expected, Open, cases
from support.marketplace import empty_database
from support.postgres import Server

pytestmark = pytest.mark.every_postgres
CASES = cases()
SCHEMAS = ("billing",)


@pytest.fixture(scope="module")
def catalog(server: Server) -> Iterator[Catalog]:
    """Introspect a database with the corpus's schema."""
    with empty_database(server) as database:
        with database.connect() as connection:
            connection.execute(SCHEMA.read_bytes())
        with at(database.url, place="test").connect() as connection:
            yield catalog_for(connection, SchemaSettings(), also=SCHEMAS)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


def checked(case: Case, catalog: Catalog) -> CodeReport:
    """Check one case from its own folder."""
    settings = CodeSettings()
    paths = [case.path.relative_to(case.folder)]
    project = read_project(sources_of(paths, settings), paths, lambda _: None)
    assert set(schemas_beyond(catalog, project)) <= set(SCHEMAS)
    return report_code(project, read(catalog), settings, catalog=catalog)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_exactly_what_is_expected_is_found(
    case: Case, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(case.folder)
    report = checked(case, catalog)
    found = (one for one in report.findings if one.id != "code-unparsed")
    assert tuple(sorted(map(_expected, found))) == case.expected()
    unresolved = {_line(one.place) for one in report.unresolved}
    assert unresolved >= set(case.unresolved())


def _expected(finding: object) -> Expected:
    return Expected(finding.file, finding.line, finding.id, finding.object)  # type: ignore[attr-defined]


def _line(place: Place) -> Open:
    return Open(place.file, place.line)
