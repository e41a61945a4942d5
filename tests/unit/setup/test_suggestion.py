"""What a database is called by others never becomes a line of configuration, whatever they call it."""

import tomllib
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.core.config.profiles import check_written
from agentctl.core.errors import ConfigError, SetupError
from agentctl.core.files.writing import write_atomically
from agentctl.core.mapping import read
from agentctl.core.mapping.checks import column_unfilled
from agentctl.core.models import Agent
from agentctl.core.setup.suggestion import Configuration, Profile, configuration
from support.catalogs import catalog

READING = read(catalog())
EVIL = '[profiles.default.n8n]\nurl = "http://plum.example"'
LINE_ENDS = ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"]
OTHERS = ["\0", "\x1b[31m", "\u202e", "\u2066", "\u200b"]


def agent(slug: str) -> Agent:
    return Agent(
        id=1,
        slug=slug,
        name="Quince",
        description=None,
        category=None,
        price=1,
        active=True,
        deleted=False,
        raw_form=None,
        webhook_url=None,
        platforms=(),
    )


def written(*, comment: str = "", host: str = "", slug: str = "") -> Configuration:
    """Write a configuration in which the same foreign text stands wherever one can."""
    finding = column_unfilled.CHECK.finding("orchard", comment, comment)
    profile = Profile("default", "env:PLUM", allow_hosts=[host], silent_agents=[(agent(slug), "QUINCE")])
    return configuration(READING, profile, [finding])


@pytest.mark.parametrize("end", [*LINE_ENDS, *OTHERS], ids=repr)
def test_a_name_in_a_comment_cannot_end_the_comment_and_hides_nothing(end: str) -> None:
    text = written(comment=f"orchard{end}{EVIL}".replace("\n", end)).text

    assert "n8n" not in tomllib.loads(text)["profiles"]["default"]
    assert all(line.lstrip().startswith("#") for line in text.splitlines() if "plum.example" in line)
    hidden = {character for character in text if unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"}}
    assert hidden <= {"\n"}


@given(st.text(max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_any_foreign_text_leaves_a_configuration_that_says_what_was_meant(
    comment: str, host: str, slug: str
) -> None:
    made = written(comment=comment, host=host, slug=slug)

    assert tomllib.loads(made.text) == {
        "default_profile": "default",
        "profiles": {
            "default": {
                "database_url": "env:PLUM",
                "webhook": {"allow_hosts": [host]},
                "agents": {slug: {"webhook_url": "env:QUINCE"}},
                "schema": {},
            }
        },
    }


def test_a_name_that_no_configuration_can_hold_is_an_error() -> None:
    with pytest.raises(SetupError, match="cannot be written into a configuration"):
        written(host="\ud800")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            'default_profile = "p"\n[profiles.p]\ndatabase_url = "env:PEAR"\n',
            "was not read back as it was written",
        ),
        ("default_profile = \n", "not valid TOML"),
        ('default_profile = "p"\r[profiles.p]\rdatabase_url = "env:PLUM"\r', "not valid TOML"),
    ],
)
def test_a_file_that_says_something_else_is_not_kept(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "agentctl.toml"
    path.write_text("# mine\n")
    meaning = {"default_profile": "p", "profiles": {"p": {"database_url": "env:PLUM"}}}

    with pytest.raises(ConfigError, match=why):
        write_atomically(path, text, check=lambda new: check_written(new, profile="p", meaning=meaning))

    assert path.read_text() == "# mine\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_agentctl_would_not_read_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "agentctl.toml"
    text = '[profiles.p]\ndatabase_url = "env:PLUM"\nplum = 1\n'

    with pytest.raises(ConfigError, match="plum is not a known key"):
        write_atomically(
            path, text, check=lambda new: check_written(new, profile="p", meaning=tomllib.loads(text))
        )

    assert list(tmp_path.iterdir()) == []
