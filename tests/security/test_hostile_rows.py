"""Hostile rows, read by every command that reads: none of them ends a command.

Eight strangers' marketplaces, more than 250 rows each, 2,000 in all: other names, other types, and in every
column whatever its type can hold. Most commands run in this process, through the program's own entry.
"""

import contextlib
import io
import json
import re
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest

from agentctl.__main__ import main
from security.strangers import DEED, PAYER, TOOL, Stranger, describe_types, make_stranger
from support.marketplace import Database
from support.program import Program
from support.screens import is_harmless, require_harmless

# Of a command line's own streams, which a process that ends needs not close.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

STRANGERS, ROWS = 8, 64  # of each of four tables: 2,048 rows
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
_POSTGRES = re.compile(r"-?infinity|\d{4,7}-\d\d-\d\d.*")


@dataclass(frozen=True)
class Ended:
    """How one command ended."""

    arguments: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str

    def __str__(self) -> str:
        shown = self.stdout[-500:] + self.stderr[-1500:]
        return f"agentctl {' '.join(self.arguments)} ended with {self.exit_code}: {shown}"


@pytest.fixture(params=range(STRANGERS))
def stranger(request: pytest.FixtureRequest, database: Database) -> Stranger:
    """Create a stranger's marketplace; each has other types and other rows."""
    made = make_stranger(database, seed=request.param, rows=ROWS)
    assert made.rows == 4 * ROWS
    return made


@pytest.fixture
def config(stranger: Stranger, tmp_path: Path) -> Path:
    path = tmp_path / "agentctl.toml"
    sign = "signed" if stranger.key == "text" else "by_kind"
    path.write_text(stranger.configuration(sign=sign))
    return path


@pytest.fixture(autouse=True)
def _quiet_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep the tester's settings and signal handlers from the program that runs in this process."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("AGENTCTL_DEBUG", "1")  # what is unforeseen raises
    monkeypatch.chdir(tmp_path)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


def run_here(*arguments: str) -> Ended:
    """Run the program in this process, with streams of its own."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["agentctl", *arguments])
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as end,
        ):
            main()
    texts = []
    for stream in (out, err):
        stream.flush()
        stream.seek(0)
        texts.append(stream.read())
    return Ended(arguments, int(end.value.code or 0), *texts)


def commands(stranger: Stranger) -> Iterator[tuple[tuple[str, ...], frozenset[int]]]:
    """Yield every command that reads, with the exit codes that it may end with."""
    done, findings = frozenset({0}), frozenset({0, 6})
    user, agent, execution = (stranger.id_of(number) for number in (PAYER, TOOL, DEED))
    for arguments in (
        ("agents",),
        ("agents", agent),
        ("history", "--limit", "500"),
        ("history", "--all"),
        ("history", "--all", "--format", "jsonl"),
        ("history", "--all", "--format", "csv"),
        ("history", "--stats"),
        ("history", "--status", "failed,none", "--since", "2020-01-01", "--until", "2030-01-01"),
        ("history", "--user", user, "--agent", agent),
        ("history", execution),
        ("credits", "--limit", "500"),
        ("credits", "--user", user, "--limit", "500"),
        ("run", agent, "leaf=oolong", "--dry-run"),
        ("migrate-full", "--dry-run"),
    ):
        yield arguments, done
        if "--all" not in arguments:
            yield (*arguments, "--json"), done
    for arguments in (
        ("schema-check", "--verbose"),
        ("schema-check", "--format", "github"),
        ("schema-check", "--format", "sarif"),
        ("schema-check", "--format", "junit"),
        ("audit", "--full"),
        ("audit", "--since", "7d"),
        ("reconcile", "--dry-run"),
    ):
        yield arguments, findings
        if "--format" not in arguments:
            yield (*arguments, "--json"), findings


def test_no_hostile_row_ends_a_command_that_reads(stranger: Stranger, config: Path) -> None:
    wrong = []
    for arguments, allowed in commands(stranger):
        ended = run_here(*arguments, "--config", str(config))
        problems = [*_problems(ended, allowed)]
        wrong += [f"{problem}\n{ended}" for problem in problems]
    assert not wrong, "\n\n".join([describe_types(stranger), *wrong])


def _problems(ended: Ended, allowed: frozenset[int]) -> Iterator[str]:
    if ended.exit_code not in allowed:
        yield f"exit code {ended.exit_code}"
    if not is_harmless(ended.stdout) or not is_harmless(ended.stderr):
        yield "a raw control character"
    lines = [ended.stdout] if "--json" in ended.arguments or "sarif" in ended.arguments else []
    lines = ended.stdout.splitlines() if "jsonl" in ended.arguments else lines
    for line in lines:
        try:
            _require_times(json.loads(line, parse_constant=_refuse))
        except ValueError as error:
            yield f"no JSON, or no time: {error}"


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


def _require_times(value: Any) -> None:
    """Require that every time is RFC 3339 or PostgreSQL's text."""
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, member in members:
        if name in {"inputs", "result"}:
            continue
        is_time = str(name).endswith("_at") and isinstance(member, str)
        if is_time and not (_RFC3339.fullmatch(member) or _POSTGRES.fullmatch(member)):
            raise ValueError(member)
        _require_times(member)


