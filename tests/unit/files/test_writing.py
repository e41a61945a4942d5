"""Files are written whole, by one module, and never where somebody else's link leads.

Where a second user is needed, root gives away what it made: a link, a file, a folder.
"""

import ast
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agentctl.core.errors import SetupError
from agentctl.core.files.writing import (
    append_line,
    make_own_folder,
    open_lock,
    open_to_append,
    write_atomically,
    write_new,
)
from support.other_user import STRANGER, give, needs_root

SOURCE = Path(__file__).parents[3] / "src/agentctl"
VICTIM = "pears, quinces"


@pytest.fixture
def commons() -> Iterator[Path]:
    """Make a folder in which everybody may put files, and where all own what they made, as /tmp is."""
    with tempfile.TemporaryDirectory(prefix="agentctl-commons-", dir="/tmp") as name:
        Path(name).chmod(0o1777)
        yield Path(name)


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """Make a file of this user's that a stranger would like to see overwritten."""
    path = tmp_path / "authorized_keys"
    path.write_text(VICTIM)
    return path


# Links


@needs_root
@pytest.mark.parametrize("mode", [0o1777, 0o777, 0o755])
def test_a_stranger_s_link_is_not_followed_in_any_folder(commons: Path, victim: Path, mode: int) -> None:
    commons.chmod(mode)
    link = commons / "plan.sql"
    link.symlink_to(victim)
    give(link, STRANGER)

    with pytest.raises(SetupError, match=" is a link that belongs to the user daemon"):
        write_atomically(link, "mine")

    assert victim.read_text() == VICTIM
    assert [path.name for path in commons.iterdir()] == ["plan.sql"]


@needs_root
def test_a_stranger_s_link_to_nothing_makes_no_file(commons: Path, tmp_path: Path) -> None:
    link = commons / "plan.sql"
    link.symlink_to(tmp_path / "cron.d")
    give(link, STRANGER)

    with pytest.raises(SetupError):
        write_atomically(link, "mine")

    assert not (tmp_path / "cron.d").exists()


@needs_root
def test_a_stranger_s_link_to_a_folder_on_the_way_is_not_followed(commons: Path, tmp_path: Path) -> None:
    (commons / "reports").symlink_to(tmp_path)
    give(commons / "reports", STRANGER)

    with pytest.raises(SetupError, match="reports is a link that belongs to"):
        write_atomically(commons / "reports/plan.sql", "mine")

    assert list(tmp_path.iterdir()) == []


@needs_root
def test_a_link_of_one_s_own_that_leads_to_a_stranger_s_link_is_not_followed(
    commons: Path, victim: Path
) -> None:
    (commons / "second").symlink_to(victim)
    give(commons / "second", STRANGER)
    (commons / "first").symlink_to("second")

    with pytest.raises(SetupError):
        write_atomically(commons / "first", "mine")

    assert victim.read_text() == VICTIM


def test_a_link_of_one_s_own_stays_a_link_and_its_file_is_replaced(tmp_path: Path, victim: Path) -> None:
    (tmp_path / "dotfiles").symlink_to(victim.parent)
    link = tmp_path / "plan.sql"
    link.symlink_to("dotfiles/authorized_keys")

    write_atomically(link, "mine")

    assert link.is_symlink()
    assert victim.read_text() == "mine"


def test_links_that_lead_in_a_circle_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("other")
    (tmp_path / "other").symlink_to("one")

    with pytest.raises(SetupError, match="Too many levels"):
        write_atomically(tmp_path / "one", "mine")


# Files


@needs_root
@pytest.mark.parametrize("mode", [0o1777, 0o1775, 0o777], ids=oct)
def test_a_stranger_s_file_is_not_replaced_where_others_may_put_files(commons: Path, mode: int) -> None:
    commons.chmod(mode)
    theirs = commons / "plan.sql"
    theirs.write_text(VICTIM)
    give(theirs, STRANGER)

    with pytest.raises(SetupError, match=" belongs to the user daemon"):
        write_atomically(theirs, "mine")

    assert theirs.read_text() == VICTIM


