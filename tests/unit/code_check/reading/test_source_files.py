"""Which files are read: those that git would list, in the languages that are understood, each once."""

import os
import subprocess
from pathlib import Path

import pytest

from agentctl.core.code_check.reading.source_files import LARGEST, Language
from agentctl.core.errors import UsageError
from support.source_tree import found, lay, names


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_the_extension_determines_the_language() -> None:
    lay(["a.ts", "b.tsx", "c.mts", "d.cts", "e.js", "f.jsx", "g.mjs", "h.cjs", "i.sql", "j.py", "K.SQL"])
    languages = {file.name: file.language for file in found().files}
    assert languages == {
        **dict.fromkeys(["a.ts", "c.mts", "d.cts"], Language.TYPESCRIPT),
        "b.tsx": Language.TSX,
        **dict.fromkeys(["e.js", "f.jsx", "g.mjs", "h.cjs"], Language.JAVASCRIPT),
        **dict.fromkeys(["i.sql", "K.SQL"], Language.SQL),
        "j.py": Language.PYTHON,
    }


def test_declarations_minified_code_and_other_files_are_left_out() -> None:
    lay(["a.d.ts", "a.d.mts", "b.min.js", "c.json", "README", "ts", "d.ts.bak", "e.ts"])
    assert names() == ["e.ts"]


def test_files_come_sorted_those_of_a_folder_before_its_folders() -> None:
    lay(["z.ts", "b/z.ts", "b/a.ts", "a/c/x.ts", "a/x.ts", "B.ts"])
    assert names() == ["B.ts", "z.ts", "a/x.ts", "a/c/x.ts", "b/a.ts", "b/z.ts"]


def test_a_name_is_relative_to_the_current_folder_or_else_absolute(here: Path) -> None:
    lay(["src/a.ts"])
    lay(["b.ts"], root=here.parent / "there")
    assert names("src/../src", "../there") == ["src/a.ts", str(here.parent / "there/b.ts")]
    assert [file.path for file in found("src").files] == [here / "src/a.ts"]
    assert names(str(here)) == ["src/a.ts"]


def test_a_file_that_several_paths_reach_is_taken_once(here: Path) -> None:
    lay(["src/a.ts", "src/b/c.ts"])
    (here / "link").symlink_to("src")
    (here / "src/again.ts").symlink_to("a.ts")
    assert names("src/b", ".", "src/b/c.ts", "link") == ["src/b/c.ts", "src/a.ts"]


def test_folders_of_git_and_package_managers_are_entered_only_if_named() -> None:
    lay(["node_modules/x/a.js", "p/node_modules/b.js", ".git/hooks/c.py", "p/a.ts"])
    lay([".venv/pyvenv.cfg", ".venv/lib/d.py", "tools/env/pyvenv.cfg", "tools/env/e.py", "venv/f.py"])
    assert names() == ["p/a.ts", "venv/f.py"]
    assert names("node_modules/x") == ["node_modules/x/a.js"]
    assert names("tools/env") == ["tools/env/e.py"]


def test_links_to_folders_or_nothing_and_special_files_are_skipped(here: Path) -> None:
    lay(["src/a.ts", "outside/b.ts"])
    (here / "src/loop").symlink_to("..")
    (here / "src/gone.ts").symlink_to("nothing")
    (here / "src/itself.ts").symlink_to("itself.ts")
    (here / "src/folder.ts").mkdir()
    (here / "src/linked.ts").symlink_to("../outside/b.ts")
    os.mkfifo(here / "src/pipe.ts")
    assert names("src") == ["src/a.ts", "src/linked.ts"]
    assert found("src").unread == ()


def test_a_folder_that_is_a_link_may_be_named(here: Path) -> None:
    lay(["src/a.ts"])
    (here / "link").symlink_to("src")
    assert names("link") == ["link/a.ts"]


@pytest.mark.parametrize("path", ["absent", "absent/a.ts", "a.ts/b", "a\0b"])
def test_a_path_that_does_not_exist_is_named(path: str) -> None:
    lay(["a.ts"])
    with pytest.raises(UsageError) as error:
        found(".", path)
    assert repr(path) in error.value.message


