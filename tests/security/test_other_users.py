"""Links and files that other users of the machine plant where agentctl writes.

The operator here is root, since only root can act as another user, who then owns the planted files.
"""

import json
import os
import pwd
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentctl.core.files.user_folders import find_cache_folder, find_data_folder, find_state_folder
from support.code_project import AFTER, write_app
from support.other_user import NOBODY, STRANGER, give, needs_root
from support.program import Program
from support.webhook_server import Reply

pytestmark = needs_root
VICTIM = "pears, quinces"

# The real program, on a machine on which root lives in another folder.
_MOVED_ROOT = """
import os, pwd
real = pwd.getpwuid
def moved(user):
    entry = real(user)
    return entry if user else pwd.struct_passwd([*entry[:5], os.environ["ROOT_HOME"], entry[6]])
pwd.getpwuid = moved
from agentctl.__main__ import main
main()
"""


@pytest.fixture
def commons() -> Iterator[Path]:
    """Create a folder in which everybody may put files, like /tmp."""
    with tempfile.TemporaryDirectory(prefix="agentctl-commons-", dir="/tmp") as name:
        Path(name).chmod(0o1777)
        yield Path(name)


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    path = tmp_path / "authorized_keys"
    path.write_text(VICTIM)
    return path


@pytest.fixture
def their_home(tmp_path: Path) -> Path:
    """Create the home of a user who has become root and has kept HOME."""
    home = tmp_path / "their-home"
    home.mkdir()
    return give(home, NOBODY)


def plant(path: Path, to: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(to)
    return give(path, STRANGER)


WRITING = {
    "a plan": ("migrate-full", "--dry-run", "-o"),
    "a baseline": ("schema-check", "--write-baseline"),
    "a report": ("schema-check", "--format", "sarif", "-o"),
}


def look_at(home: Path) -> dict[Path, tuple[int, ...]]:
    """Return what a write would change of a folder and all below it; the time of reading is not among it."""
    found = {path: path.lstat() for path in (home, *home.rglob("*"))}
    return {
        path: (
            stat.st_mode,
            stat.st_ino,
            stat.st_uid,
            stat.st_gid,
            stat.st_size,
            stat.st_mtime_ns,
            stat.st_ctime_ns,
        )
        for path, stat in found.items()
    }


def test_writes_no_plan_baseline_or_report_through_another_users_link(
    shop: Any, commons: Path, victim: Path
) -> None:
    for number, (what, command) in enumerate(WRITING.items()):
        link = plant(commons / f"{number}.txt", victim)
        done = shop.program(*command, link)
        assert done.exit_code == 3, (what, done)
        assert "is a link that belongs to the user daemon" in done.stderr, what
        assert victim.read_text() == VICTIM, what
        good = commons / f"{number}-mine.txt"
        assert shop.program(*command, good).exit_code in {0, 6}, what
        assert good.exists(), what


def test_init_writes_no_configuration_through_another_users_link(
    shop: Any, commons: Path, tmp_path: Path
) -> None:
    link = plant(commons / "agentctl.toml", tmp_path / "profile.d")
    url = shop.marketplace.url

    done = shop.program("init", "--database-url", "env:MARKET", "--config", link, env={"MARKET": url})

    assert done.exit_code == 3, done
    assert not (tmp_path / "profile.d").exists()


def test_a_result_is_not_written_through_another_users_link_and_is_not_lost(
    shop: Any, commons: Path, victim: Path
) -> None:
    shop.answer(Reply.text("# Plums"))
    link = plant(commons / "plums.md", victim)

    whole = shop.run_json("seo-blog", "topic=Plums", "-o", link, exit_code=3)

    assert whole["error"]["code"] == "result_not_written"
    assert "is a link that belongs to the user daemon" in whole["error"]["message"]
    assert victim.read_text() == VICTIM
    assert Path(whole["data"]["result_file"]).read_text() == "# Plums"


def test_root_writes_nothing_in_another_users_home_and_follows_none_of_its_links(
    shop: Any, their_home: Path, victim: Path, tmp_path: Path
) -> None:
    write_app(shop.program.home, AFTER)
    for name in (".local/state/agentctl/journal.jsonl", ".cache/agentctl", ".local/share/agentctl"):
        plant(their_home / name, victim if name.endswith("jsonl") else tmp_path)
    for path in their_home.rglob("*"):
        give(path, NOBODY)
    before = look_at(their_home)
    roots_own = tmp_path / "root"
    roots_own.mkdir()
    program = Program(their_home, (sys.executable, "-P", "-c", _MOVED_ROOT))
    folders = {"XDG_CONFIG_HOME": ".config", "XDG_DATA_HOME": ".local/share", "XDG_CACHE_HOME": ".cache"}
    environment = {
        "ROOT_HOME": str(roots_own),
        "XDG_STATE_HOME": str(their_home / ".local/state"),
        **{name: str(their_home / folder) for name, folder in folders.items()},
    }
    config = shop.program.home / "agentctl.toml"

    ran = program("run", "seo-blog", "topic=Plums", "--config", config, env=environment)
    assert ran.exit_code == 0, ran
    code = shop.program.home / "app"
    assert program("schema-check", "--code", code, "--config", config, env=environment).exit_code in {0, 6}

    assert victim.read_text() == VICTIM
    assert look_at(their_home) == before
    journal = roots_own / ".local/state/agentctl/journal.jsonl"
    assert [json.loads(line)["event"] for line in journal.read_text().splitlines()] == ["calling", "answered"]
    assert list((roots_own / ".cache/agentctl/code").iterdir())


def test_a_journal_line_of_another_user_is_no_evidence(shop: Any, tmp_path: Path) -> None:
    state = tmp_path / "state"
    environment = {"XDG_STATE_HOME": str(state)}
    shop.answer(Reply.text("# Plums"))
    ran = shop.program("run", "seo-blog", "topic=Plums", "--json", env=environment).json["data"]
    shown = ("history", ran["execution"]["id"], "--json")
    assert shop.program(*shown, env=environment).json["data"]["journal"]

    give(state / "agentctl/journal.jsonl", STRANGER)

    assert shop.program(*shown, env=environment).json["data"]["journal"] == []


@pytest.mark.parametrize("find", [find_state_folder, find_cache_folder, find_data_folder])
def test_root_uses_the_folders_of_home_only_if_root_owns_it(
    their_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, find: Any
) -> None:
    for name in [name for name in os.environ if name.startswith("XDG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find().is_relative_to(tmp_path)
    monkeypatch.setenv("HOME", str(their_home))
    assert find().is_relative_to(pwd.getpwuid(0).pw_dir)