@needs_root
def test_a_stranger_s_pipe_and_hard_link_get_nothing(commons: Path, victim: Path) -> None:
    pipe = commons / "plan.sql"
    os.mkfifo(pipe)
    give(pipe, STRANGER)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(SetupError, match=" belongs to the user daemon"):
        write_atomically(pipe, "mine")
    os.close(reader)

    name = victim.parent / "same-file"
    os.link(victim, name)
    write_atomically(name, "mine")
    assert victim.read_text() == VICTIM  # a new file has taken the name


@needs_root
def test_what_replaces_a_stranger_s_file_does_not_have_its_mode(tmp_path: Path) -> None:
    theirs = tmp_path / "plan.sql"
    theirs.write_text(VICTIM)
    theirs.chmod(0o666)
    give(theirs, STRANGER)

    write_atomically(theirs, "mine")

    now = theirs.stat()
    assert (now.st_uid, stat.S_IMODE(now.st_mode) & 0o022) == (os.geteuid(), 0)


def test_a_file_of_one_s_own_keeps_its_mode_and_a_new_one_has_the_mode_that_was_asked_for(
    tmp_path: Path,
) -> None:
    mine = tmp_path / "plan.sql"
    mine.touch(mode=0o600)
    mine.chmod(0o640)
    write_atomically(mine, "mine")
    assert stat.S_IMODE(mine.stat().st_mode) == 0o640

    for mode in (0o600, 0o644):
        write_atomically(tmp_path / f"{mode}", "mine", mode=mode)
        assert stat.S_IMODE((tmp_path / f"{mode}").stat().st_mode) == mode


def test_a_block_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    mine = tmp_path / "plan.sql"
    mine.write_text("old")

    def refuse(new: Path) -> None:
        assert new.read_text() == "new"
        raise SetupError(new.name)

    with pytest.raises(SetupError):
        write_atomically(mine, "new", check=refuse)

    assert mine.read_text() == "old"
    assert list(tmp_path.iterdir()) == [mine]


@pytest.mark.parametrize("stream", ["/dev/stdout", "/proc/self/fd/1", "/dev/fd/1"])
@pytest.mark.parametrize("where", ["pipe", "file"])
def test_what_the_program_has_open_is_written_to_as_it_is(tmp_path: Path, stream: str, where: str) -> None:
    code = "import sys; from pathlib import Path\n"
    code += "from agentctl.core.files.writing import write_atomically as write\n"
    code += "write(Path(sys.argv[1]), 'one\\n'); write(Path(sys.argv[1]), 'two\\n')"
    command = [sys.executable, "-c", code, stream]
    if where == "pipe":
        assert subprocess.run(command, check=True, capture_output=True).stdout == b"one\ntwo\n"
        return
    with (tmp_path / "out").open("wb") as out:
        subprocess.run(command, check=True, stdout=out)
    assert (tmp_path / "out").read_text() == "one\ntwo\n"


@pytest.mark.parametrize("name", [".", "..", "folder", "folder/"])
def test_a_folder_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SetupError, match="cannot be written: Is a directory"):
        write_atomically(Path(name), "mine")


# What nobody named


def test_a_new_file_is_written_through_no_link_of_anybody_s(tmp_path: Path, victim: Path) -> None:
    (tmp_path / "result.bin").symlink_to(tmp_path / "nothing")

    with pytest.raises(FileExistsError):
        write_new(tmp_path / "result.bin", b"mine")

    assert not (tmp_path / "nothing").exists()
    assert victim.read_text() == VICTIM


@pytest.mark.parametrize("opening", [open_to_append, open_lock])
def test_a_lock_and_a_log_are_opened_through_no_link_of_anybody_s(
    tmp_path: Path, victim: Path, opening: Callable[[Path], object]
) -> None:
    (tmp_path / "log").symlink_to(victim)

    with pytest.raises(OSError, match="Too many levels"):
        opening(tmp_path / "log")