@pytest.mark.parametrize("path", ["README", "pipe", "/dev/null"])
def test_a_named_path_that_cannot_be_source_code_is_an_error(path: str, here: Path) -> None:
    lay(["README"])
    os.mkfifo(here / "pipe")
    with pytest.raises(UsageError, match="neither a folder nor a file in a supported language") as error:
        found(path)
    assert ".tsx" in str(error.value.hint)


def test_a_large_file_is_reported_and_not_read() -> None:
    lay({"a.ts": "x" * LARGEST, "b.ts": "x" * (LARGEST + 1)})
    assert names() == ["a.ts"]
    assert [(one.name, one.why) for one in found().unread] == [("b.ts", "it is larger than 2 MB")]
    assert found("b.ts").unread


def test_a_name_that_is_not_utf_8_can_be_shown(here: Path) -> None:
    path = here / os.fsdecode(b"\xff.ts")
    path.touch()
    (file,) = found().files
    assert file.name == "?.ts"
    assert file.path == path


def test_folders_may_be_nested_more_deeply_than_python_calls_and_than_paths_are_long(here: Path) -> None:
    try:
        for _ in range(2100):
            Path("d").mkdir()
            os.chdir("d")
            Path("a.ts").touch()
        os.chdir(here)
        sources = found()
        assert len(sources.files) > 2000
        assert sources.files[-1].name == "d/" * len(sources.files) + "a.ts"
        (unread,) = sources.unread
        assert unread.why.startswith("the folder cannot be read (File name too long")
    finally:
        os.chdir(here)
        subprocess.run(["rm", "-rf", "d"], check=True)


def test_the_operators_patterns_leave_out_more_than_git_does() -> None:
    lay({".gitignore": "!a.test.ts", "a.test.ts": "", "src/b.test.ts": "", "src/c.ts": "", "gen/d.ts": ""})
    assert names(exclude=["**/*.test.ts", "gen/"]) == ["src/c.ts"]
    assert names(exclude=["/src/*", "!/src/c.ts"]) == ["a.test.ts", "gen/d.ts", "src/c.ts"]


def test_the_operators_patterns_are_relative_to_the_current_folder_or_to_a_folder_elsewhere(
    here: Path,
) -> None:
    lay(["src/gen/a.ts", "src/b.ts"])
    lay(["gen/a.ts", "b.ts"], root=here.parent / "there")
    assert names("src", exclude=["src/gen"]) == ["src/b.ts"]
    assert names("src", exclude=["/gen"]) == ["src/b.ts", "src/gen/a.ts"]
    assert names("../there", exclude=["/gen"]) == [str(here.parent / "there/b.ts")]


def test_a_file_that_is_named_is_read_though_it_is_ignored() -> None:
    lay({".gitignore": "*.ts\nbuild/", "a.ts": "", "build/b.ts": "", "build/c.js": ""})
    lay([".git/HEAD"])
    assert names("a.ts", exclude=["a.ts"]) == ["a.ts"]
    assert names("build/b.ts") == ["build/b.ts"]
    assert names("build") == ["build/c.js"]
    assert names() == []


def test_rules_of_the_folders_above_hold_up_to_the_repositorys_root() -> None:
    lay({"../.gitignore": "a.ts", "repo/.gitignore": "c.ts\n/app/d.ts"})
    lay({"repo/.git/info/exclude": "b.ts\n/app/g.ts"})
    lay({"repo/app/.gitignore": "!c.ts\ne.ts"})
    lay([f"repo/app/src/{name}.ts" for name in "abcdefg"])
    assert names("repo/app/src") == [f"repo/app/src/{name}.ts" for name in "acdfg"]
    lay([f"repo/app/{name}.ts" for name in "dg"])
    assert names("repo/app") == [f"repo/app/src/{name}.ts" for name in "acdfg"]


def test_rules_that_cannot_be_read_are_none(here: Path) -> None:
    lay({"a/b.ts": "", "d/.git": "gitdir: x\0", "d/e.ts": "", "rules": "*.ts"})
    os.mkfifo(here / ".gitignore")
    (here / "a/.gitignore").mkdir()
    (here / "d/.gitignore").symlink_to("../rules")
    assert names() == ["a/b.ts", "d/e.ts"]
    assert names("d") == ["d/e.ts"]
