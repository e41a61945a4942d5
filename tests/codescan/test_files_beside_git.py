"""The files that are read are exactly those that git lists, with any rules. Needs git."""

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from support.source_tree import lay, names


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


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
    """Return the files that git would add, in agentctl's order."""
    output = git(folder, "ls-files", "-z", "--others", "--exclude-standard", "--", "*.ts")
    files = [name.split("/") for name in output.split("\0") if name]
    in_order = sorted(files, key=lambda parts: [*((1, part) for part in parts[:-1]), (0, parts[-1])])
    return [prefix + "/".join(parts) for parts in in_order]


def test_a_worktree_uses_the_private_rules_of_its_main_worktree(here: Path) -> None:
    git(here, "init", "-q", "main")
    git(here / "main", "commit", "-q", "--allow-empty", "-m", "x")
    git(here / "main", "worktree", "add", "-q", "../side")
    lay({"main/.git/info/exclude": "b.ts", "side/a.ts": "", "side/b.ts": ""})
    assert names("side") == ["side/a.ts"] == listed(here / "side", prefix="side/")


def test_a_folder_below_overrides_a_rule_on_a_folder(here: Path) -> None:
    lay({".gitignore": "build/\n*.gen.ts", "pkg/.gitignore": "!build/\n!a.gen.ts"})
    lay(["build/a.ts", "pkg/build/a.ts", "pkg/build/a.gen.ts", "pkg/build/b.gen.ts"])
    git(here, "init", "-q")
    assert names() == ["pkg/build/a.gen.ts", "pkg/build/a.ts"] == listed(here)


def test_a_byte_order_mark_and_windows_line_ends_are_not_part_of_a_rule(here: Path) -> None:
    lay({".gitignore": "\ufeffa.ts\r\nb.ts\r\n", "a.ts": "", "b.ts": "", "c.ts": ""})
    git(here, "init", "-q")
    assert names() == ["c.ts"] == listed(here)


_TREE = [
    *("a.ts", "b.ts", "ab.ts", "A.ts", "#c.ts", "!d.ts", " e.ts", "[f].ts"),
    *("a/a.ts", "a/b.ts", "a/a/a.ts", "a/a/b.ts", "a/b/a.ts", "a/b/c/a.ts", "a/b/c/b.ts"),
    *("\u00e9.ts", "a/\u00e9.ts", "a-.ts", "a]b/a.ts", "aab/ab/aab/b.ts", "a9/b.ts"),
    *("b/a.ts", "b/b/ab.ts", "b/a/b/a.ts", "ab/a.ts", "ab/b/b.ts", "c.ts/a.ts", "c.ts/b/a.ts"),
]
_PARTS = st.sampled_from(
    [
        *("a", "b", "ab", "c", "c.ts", "a.ts", "b.ts", "*", "**", "?", "*.ts", "a*", "*b", "a*b*", "??.ts"),
        *("[ab]", "[!a].ts", "[a-b]*", "[^b].ts", "[z-a]", "[]a].ts", "\\a", "\\*.ts", "\\[f].ts", ""),
        *(
            "a**",
            "a**b",
            "*a*b*",
            "*a*a*",
            "**b",
            "***",
            "?**",
            "a[b]**",
            "[[:alpha:]]*",
            "*[[:digit:]]",
            "[[:x:]]",
        ),
        *(
            "[[:alpha:]",
            "[!]a]*",
            "[a-]*",
            "[]-a]*",
            "[a\\]b]*",
            "[[:a]*",
            "[\\a-\\b].ts",
            "\u00e9.ts",
            "[\u00e9].ts",
        ),
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
@example({"": "a**/b.ts"}, "")
@example({"": "/a**/**/b.ts\n/b**"}, "")
@example({"": "a*/**/*b/**/b.ts"}, "")
@example({"": "a.ts\n[\n[z-a]\n[[]a.ts\nb.ts"}, "")
@example({"": "a/*\n!a/a", "a/a/": "*.ts\n!b.ts"}, "")
def test_finds_exactly_the_files_that_git_lists(rules: dict[str, str], below: str) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        git(root, "init", "-q")
        lay(_TREE, root=root)
        lay({f"{place}.gitignore": text for place, text in rules.items()}, root=root)
        assume(not below or not git(root, "check-ignore", below, may_fail=True))
        assert names(str(root / below)) == [f"{root / below}/{name}" for name in listed(root / below)]
