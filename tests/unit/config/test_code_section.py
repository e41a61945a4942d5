"""`[profiles.NAME.code]`: what schema-check leaves out of code, and mistakes named by file, line and key."""

from collections.abc import Callable
from pathlib import Path

import pytest

from agentctl.core.config.code_section import CodeSettings, Ignored
from agentctl.core.config.key_lines import find_line
from agentctl.core.config.profiles import Profile, load_profile
from agentctl.core.errors import ConfigError

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(text: str) -> Path:
        path = tmp_path / "agentctl.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return to_file


def load(path: Path | None, *, profile: str | None = None, **environment: str) -> Profile:
    return load_profile(config=path, profile=profile, environment=environment, needs_database=False)


def refused(path: Path) -> ConfigError:
    with pytest.raises(ConfigError) as error:
        load(path)
    return error.value


def test_the_section_is_read(write: Write) -> None:
    path = write("""
        [profiles.a.code]
        exclude = ["**/*.test.ts", "scripts/"]
        [[profiles.a.code.ignore]]
        id = "table-missing"
        [[profiles.a.code.ignore]]
        object = "legacy.*"
        file = "src/**"
    """)
    assert load(path).code == CodeSettings(
        exclude=("**/*.test.ts", "scripts/"),
        ignore=(Ignored(id="table-missing"), Ignored(object="legacy.*", file="src/**")),
    )


def test_tables_may_stand_in_one_line(write: Write) -> None:
    path = write('[profiles.a]\ncode.ignore = [{ object = "x" }, { file = "y" }]')
    assert load(path).code.ignore == (Ignored(object="x"), Ignored(file="y"))


def test_nothing_is_left_out_where_nothing_is_said(write: Write) -> None:
    assert load(write("[profiles.a]")).code == CodeSettings(exclude=(), ignore=())


_TWO = '[profiles.a]\nuser = "u"\n[[profiles.a.code.ignore]]\nobject = "x"\n\n[[profiles.a.code.ignore]]\n'


@pytest.mark.parametrize(
    ("text", "complaint", "hint"),
    [
        (
            "[profiles.a.code]\nexcluded = []",
            "line 2: profiles.a.code.excluded is not a known key",
            "'exclude'",
        ),
        (
            '[profiles.a.code]\nexclude = "x"',
            "line 2: profiles.a.code.exclude must be a list of text values",
            None,
        ),
        ("[profiles.a.code]\nignore = 1", "line 2: profiles.a.code.ignore must be a list of tables", None),
        ("[profiles.a.code.ignore]\nid = 1", "line 1: profiles.a.code.ignore must be a list of tables", None),
        ("[profiles.a.code]\nignore = [1]", "line 2: profiles.a.code.ignore must be a list of tables", None),
        (f"{_TWO}idd = 1", "line 7: profiles.a.code.ignore[2].idd is not a known key", "'id'"),
        (f"{_TWO}object = 1", "line 7: profiles.a.code.ignore[2].object must be text in quotes", None),
        (
            f'{_TWO}id = "table-mising"',
            "line 7: profiles.a.code.ignore[2].id is not a known word",
            "'table-missing'",
        ),
        (f'{_TWO}id = "zzz"', "line 7: profiles.a.code.ignore[2].id is not a known word", "table-missing, "),
        (_TWO, "line 6: profiles.a.code.ignore[2] must have one of id, object, file", None),
        (
            '[profiles.a.code]\nignore = [{ id = "table-missing" }, { file = 7 }]',
            "line 2: profiles.a.code.ignore[2].file must be text",
            None,
        ),
    ],
)
def test_a_mistake_is_named_with_file_line_and_key(
    write: Write, text: str, complaint: str, hint: str | None
) -> None:
    path = write(text)
    error = refused(path)
    assert error.message.startswith(f"{path}, {complaint}")
    assert hint is None or hint in str(error.hint)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("a", 0), 1),
        (("a", 0, "b"), 2),
        (("a", 1), 3),
        (("a", 1, "b"), 4),
        (("a", 1, "absent"), 3),
        (("a", 2, "b"), 1),
        (("a",), 1),
        (("c", 0, "b"), 6),
    ],
)
def test_the_line_of_a_key_is_found_in_the_right_table_of_several(
    keys: tuple[str | int, ...], line: int
) -> None:
    assert find_line("[[a]]\nb = 1\n[[ a ]]\nb = 2\n[[c]]\nb = 3\n", keys) == line


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is configured."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("nowhere")
def test_where_no_database_is_needed_nothing_need_be_configured_and_no_sandbox_is_meant() -> None:
    assert load(None) == Profile(name="default")


def test_a_profile_without_a_database_is_enough_where_none_is_needed(write: Write) -> None:
    path = write('[profiles.a]\nuser = "u"')
    assert load(path).name == "a"
    assert load(path).database_url is None
    assert load(write("")) == Profile(name="default")


def test_a_database_that_is_configured_is_known_though_none_is_needed(write: Write) -> None:
    path = write('[profiles.a]\ndatabase_url = "x"')
    assert str(load(path).database_url) == f"Value(origin='{path}, line 2: profiles.a.database_url')"
    assert load(path, AGENTCTL_DATABASE_URL="y").database_url is not None


def test_other_mistakes_are_errors_though_no_database_is_needed(write: Write) -> None:
    two = "[profiles.a]\n[profiles.b]\n"
    assert "does not say which profile" in refused(write(two)).message
    assert load(write(two), profile="b").name == "b"
    with pytest.raises(ConfigError, match="no profile 'c'"):
        load(write(two), profile="c")
