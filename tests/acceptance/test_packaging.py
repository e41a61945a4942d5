"""What is shipped: the wheel has all that the program reads, the sdist all that builds and tests it."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_PACKAGE = _ROOT / "src/agentctl"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build both, without the network that an isolated build would need."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", folder], cwd=_ROOT, check=True)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    [file] = built.glob("*.whl")
    return file


def test_the_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    files = {path for path in _PACKAGE.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert {str(path.relative_to(_PACKAGE.parent)) for path in files} <= _names(wheel)


def test_the_wheel_holds_the_sql_that_a_dba_reviews(wheel: Path) -> None:
    files = {f"agentctl/sql/{path.name}" for path in (_ROOT / "sql").glob("*.sql")}
    assert files
    assert files <= _names(wheel)


def test_the_wheel_holds_nothing_but_the_package(wheel: Path) -> None:
    names = {name.split("/")[0].split("-")[0] for name in _names(wheel)}
    assert names == {"agentctl", "agentctl_marketplace"}  # the package, and what is told of it


def test_the_program_finds_its_sql_where_the_wheel_was_unpacked(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    read = "from agentctl.resources import sql_bytes; print(sql_bytes('full').decode(), end='')"
    shown = subprocess.run(
        [sys.executable, "-c", read], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert shown.stdout == (_ROOT / "sql/full.sql").read_text()


def test_the_sdist_holds_what_builds_and_tests_the_program(built: Path) -> None:
    [sdist] = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "Makefile", "sql/minimal.sql", "tests/conftest.py"} <= names
    documents = {str(path.relative_to(_ROOT)) for path in (_ROOT / "docs").rglob("*.md")}
    assert documents | {"CONTRIBUTING.md", "benchmarks/startup.py"} <= names


def test_wheel_and_sdist_hold_the_licence(wheel: Path, built: Path) -> None:
    licence = (_ROOT / "LICENSE").read_bytes()
    assert licence.startswith(b"MIT License\n\nCopyright (c) 2026 The agentctl authors\n")
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/licenses/LICENSE")]
        assert archive.read(name) == licence
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = archive.read(name).decode()
    assert "\nName: agentctl-marketplace\n" in metadata
    assert "\nLicense-Expression: MIT\nLicense-File: LICENSE\n" in metadata
    [sdist] = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        assert [name for name in archive.getnames() if name.count("/") == 1 and name.endswith("/LICENSE")]


def _names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())
