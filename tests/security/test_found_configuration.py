"""A discovered configuration, unlike a named one, counts only if its user and root alone control it."""

import os
import struct
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.other_user import NOBODY, STRANGER, OtherProgram, copy_public_python, give, needs_root
from support.program import Program, Result

Plant = Callable[[Path], None]

# What a stranger would write: it runs a command of theirs before any database is asked.
PLANTED = """
[profiles.p]
database_url = "command:touch {mark}"
[profiles.p.webhook]
headers = {{ "X-Orchard" = "file:{mark}" }}
"""


@pytest.fixture
def orchard() -> Iterator[Path]:
    """Create a folder that other users may read."""
    with tempfile.TemporaryDirectory(prefix="agentctl-orchard-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def plant(folder: Path) -> Path:
    """Write a configuration whose command leaves a mark if it is run."""
    file = folder / "agentctl.toml"
    file.write_text(PLANTED.format(mark=folder / "mark"))
    file.chmod(0o644)
    return file


def refused(done: Result, *words: str) -> None:
    assert done.exit_code == 3, done
    error = done.json["error"]
    assert error["code"] == "config_untrusted", done
    assert "--config agentctl.toml" in error["hint"]
    assert all(word in error["message"] for word in words), error["message"]


def by_a_stranger(folder: Path) -> None:
    give(plant(folder), STRANGER)


def for_everybody(folder: Path) -> None:
    plant(folder).chmod(0o666)


def for_a_group(folder: Path) -> None:
    file = plant(folder)
    os.chown(file, -1, STRANGER.pw_gid)
    file.chmod(0o664)


def linked_by_a_stranger(folder: Path) -> None:
    plant(folder).rename(folder / "real.toml")
    (folder / "agentctl.toml").symlink_to("real.toml")
    give(folder / "agentctl.toml", STRANGER)


def linked_to_a_stranger_s(folder: Path) -> None:
    give(plant(folder).rename(folder / "real.toml"), STRANGER)
    (folder / "agentctl.toml").symlink_to("real.toml")


def through_a_stranger_s_folder(folder: Path) -> None:
    inner = folder / "inner"
    inner.mkdir()
    plant(folder).rename(inner / "real.toml")
    give(inner, STRANGER)
    (folder / "agentctl.toml").symlink_to("inner/real.toml")


def in_a_folder_of_a_stranger(folder: Path) -> None:
    plant(folder)
    give(folder, STRANGER)


def in_a_folder_for_everybody(folder: Path) -> None:
    plant(folder)
    folder.chmod(0o777)


HOSTILE: dict[str, tuple[Plant, str]] = {
    "by a stranger": (by_a_stranger, "belongs to the user daemon"),
    "for everybody": (for_everybody, "everyone may write to "),
    "for a group": (for_a_group, "the group daemon may write to "),
    "linked by a stranger": (linked_by_a_stranger, "is a link that belongs to the user daemon"),
    "linked to a stranger's": (linked_to_a_stranger_s, "real.toml belongs to the user daemon"),
    "linked through a stranger's folder": (
        through_a_stranger_s_folder,
        "inner belongs to the user daemon",
    ),
    "in a folder of a stranger": (in_a_folder_of_a_stranger, "belongs to the user daemon"),
    "in a folder for everybody": (in_a_folder_for_everybody, "everyone may write to "),
}


@needs_root
@pytest.mark.parametrize(("hostile", "word"), HOSTILE.values(), ids=HOSTILE.keys())
def test_refuses_a_configuration_that_others_control_before_reading_it(
    agentctl: Program, orchard: Path, hostile: Plant, word: str
) -> None:
    hostile(orchard)

    refused(agentctl("history", "--json", cwd=orchard), word)

    assert not (orchard / "mark").exists()


@needs_root
@pytest.mark.parametrize("hostile", [one for one, _ in HOSTILE.values()], ids=HOSTILE.keys())
@pytest.mark.parametrize("named", ["--config", "AGENTCTL_CONFIG"])
def test_accepts_a_named_configuration_whoever_owns_it(
    agentctl: Program, orchard: Path, hostile: Plant, named: str
) -> None:
    hostile(orchard)
    option = ("--config", "agentctl.toml") if named == "--config" else ()
    variable = {} if option else {"AGENTCTL_CONFIG": "agentctl.toml"}

    agentctl("history", *option, env=variable, cwd=orchard)

    assert (orchard / "mark").exists()


@needs_root
@pytest.mark.parametrize("hostile", [by_a_stranger, for_everybody, linked_by_a_stranger])
def test_refuses_a_configuration_in_a_home_that_others_control(
    agentctl: Program, orchard: Path, hostile: Plant
) -> None:
    folder = orchard / "agentctl"
    folder.mkdir()
    hostile(folder)

    done = agentctl("history", "--json", env={"XDG_CONFIG_HOME": str(orchard)})

    assert (done.exit_code, done.json["error"]["code"]) == (3, "config_untrusted")
    assert not (folder / "mark").exists()


@needs_root
def test_accepts_the_configurations_of_the_user_and_root_only(
    orchard: Path,
) -> None:
    with tempfile.TemporaryDirectory(prefix="agentctl-python-", dir="/tmp") as python:
        home = orchard / "home"
        home.mkdir()
        program = OtherProgram(give(home, NOBODY), copy_public_python(Path(python)))
        program("history")  # whatever it says: this one has no configuration

        give(plant(home), STRANGER)
        refused(program("history", "--json"), "belongs to the user daemon")
        assert not (home / "mark").exists()

        for owner in (0, NOBODY.pw_uid):
            os.chown(home / "agentctl.toml", owner, owner)
            assert "config_untrusted" not in program("history", "--json").stdout
            (home / "mark").unlink()


def test_follows_the_users_own_link_to_the_users_own_file(agentctl: Program, orchard: Path) -> None:
    dotfiles = orchard / "dotfiles"
    dotfiles.mkdir()
    plant(orchard).rename(dotfiles / "agentctl.toml")
    (orchard / "agentctl.toml").symlink_to("dotfiles/agentctl.toml")

    agentctl("history", cwd=orchard)

    assert (orchard / "mark").exists()


def test_accepts_a_file_of_a_private_group_and_in_a_sticky_folder(agentctl: Program, orchard: Path) -> None:
    orchard.chmod(0o1777)
    plant(orchard).chmod(0o664)

    agentctl("history", cwd=orchard)

    assert (orchard / "mark").exists()


@needs_root
def test_an_access_list_counts_as_other_users(agentctl: Program, orchard: Path) -> None:
    file = plant(orchard)
    give_by_access_list(file, STRANGER.pw_uid)

    refused(agentctl("history", "--json", cwd=orchard), "an access list lets others write")


def give_by_access_list(file: Path, user: int) -> None:
    """Let a user write to a file as `setfacl -m u:USER:rw` does."""
    read, write, nobody = 4, 2, 0xFFFFFFFF
    owner, named, group, mask, others = 0x01, 0x02, 0x04, 0x10, 0x20
    entries = (
        (owner, read | write, nobody),
        (named, read | write, user),
        (group, read, nobody),
        (mask, read | write, nobody),
        (others, read, nobody),
    )
    packed = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    os.setxattr(file, "system.posix_acl_access", packed)
