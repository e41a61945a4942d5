"""The cache of readings: it is faster with one, and otherwise the same, whatever has become of the file."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentctl.core.code_check.reading import cache
from agentctl.core.code_check.reading.cache import ReadingCache, key_of

_KEYS = [key_of(f"file {number}".encode(), "typescript") for number in range(5)]
_CHILD = """
import sys
from pathlib import Path
from agentctl.core.code_check.reading.cache import ReadingCache, key_of
for turn in range(60):
    cache = ReadingCache.open([Path("/app")], folder=Path(sys.argv[1]))
    for number in range(200):
        key = key_of(f"{number}".encode(), "sql")
        known = cache.get(key)
        assert known in {None, b"reading %d" % number}, known
        cache.put(key, b"reading %d" % number)
    cache.put(key_of(f"{sys.argv[2]} {turn}".encode(), "sql"), b"own")
    assert cache.save()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "caches/code"


def opened(folder: Path, root: str = "/app") -> ReadingCache:
    return ReadingCache.open([Path(root)], folder=folder)


def filled(folder: Path) -> Path:
    """Write a cache with a reading under each key, and return its file."""
    kept = opened(folder)
    for number, key in enumerate(_KEYS):
        kept.put(key, b"reading %d" % number)
    assert kept.save()
    (file,) = folder.iterdir()
    return file


def known(folder: Path) -> list[bytes | None]:
    kept = opened(folder)
    return [kept.get(key) for key in _KEYS]


_ALL = [b"reading %d" % number for number in range(5)]
_NONE = [None] * 5


def test_the_next_run_knows_the_readings_of_the_last(folder: Path) -> None:
    assert known(folder) == _NONE
    filled(folder)
    assert known(folder) == _ALL


def test_a_key_depends_on_the_content_and_the_language() -> None:
    assert key_of(b"x", "sql") == key_of(b"x", "sql")
    assert key_of(b"x", f"sql{'/' * 50}a") != key_of(b"x", f"sql{'/' * 50}b")
    assert key_of(b"x", "a b") != key_of(b"b x", "a")
    assert len({key_of(b"x", "sql"), key_of(b"y", "sql"), key_of(b"x", "python"), key_of(b"", "sql")}) == 4


def test_only_what_a_run_has_used_is_kept(folder: Path) -> None:
    filled(folder)
    kept = opened(folder)
    kept.get(_KEYS[1])
    kept.put(_KEYS[2], b"again")
    assert kept.save()
    assert known(folder) == [None, b"reading 1", b"again", None, None]


def test_nothing_is_written_where_nothing_has_changed(folder: Path) -> None:
    file = filled(folder)
    before = file.stat()
    kept = opened(folder)
    for number, key in enumerate(_KEYS):
        assert kept.get(key)
        kept.put(key, b"reading %d" % number)
    assert kept.save()
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_other_files_have_another_cache_and_the_same_ones_the_same(folder: Path, tmp_path: Path) -> None:
    filled(folder)
    assert opened(folder, "/lib").get(_KEYS[0]) is None
    assert opened(folder, "/app/../app/").get(_KEYS[0])
    (tmp_path / "link").symlink_to("/app")
    assert ReadingCache.open([tmp_path / "link", Path("/app")], folder=folder).get(_KEYS[0])


def test_readings_of_an_older_reader_are_not_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(folder)
    monkeypatch.setattr(cache, "__version__", "0.0.0")
    cache._reader_version.cache_clear()
    try:
        assert known(folder) == _NONE
        assert key_of(b"file 0", "typescript") != _KEYS[0]
    finally:
        monkeypatch.undo()
        cache._reader_version.cache_clear()
    assert known(folder) == _ALL