@pytest.mark.usefixtures("stranger")
def test_every_hostile_execution_can_be_shown_and_paged_to(config: Path) -> None:
    listed = run_here("history", "--all", "--format", "jsonl", "--config", str(config))
    keys = [json.loads(line)["id"] for line in listed.stdout.splitlines()]
    assert len(set(map(str, keys))) == ROWS + 1

    paged: list[object] = []
    cursor: str | None = None
    while cursor is not None or not paged:
        further = ("--cursor", cursor) if cursor else ()
        ended = run_here("history", "--limit", "13", "--json", *further, "--config", str(config))
        assert ended.exit_code == 0, ended
        data = json.loads(ended.stdout)["data"]
        paged += [execution["id"] for execution in data["executions"]]
        cursor = data["next_cursor"]
    assert paged == keys

    for key in keys[:: len(keys) // 8]:
        ended = run_here("history", str(key), "--json", "--config", str(config))
        assert ended.exit_code in {0, 4}, ended  # 4: another id begins with it


def test_init_and_agents_check_accept_every_hostile_row(
    stranger: Stranger, config: Path, tmp_path: Path
) -> None:
    checked = run_here("agents", "check", "--json", "--config", str(config))
    assert checked.exit_code in {0, 6}, checked
    for agent in json.loads(checked.stdout)["data"]["agents"]:
        assert "geheim" not in f"{agent['url']} {agent['message']} {agent['hint']}"
    assert not list(_problems(checked, frozenset({0, 6})))

    (tmp_path / "new").mkdir()
    stranger.database.execute("ALTER TABLE patrons RENAME TO profiles")
    stranger.database.execute("ALTER TABLE gadgets RENAME TO agents")
    stranger.database.execute("ALTER TABLE deeds RENAME TO agent_executions")
    with contextlib.chdir(tmp_path / "new"):
        begun = run_here("init", "--database-url", stranger.database.url)
    assert begun.exit_code in {0, 3, 6}, begun
    assert not list(_problems(begun, frozenset({0, 3, 6})))


@pytest.mark.parametrize("stranger", [0, 1], indirect=True)
def test_the_installed_program_shows_every_hostile_row_on_a_terminal(
    stranger: Stranger, config: Path, agentctl: Program
) -> None:
    agent, user, execution = (stranger.id_of(number) for number in (TOOL, PAYER, DEED))
    lists: Sequence[tuple[str, ...]] = (
        ("history",),
        ("history", execution),
        ("history", "--stats"),
        ("credits", "--user", user),
        ("credits",),
        ("agents",),
        ("agents", agent),
        ("audit", "--full"),
        ("reconcile", "--dry-run"),
    )
    for arguments in lists:
        screen = agentctl.on_terminal(*arguments, "--config", str(config), timeout=60)
        assert screen.exit_code in {0, 6}, (arguments, screen.text[-2000:])
        require_harmless(screen)


@pytest.mark.parametrize("stranger", [0, 2], indirect=True)
def test_follow_shows_every_hostile_row_and_continues(
    stranger: Stranger, config: Path, agentctl: Program
) -> None:
    follower = agentctl.start("history", "--follow", "--limit", "500", "--config", str(config))
    assert follower.stdout is not None
    shown = [follower.stdout.readline() for _ in range(ROWS + 1)]
    stranger.database.execute(
        b"UPDATE deeds SET phase = 'bad' WHERE deed_no::text = %s", [stranger.id_of(DEED)]
    )

    assert all(is_harmless(line) for line in shown)
    assert follower.poll() is None
    follower.send_signal(signal.SIGINT)
    _, said = follower.communicate(timeout=20)
    assert follower.returncode == 130, said
