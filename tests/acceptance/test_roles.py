"""Each command runs under the least role that docs/roles.md names, and not under the next smaller one."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from agentctl.resources import sql_bytes
from support.executions import plant
from support.marketplace import OPTIONAL_COLUMNS, Marketplace
from support.program import Program
from support.webhook_server import Reply, WebhookServer

Make = Callable[..., Marketplace]

_READS: dict[str, Sequence[str]] = {
    "agents": ("agents",),
    "history": ("history",),
    "credits": ("credits",),
    "audit": ("audit",),
    "schema-check": ("schema-check", "--ignore", "function-denied"),
    "migrate-full --dry-run": ("migrate-full", "--dry-run"),
}
_RUNS: dict[str, Sequence[str]] = {
    "run": ("run", "seo-blog", "topic=Tea", "--user", "ops@example.com"),
    "run --dry-run": ("run", "seo-blog", "topic=Tea", "--user", "ops@example.com", "--dry-run"),
    "credits grant": ("credits", "grant", "ops@example.com", "5", "--reason", "goodwill"),
    "credits refund": ("credits", "refund", "{failed}", "--reason", "goodwill"),
    "reconcile": ("reconcile", "{open}", "--stale-after", "0s", "--assume", "failed"),
}
_MIGRATES: dict[str, Sequence[str]] = {
    "migrate-full": ("migrate-full", "--yes"),
    "migrate-full --backfill": ("migrate-full", "--yes", "--backfill"),
    "migrate-full --undo": ("migrate-full", "--yes", "--undo"),
    "migrate-full --history-index": ("migrate-full", "--yes", "--history-index"),
}


class Cast:
    """A marketplace with the three roles, and the program, which runs as any of them."""

    def __init__(self, marketplace: Marketplace, agentctl: Program, webhook: WebhookServer) -> None:
        self._agentctl = agentctl
        self._marketplace = marketplace
        marketplace.execute(sql_bytes("roles"))
        marketplace.set_webhook("SEO Blog", webhook.script("/seo-blog", Reply.json({"title": "Tea"})))
        self._executions = {
            "failed": str(plant(marketplace, status="failed", charged=10)),
            "open": str(plant(marketplace, status="running", charged=10)),
        }
        agentctl.home.joinpath("agentctl.toml").write_text(
            '[profiles.p]\ndatabase_url = "env:ROLE_URL"\n[profiles.p.webhook]\nallow_hosts = ["127.0.0.1"]\n'
        )

    def does(self, command: Sequence[str], *, role: str | None) -> tuple[int, str]:
        """Run a command with a login in a role, or in none, and return its exit code and error."""
        name = (role or "nobody").removeprefix("agentctl_")
        url = self._marketplace.add_role(name)
        if role is not None:
            self._marketplace.execute(f"GRANT {role} TO {self._marketplace.name}_{name}".encode())
        done = self._agentctl(*(word.format(**self._executions) for word in command), env={"ROLE_URL": url})
        return done.exit_code, done.stderr


@pytest.fixture(params=[(), OPTIONAL_COLUMNS], ids=["minimal", "full"])
def cast(
    request: pytest.FixtureRequest, marketplace_factory: Make, agentctl: Program, webhook: WebhookServer
) -> Cast:
    return Cast(marketplace_factory(columns=request.param), agentctl, webhook)


@pytest.mark.parametrize(
    ("role", "command"),
    [
        *(("agentctl_reader", name) for name in _READS),
        *(("agentctl_runner", name) for name in _RUNS),
        *(("agentctl_migrator", name) for name in _MIGRATES),
    ],
)
def test_a_command_runs_under_its_least_role(cast: Cast, role: str, command: str) -> None:
    exit_code, said = cast.does({**_READS, **_RUNS, **_MIGRATES}[command], role=role)
    assert exit_code == 0, said


@pytest.mark.parametrize(
    ("smaller", "command"),
    [
        *((None, name) for name in _READS if name not in {"schema-check", "migrate-full --dry-run"}),
        *(("agentctl_reader", name) for name in _RUNS),
    ],
)
def test_a_smaller_role_is_refused_with_the_missing_privilege(
    cast: Cast, smaller: str | None, command: str
) -> None:
    exit_code, said = cast.does({**_READS, **_RUNS}[command], role=smaller)
    assert exit_code == 3, said
    assert re.search("permission|privilege|row level security", said, re.IGNORECASE), said


def test_a_runner_may_not_widen_the_table(
    marketplace: Marketplace, agentctl: Program, webhook: WebhookServer
) -> None:
    exit_code, said = Cast(marketplace, agentctl, webhook).does(
        ("migrate-full", "--yes"), role="agentctl_runner"
    )
    assert exit_code == 3, said
    assert "owner" in said


def test_roles_sql_can_be_run_twice(marketplace: Marketplace) -> None:
    marketplace.execute(sql_bytes("roles"))
    marketplace.execute(sql_bytes("roles"))


def test_roles_md_names_every_command_of_this_file() -> None:
    document = (Path(__file__).parents[2] / "docs/roles.md").read_text()
    told = {
        command.strip(" `"): role.strip(" `")
        for commands, role in re.findall(r"^\| (`.*`) \| (`agentctl_\w+`) \|$", document, re.MULTILINE)
        for command in commands.split(",")
    }
    tried = {
        **dict.fromkeys(_READS, "agentctl_reader"),
        **dict.fromkeys(_RUNS, "agentctl_runner"),
        **dict.fromkeys(_MIGRATES, "agentctl_migrator"),
    }
    assert tried.items() <= told.items()