@pytest.mark.parametrize("length", [0, 1, 19, 20, 21, 60, -1])
def test_a_file_that_is_cut_off_is_an_empty_cache(folder: Path, length: int) -> None:
    file = filled(folder)
    file.write_bytes(file.read_bytes()[:length])
    assert known(folder) == _NONE
    filled(folder)
    assert known(folder) == _ALL


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=100))
def test_garbage_is_an_empty_cache(folder: Path, content: bytes) -> None:
    filled(folder).write_bytes(content)
    assert known(folder) == _NONE


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 255))
def test_one_changed_byte_makes_the_cache_empty(folder: Path, place: int, change: int) -> None:
    file = filled(folder)
    content = bytearray(file.read_bytes())
    content[place % len(content)] ^= change
    file.write_bytes(content)
    assert known(folder) == _NONE
    file.unlink()


@pytest.mark.parametrize("body", [b"", b"\x01", b"\x81\xa1a\xa1b", b"\xc1"])
def test_a_sealed_file_that_is_no_cache_is_an_empty_one(folder: Path, body: bytes) -> None:
    filled(folder).write_bytes(cache._compute_digest(body) + body)
    assert known(folder) == _NONE


def test_a_folder_at_its_path_is_an_empty_cache_that_cannot_be_written(folder: Path) -> None:
    file = filled(folder)
    file.unlink()
    (file / "x").mkdir(parents=True)
    kept = opened(folder)
    kept.put(_KEYS[0], b"x")
    assert not kept.save()
    assert not list(folder.glob(".agentctl-*"))


def test_nobody_else_may_read_the_cache(folder: Path) -> None:
    file = filled(folder)
    modes = [path.stat().st_mode & 0o777 for path in (file, folder, folder.parent)]
    assert modes == [0o600, 0o700, 0o700]


def test_a_home_that_cannot_be_written_costs_nothing_but_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()  # no folder can be made in a file, whoever tries
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    kept = ReadingCache.open([tmp_path])
    kept.put(_KEYS[0], b"x")
    assert kept.get(_KEYS[1]) is None
    assert not kept.save()


def test_the_cache_lies_in_the_users_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    kept = ReadingCache.open([tmp_path])
    kept.put(_KEYS[0], b"x")
    assert kept.save()
    assert len(list((tmp_path / "caches/agentctl/code").iterdir())) == 1
    assert ReadingCache.open([tmp_path]).get(_KEYS[0]) == b"x"


def test_a_user_without_a_home_has_no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", "somewhere")
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 9)  # a user that no list of users has
    kept = ReadingCache.open([tmp_path])
    kept.put(_KEYS[0], b"x")
    assert not kept.save()
    assert not list(tmp_path.iterdir())


def test_the_cache_stops_growing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "LARGEST", 1000)
    kept = opened(folder)
    for number in range(100):
        kept.put(key_of(b"%d" % number, "sql"), b"x" * 100)
    assert kept.save()
    (file,) = folder.iterdir()
    assert 800 < file.stat().st_size <= 1000
    kept = opened(folder)
    assert [kept.get(key_of(b"%d" % number, "sql")) for number in (0, 6, 99)] == [
        b"x" * 100,
        b"x" * 100,
        None,
    ]


def test_a_file_that_is_too_large_is_not_even_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = filled(folder)
    monkeypatch.setattr(cache, "LARGEST", file.stat().st_size - 1)
    assert known(folder) == _NONE


def test_the_oldest_of_many_caches_is_deleted(folder: Path) -> None:
    for number in range(18):
        kept = opened(folder, f"/{number}")
        kept.put(_KEYS[0], b"x")
        assert kept.save()
        newest = max(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        moment = time.time() - 1000 + number
        os.utime(newest, (moment, moment))
    there = [opened(folder, f"/{number}").get(_KEYS[0]) is not None for number in range(18)]
    assert there == [False] * 2 + [True] * 16


def test_runs_at_the_same_time_do_not_break_one_another(folder: Path) -> None:
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", _CHILD, folder, str(number)], stderr=subprocess.PIPE, text=True
        )
        for number in range(3)
    ]
    assert [run.communicate()[1] for run in runs] == ["", "", ""]
    assert [run.returncode for run in runs] == [0, 0, 0]
    kept = ReadingCache.open([Path("/app")], folder=folder)
    assert kept.get(key_of(b"7", "sql")) == b"reading 7"
    assert len(list(folder.iterdir())) == 1
