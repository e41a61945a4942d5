"""Which files are read: those that git would list, in the languages that are understood, each once."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from agentctl.core.codescan.source_files import LARGEST, Language, Sources, find_sources
from agentctl.core.errors import UsageError


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def lay(files: Mapping[str, str] | Sequence[str], *, root: Path = Path()) -> None:
    for name in files:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[name] if isinstance(files, Mapping) else "x")


def names(*paths: str, exclude: Sequence[str] = ()) -> list[str]:
    return [file.name for file in found(*paths, exclude=exclude).files]


def found(*paths: str, exclude: Sequence[str] = ()) -> Sources:
    return find_sources([Path(path) for path in paths or (".",)], exclude=exclude)


def test_each_language_is_told_by_the_files_extension() -> None:
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


def test_what_git_and_package_managers_keep_is_never_entered_unless_it_is_named() -> None:
    lay(["node_modules/x/a.js", "p/node_modules/b.js", ".git/hooks/c.py", "p/a.ts"])
    lay([".venv/pyvenv.cfg", ".venv/lib/d.py", "tools/env/pyvenv.cfg", "tools/env/e.py", "venv/f.py"])
    assert names() == ["p/a.ts", "venv/f.py"]
    assert names("node_modules/x") == ["node_modules/x/a.js"]
    assert names("tools/env") == ["tools/env/e.py"]


def test_links_to_folders_and_to_nothing_and_what_is_no_file_are_passed_over(here: Path) -> None:
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
    with pytest.raises(UsageError, match="neither a folder nor a file in a language") as error:
        found(path)
    assert ".tsx" in str(error.value.hint)


def test_a_large_file_is_not_read_and_said_to_be() -> None:
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


def test_a_worktree_has_the_private_rules_of_its_main_one(here: Path) -> None:
    git(here, "init", "-q", "main")
    git(here / "main", "commit", "-q", "--allow-empty", "-m", "x")
    git(here / "main", "worktree", "add", "-q", "../side")
    lay({"main/.git/info/exclude": "b.ts", "side/a.ts": "", "side/b.ts": ""})
    assert names("side") == ["side/a.ts"] == listed(here / "side", prefix="side/")


def test_a_rule_on_a_folder_is_taken_back_by_a_folder_below(here: Path) -> None:
    lay({".gitignore": "build/\n*.gen.ts", "pkg/.gitignore": "!build/\n!a.gen.ts"})
    lay(["build/a.ts", "pkg/build/a.ts", "pkg/build/a.gen.ts", "pkg/build/b.gen.ts"])
    git(here, "init", "-q")
    assert names() == ["pkg/build/a.gen.ts", "pkg/build/a.ts"] == listed(here)


def test_rules_that_cannot_be_read_are_none(here: Path) -> None:
    lay({"a/b.ts": "", "d/.git": "gitdir: x\0", "d/e.ts": "", "rules": "*.ts"})
    os.mkfifo(here / ".gitignore")
    (here / "a/.gitignore").mkdir()
    (here / "d/.gitignore").symlink_to("../rules")
    assert names() == ["a/b.ts", "d/e.ts"]
    assert names("d") == ["d/e.ts"]


def test_a_mark_at_the_beginning_and_windows_line_ends_are_no_part_of_a_rule(here: Path) -> None:
    lay({".gitignore": "\ufeffa.ts\r\nb.ts\r\n", "a.ts": "", "b.ts": "", "c.ts": ""})
    git(here, "init", "-q")
    assert names() == ["c.ts"] == listed(here)


def git(folder: Path, *arguments: str, may_fail: bool = False) -> str:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_SYSTEM": "/dev/null",
        **{f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    return subprocess.run(
        ["git", "-c", "core.quotePath=false", *arguments],
        cwd=folder,
        env=environment,
        check=not may_fail,
        capture_output=True,
        text=True,
    ).stdout


def listed(folder: Path, *, prefix: str = "") -> list[str]:
    """Return what git would add, in our order."""
    output = git(folder, "ls-files", "-z", "--others", "--exclude-standard", "--", "*.ts")
    files = [name.split("/") for name in output.split("\0") if name]
    in_order = sorted(files, key=lambda parts: [*((1, part) for part in parts[:-1]), (0, parts[-1])])
    return [prefix + "/".join(parts) for parts in in_order]


_TREE = [
    *("a.ts", "b.ts", "ab.ts", "A.ts", "#c.ts", "!d.ts", " e.ts", "[f].ts"),
    *("a/a.ts", "a/b.ts", "a/a/a.ts", "a/a/b.ts", "a/b/a.ts", "a/b/c/a.ts", "a/b/c/b.ts"),
    *("b/a.ts", "b/b/ab.ts", "b/a/b/a.ts", "ab/a.ts", "ab/b/b.ts", "c.ts/a.ts", "c.ts/b/a.ts"),
]
_PARTS = st.sampled_from(
    [
        *("a", "b", "ab", "c", "c.ts", "a.ts", "b.ts", "*", "**", "?", "*.ts", "a*", "*b", "a*b*", "??.ts"),
        *("[ab]", "[!a].ts", "[a-b]*", "[^b].ts", "[z-a]", "[]a].ts", "\\a", "\\*.ts", "\\[f].ts", ""),
    ]
)
_PATTERNS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "", "", "!", "!", "/", "!/", "#", "\\#", "\\!", "!!", "**/"]),
    st.lists(_PARTS, min_size=1, max_size=3).map("/".join),
    st.sampled_from(["", "", "", "/", "/**", "/*"]),
    st.sampled_from(["", "", "", " ", "  ", "\\ "]),
)
_RULES = st.lists(_PATTERNS, max_size=5).map("\n".join)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["", "a/", "a/b/", "b/", "c.ts/", "a/a/"]), _RULES, min_size=1, max_size=3
    ),
    st.sampled_from(["", "a", "a/b"]),
)
@example({"": "a/**\n!a/b/\n!a/b/c/a.ts"}, "")
@example({"": "*\n!*/\n!b.ts", "a/": "b.ts"}, "a")
@example({"": "**/a/**/b.ts"}, "")
@example({"": "a\n**/*/**"}, "")
@example({"": "a.ts\n[\n[z-a]\n[[]a.ts\nb.ts"}, "")
@example({"": "a/*\n!a/a", "a/a/": "*.ts\n!b.ts"}, "")
def test_exactly_what_git_would_list_is_found(rules: dict[str, str], below: str) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        git(root, "init", "-q")
        lay(_TREE, root=root)
        lay({f"{place}.gitignore": text for place, text in rules.items()}, root=root)
        assume(not below or not git(root, "check-ignore", below, may_fail=True))
        assert names(str(root / below)) == [f"{root / below}/{name}" for name in listed(root / below)]
