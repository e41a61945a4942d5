"""The corpus, checked against a real PostgreSQL: exactly the expected findings, and no other."""

from collections.abc import Iterator

import pytest

from agentctl.core.catalog.introspection import Catalog
from agentctl.core.code_check.code_report import CodeReport, read_project, report_code, schemas_beyond
from agentctl.core.code_check.reading.source_files import find_sources
from agentctl.core.config.code_section import CodeSettings
from agentctl.core.database.connection import read_database_url
from agentctl.core.mapping import SchemaSettings, catalog_for, read
from agentctl.core.schema_files.baseline import record, write_baseline
from agentctl.core.schema_files.opening import open_schema_source
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
        with read_database_url(database.url, source="test").connect() as connection:
            yield catalog_for(connection, SchemaSettings(), also=SCHEMAS)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


def checked(case: Case, catalog: Catalog) -> CodeReport:
    """Check one case from its own folder."""
    settings = CodeSettings()
    paths = [case.path.relative_to(case.folder)]
    project = read_project(find_sources(paths), paths, lambda _: None)
    assert set(schemas_beyond(catalog, project)) <= set(SCHEMAS)
    return report_code(project, read(catalog), settings, catalog=catalog)


@pytest.fixture(scope="module")
def catalog_of_file() -> Catalog:
    """Return the catalog that is read from the schema's SQL."""
    return open_schema_source(SCHEMA).catalog


@pytest.fixture(scope="module")
def catalog_of_baseline(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Return the catalog that is read from a baseline of the database."""
    path = tmp_path_factory.mktemp("baseline") / "schema.json"
    write_baseline(path, record(catalog.tables, catalog.functions, whole=True))
    return open_schema_source(path).catalog


@pytest.mark.parametrize("case", CASES, ids=str)
def test_reports_exactly_the_marked_findings(
    case: Case,
    catalog: Catalog,
    catalog_of_file: Catalog,
    catalog_of_baseline: Catalog,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(case.folder)
    report = checked(case, catalog)
    assert _expected(report) == case.expected()
    assert {Open(one.location.file, one.location.line) for one in report.unresolved} >= set(case.unresolved())
    assert _expected(checked(case, catalog_of_file)) == case.expected()
    assert _expected(checked(case, catalog_of_baseline)) == case.expected()


def _expected(report: CodeReport) -> tuple[Expected, ...]:
    return tuple(
        sorted(
            Expected(finding.location.file, finding.location.line, finding.id, finding.object)
            for finding in report.findings
            if finding.id != "code-unparsed" and finding.location is not None
        )
    )
