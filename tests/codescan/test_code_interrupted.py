"""A check of much code is stopped by Ctrl-C, SIGTERM, a killed reader process, or a killed program."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import pytest

from agentctl.core.code_check.reading import reader_pool
from agentctl.resources import sql_bytes
from support.code_project import selecting, write, write_app
from support.program import Program

CHECK = ("schema-check", "--code", "app", "--schema-from", "schema.sql")
_SOON = 10  # seconds, for a machine that is busy


@pytest.fixture
def much(agentctl: Program) -> Path:
    """Write enough code that reader processes start, and need long to read it."""
    write(agentctl.home, {"schema.sql": sql_bytes("minimal")})
    lines = "".join(
        f'const a{number} = supabase.from("agents").select("id, name");\n' for number in range(60)
    )
    many = {f"lib/f{number}.ts": f"{selecting('id')}{lines}// {number}\n" for number in range(3000)}
    return write(write_app(agentctl.home), many)


@pytest.fixture
def little(agentctl: Program) -> Path:
    """Write just enough code that reader processes start."""
    write(agentctl.home, {"schema.sql": sql_bytes("minimal")})
    return write(
        write_app(agentctl.home), {f"lib/{one}.ts": f"{selecting('id')}// {one}" for one in range(200)}
    )


def children(process: int) -> list[int]:
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def readers(process: int) -> list[int]:
    """Return the reader processes; multiprocessing's other processes only clean up."""
    return [one for one in children(process) if b"spawn_main" in said_of(one)]


def said_of(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + _SOON
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_reading(process: int) -> bool:
    """Whether a reader process has loaded the parsers."""
    try:
        return "tree_sitter" in Path(f"/proc/{process}/maps").read_text()
    except OSError:
        return False


def started(agentctl: Program) -> tuple[subprocess.Popen[str], list[int]]:
    """Start a check, and wait until all of its readers read; return it with all its processes."""
    process = agentctl.start(*CHECK)
    until(lambda: readers(process.pid) and all(map(is_reading, readers(process.pid))))
    return process, children(process.pid)


@pytest.mark.parametrize("cause", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_an_interrupted_check_stops_at_once_and_leaves_nothing_behind(
    agentctl: Program, much: Path, cause: signal.Signals
) -> None:
    assert much.is_dir()
    process, others = started(agentctl)
    process.send_signal(cause)
    stdout, stderr = process.communicate(timeout=_SOON)
    assert (process.returncode, stdout, stderr) == (130, "", "error: Interrupted.\n")
    until(lambda: not any(map(said_of, others)))
    assert not list((agentctl.home / ".cache").rglob(".agentctl-*"))


def test_ctrl_c_on_a_terminal_ends_the_reader_processes_silently(agentctl: Program, much: Path) -> None:
    assert much.is_dir()
    screen = agentctl.on_terminal(*CHECK, answers=[("Reading code", "\x03")], timeout=30)
    assert screen.exit_code == 130
    assert "Interrupted." in screen.text
    assert "Traceback" not in screen.text
    assert "KeyboardInterrupt" not in screen.text


@pytest.mark.parametrize("cause", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_that_another_thread_gets_waits_until_the_readers_have_started(
    cause: signal.Signals,
) -> None:
    seen: list[int] = []
    earlier = signal.signal(cause, lambda number, _: seen.append(number))
    over = Event()
    other = Thread(target=over.wait)  # as a progress bar has: the system may give it the signal
    other.start()
    try:
        with reader_pool._interrupts_held_back():
            os.kill(os.getpid(), cause)
            time.sleep(0.05)
            assert seen == []
        assert seen == [cause]
    finally:
        over.set()
        other.join()
        signal.signal(cause, earlier)


def test_a_reader_process_ignores_ctrl_c_even_while_starting(agentctl: Program, little: Path) -> None:
    assert little.is_dir()
    process = agentctl.start(*CHECK)
    until(lambda: readers(process.pid))
    for reader in readers(process.pid):
        os.kill(reader, signal.SIGINT)
    _, stderr = process.communicate(timeout=2 * _SOON)
    assert process.returncode == 6
    assert stderr.startswith("error: The code has 7 problems: ")


def test_the_run_after_an_interruption_reports_everything(agentctl: Program, little: Path) -> None:
    write(little, {"lib/7.ts": selecting("nope")})
    process = agentctl.start(*CHECK)
    until(lambda: readers(process.pid))
    process.send_signal(signal.SIGINT)
    assert process.wait(_SOON) == 130
    for _ in range(2):
        result = agentctl(*CHECK, "--json")
        assert result.exit_code == 6
        assert "agents.nope" in result.stdout


def test_a_killed_reader_process_is_an_error(agentctl: Program, much: Path) -> None:
    assert much.is_dir()
    process, others = started(agentctl)
    os.kill(readers(process.pid)[0], signal.SIGKILL)
    stdout, stderr = process.communicate(timeout=_SOON)
    assert (process.returncode, stdout) == (3, "")
    assert stderr == (
        "error: A process that was reading the code was killed, perhaps for lack of memory.\n"
        "hint: Run it again, or pass fewer folders to --code at once.\n"
    )
    until(lambda: not any(map(said_of, others)))


def test_reader_processes_end_with_a_killed_program(agentctl: Program, much: Path) -> None:
    assert much.is_dir()
    process, others = started(agentctl)
    process.kill()
    process.wait(_SOON)
    until(lambda: not any(map(said_of, others)))


def test_draws_progress_on_a_terminal_and_escapes_file_names(agentctl: Program, little: Path) -> None:
    evil = "x\x1b]0;owned\x07\x9b2J\u202e"
    write(little, {f"lib/{evil}.ts": f"{selecting('nope')}// {evil}\n", "more.ts": selecting(evil)})
    screen = agentctl.on_terminal(*CHECK, "--verbose")
    assert screen.exit_code == 6
    assert "Reading code" in screen.text
    assert "\\x1b]0;owned\\x07" in screen.text
    for acting in ("\x1b]0;", "\x07", "\x9b", "\u202e"):
        assert acting not in screen.text


def test_draws_no_progress_in_a_pipe(agentctl: Program, little: Path) -> None:
    assert little.is_dir()
    result = agentctl(*CHECK)
    assert "Reading code" not in result.stdout + result.stderr
    assert "\x1b" not in result.stdout + result.stderr