@needs_root
def test_a_folder_that_a_stranger_has_made_or_may_change_is_not_used(commons: Path) -> None:
    theirs = commons / "state"
    theirs.mkdir()
    give(theirs, STRANGER)
    with pytest.raises(PermissionError, match="state belongs to the user daemon"):
        make_own_folder(theirs / "agentctl")
    with pytest.raises(PermissionError, match="state belongs to the user daemon"):
        append_line(theirs / "agentctl/journal.jsonl", "mine", largest=1000, kept=1)
    assert list(theirs.iterdir()) == []

    mine = commons / "mine"
    mine.mkdir()
    mine.chmod(0o777)
    with pytest.raises(PermissionError, match="everyone may write to"):
        make_own_folder(mine / "agentctl")


def test_lines_are_added_and_old_files_make_room(tmp_path: Path) -> None:
    path = tmp_path / "state/agentctl/journal.jsonl"
    for number in range(7):
        append_line(path, f"line {number}", largest=2 * len("line 0\n"), kept=2)

    kept = {file.name: file.read_text().split("\n")[:-1] for file in path.parent.glob("journal.jsonl*")}
    assert kept == {
        "journal.jsonl": ["line 6"],
        "journal.jsonl.1": ["line 4", "line 5"],
        "journal.jsonl.2": ["line 2", "line 3"],
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


# One module


_WRITING_METHODS = frozenset({"write_text", "write_bytes", "touch", "symlink_to", "hardlink_to", "mkfifo"})
_WRITING_CALLS = frozenset(
    {
        *("os.open", "os.mkfifo", "os.symlink", "os.link", "os.truncate"),
        *("shutil.copy", "shutil.copy2", "shutil.copyfile", "shutil.copytree", "shutil.move"),
        *("FileLock", "RotatingFileHandler", "FileHandler", "NamedTemporaryFile", "mkstemp"),
    }
)


def find_writing(tree: ast.AST) -> Iterator[str]:
    """Yield each call that could open a file for writing."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        method = called.rpartition(".")[2]
        if method in _WRITING_METHODS or called in _WRITING_CALLS or called.startswith("tempfile."):
            yield ast.unparse(node)
        elif method in {"open", "fdopen"}:
            modes = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "mode")]
            texts = [
                one.value for one in modes if isinstance(one, ast.Constant) and isinstance(one.value, str)
            ]
            if any(set(text) <= set("rwxabt+") and set(text) & set("wxa+") for text in texts):
                yield ast.unparse(node)


def test_no_other_module_opens_a_file_for_writing() -> None:
    found = {
        f"{path.relative_to(SOURCE)}: {call}"
        for path in SOURCE.rglob("*.py")
        for call in find_writing(ast.parse(path.read_text(encoding="utf-8")))
        if path.relative_to(SOURCE) != Path("core/files/writing.py")
    }
    # Folders are opened to be walked through, the null device to have somewhere to write to.
    assert {
        one for one in found if "os.devnull" not in one and "core/files/ownership.py: os.open" not in one
    } == set()
    assert sum("core/files/ownership.py" in one for one in found) == 1


@pytest.mark.parametrize(
    "code",
    [
        *("open(p, 'w')", "p.open('ab')", "p.open(mode='x')", "p.write_text('')", "p.touch()"),
        *("os.open(p, 1)", "tempfile.mkdtemp()", "shutil.copy(p, p)", "FileLock(p)", "open(p, 'r+b')"),
    ],
)
def test_each_way_to_open_a_file_for_writing_is_recognised(code: str) -> None:
    assert list(find_writing(ast.parse(code)))
    assert not list(find_writing(ast.parse("open(p); p.open('rb'); p.open(encoding='utf-8'); p.read_text()")))
