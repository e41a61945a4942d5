"""Shows how often each command waits for the database, with what, and how long `run` takes from afar.

A proxy counts: a flight is what the client sends until it has to wait for an answer. The counts after
connecting are held; connecting itself is told apart. Then the database stands 50 ms away, each way, and `run`
is timed.

The exit code is 1 if a bound does not hold; docs/benchmarks/flights.md has the tables.
"""

import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bounds import Bounds

from support.database_proxy import DatabaseProxy, Visit
from support.distant import Distant
from support.executions import plant
from support.marketplace import Marketplace, marketplace
from support.postgres import running
from support.program import Program
from support.webhook_server import Reply, WebhookServer

VERSION = "18"  # flights are the same on each
AWAY = 0.05
ROUNDS = 5
WEBHOOK_SECONDS = 0.2
OWN_SHARE = 0.7
LOST = (0, 1, 3)
RUN = ("run", "seo-blog", "topic=Tea")
RECONCILE = ("reconcile", "--assume", "failed", "--stale-after", "0s")
GOOD, BAD = Reply.json({"output": "Tea is a drink."}), Reply.json({"message": "Error in workflow"}, 500)
BOUNDS = {
    "run": 5,
    "run that fails, with a refund": 6,
    "history": 2,
    "history --agent": 2,
    "history EXECUTION": 2,
    "credits": 2,
    "agents": 2,
    "schema-check": 1,
}
# What a statement does, by something in it that no other has; the first that fits counts.
MEANINGS = {
    r"agentctl\.schemas": "catalog",
    r"pg_control_system": "which database",
    r"pg_current_xact_id": "transaction number",
    r"pg_stat": "changes of the ledger",
    r"SET CONSTRAINTS": "deferred constraints",
    r"SET TRANSACTION": "snapshot",
    r"SET LOCAL (\w+)": "{}",
    r"^(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)": "{}",
    r"^WITH users AS NOT MATERIALIZED": "a check",
    r"^DECLARE": "cursor",
    r"^(FETCH|CLOSE)": "{}",
    r"deduct_credits\w*": "function that charges",
    r"^SELECT EXISTS": "does {table} exist",
    r"FOR (NO KEY )?UPDATE": "lock {table}",
    r"^(INSERT|UPDATE|DELETE)": "{} {table}",
    r"^SELECT (pg_catalog\.)?(now|clock_timestamp)\(": "clock",
    r"": "{table}",
}


@dataclass(frozen=True)
class Case:
    """A command, and what it needs beforehand."""

    name: str
    line: Sequence[str]
    answer: Reply = GOOD
    lost: int = 0


@dataclass
class Stand:
    """A marketplace with a webhook, and the program that is configured for it."""

    market: Marketplace
    webhook: WebhookServer
    program: Program

    def run(self, case: Case, url: str) -> None:
        """Run a command to its end by that URL of the database."""
        self.answer(case.answer)
        for _ in range(case.lost):
            plant(self.market, status="running", charged=1)
        done = self.program(*case.line, "--json", env={"AGENTCTL_DATABASE_URL": url})
        if done.exit_code not in {0, 1, 6}:  # an agent that fails, and findings, are what was asked for
            raise SystemExit(f"{case.name} ended with {done.exit_code}:\n{done.stdout}{done.stderr}")

    def answer(self, reply: Reply) -> None:
        """Let the webhook answer like this from now on."""
        self.market.set_webhook("SEO Blog", self.webhook.script("/seo", reply))


def main() -> int:
    """Count and measure, and return the exit code."""
    bounds = Bounds()
    with a_stand() as stand:
        counts = count_flights(stand, list_cases(stand))
        print()
        for name, limit in BOUNDS.items():
            bounds.check(f"flights of {name}", counts[name], limit)
        (stand.program.home / "agentctl.toml").unlink()  # what init has written, which names no user
        check_reconciling([counts[name_of_reconciling(number)] for number in LOST], bounds)
        measure_afar(stand, bounds)
    return 1 if bounds.broken else 0


@contextmanager
def a_stand() -> Iterator[Stand]:
    """Make a marketplace in which one execution has succeeded."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        WebhookServer() as webhook,
    ):
        Path(folder).chmod(0o755)
        home = Path(folder) / "home"
        settings_file = home / ".config/agentctl/agentctl.toml"
        settings_file.parent.mkdir(parents=True)
        with running(VERSION, Path(folder) / "server") as server, marketplace(server) as market:
            settings = 'user = "ops@example.com"\n[profiles.default.webhook]\nallow_hosts = ["127.0.0.1"]\n'
            url = f'database_url = "{market.url}"\n'
            settings_file.write_text(f"[profiles.default]\n{url}{settings}")
            market.execute("UPDATE profiles SET credits = 1000000")
            stand = Stand(market, webhook, Program(home))
            stand.run(Case("run", RUN), market.url)
            yield stand


def list_cases(stand: Stand) -> list[Case]:
    """Return the commands to count, in an order in which none disturbs the next."""
    ((execution,),) = stand.market.execute("SELECT id::text FROM agent_executions")
    return [
        Case("run", RUN),
        Case("run that fails, with a refund", RUN, BAD),
        Case("run --dry-run", (*RUN, "--dry-run")),
        Case("history", ("history",)),
        Case("history --agent", ("history", "--agent", "seo-blog")),
        Case("history --agent --user", ("history", "--agent", "seo-blog", "--user", "ops@example.com")),
        Case("history EXECUTION", ("history", execution)),
        Case("history --stats", ("history", "--stats")),
        Case("history --all", ("history", "--all")),
        Case("credits", ("credits",)),
        Case("credits --user", ("credits", "--user", "ops@example.com")),
        Case("credits grant", ("credits", "grant", "ops@example.com", "5", "--reason", "goodwill")),
        Case("agents", ("agents",)),
        Case("agents AGENT", ("agents", "seo-blog")),
        Case("schema-check", ("schema-check",)),
        Case("audit", ("audit",)),
        *(Case(name_of_reconciling(number), RECONCILE, lost=number) for number in LOST),
        Case("init", ("init", "--force")),
    ]


def name_of_reconciling(number: int) -> str:
    """Return how the case with so many lost executions is called."""
    return f"reconcile, {number} lost"


def count_flights(stand: Stand, cases: Sequence[Case]) -> dict[str, int]:
    """Print the flights of each command with what is in them, and return their numbers."""
    print("| command | connections | flights | what leaves together; flights are divided by semicolons |")
    print("| --- | ---: | ---: | --- |")
    counts = {}
    for case in cases:
        with DatabaseProxy(stand.market.url) as proxy:
            stand.run(case, proxy.url)
        counts[case.name] = len(proxy.flights)
        flights = [", ".join(map(name_statement, flight)) or "columns" for flight in proxy.flights]
        print(f"| {case.name} | {proxy.connections} | {len(flights)} | {'; '.join(shorten(flights))} |")
    return counts


def name_statement(statement: str) -> str:
    """Say in a few words what a statement does."""
    plain = re.sub(r"pg_catalog\.|--[^\n]*", "", statement)
    tables = re.findall(r'(?:FROM|JOIN|INTO|UPDATE) "\w+"\."(\w+)"', plain)
    table = " and ".join(dict.fromkeys(tables)) or " ".join(plain.split()[:6])
    for pattern, meaning in MEANINGS.items():
        if match := re.search(pattern, statement):
            return meaning.format(*match.groups(), table=table)
    raise AssertionError


def shorten(flights: Sequence[str]) -> list[str]:
    """Write flights that repeat each other once, with their number."""
    runs: list[list[str]] = []
    for flight in flights:
        if runs and runs[-1][0] == flight:
            runs[-1].append(flight)
        else:
            runs.append([flight])
    return [f"{run[0]} ({len(run)} times)" if len(run) > 1 else run[0] for run in runs]


def check_reconciling(counts: Sequence[int], bounds: Bounds) -> None:
    """Print what one execution more costs, and check it."""
    nothing, single, several = counts
    each = (several - single) / (LOST[2] - LOST[1])
    print(f"- reconcile: {single - each:g} + {each:g} for each execution; {nothing} where none is lost")
    bounds.check("flights of reconcile besides those for each execution", single - each, 2)
    bounds.check("flights of reconcile for each execution", each, 2)


@dataclass(frozen=True)
class Share:
    """Seconds of one run: until it connects, connecting, and of the rest what is not the webhook's."""

    start: float
    connecting: float
    own: float


def measure_afar(stand: Stand, bounds: Bounds) -> None:
    """Time `run` beside the database and at a distance."""
    print(f"\nMedians of {ROUNDS} runs, without the {WEBHOOK_SECONDS} s that the webhook takes\n")
    print(
        "| run | until it connects | flights to connect | connecting | own share after connecting |\n"
        "| --- | ---: | ---: | ---: | ---: |"
    )
    farther = {}
    for away in (0.0, AWAY):
        with Distant(stand.market.url, away) as distant:
            shares, visits = zip(*(time_run(stand, distant.url) for _ in range(ROUNDS)), strict=True)
        start, connecting, farther[away] = (
            statistics.median(getattr(share, part) for share in shares)
            for part in ("start", "connecting", "own")
        )
        waited = " + ".join(str(visit.flights) for visit in visits[0])
        print(
            f"| {away * 1000:.0f} ms away | {start:.2f} s | {waited} | {connecting:.2f} s "
            f"| {farther[away]:.2f} s |"
        )
    print()
    bounds.check("run's own share after connecting, 50 ms away each way", farther[AWAY], OWN_SHARE, " s")


def time_run(stand: Stand, url: str) -> tuple[Share, list[Visit]]:
    """Run once, and return how its time divides."""
    answer = Reply(status=GOOD.status, headers=GOOD.headers, body=GOOD.body, delay=WEBHOOK_SECONDS)
    with DatabaseProxy(url) as proxy:
        began = time.monotonic()
        stand.run(Case("run", RUN, answer), proxy.url)
        ended = time.monotonic()
    first = proxy.visits[0]
    connecting = [(visit.ready or visit.began) - visit.began for visit in proxy.visits]
    own = ended - (first.ready or first.began) - sum(connecting[1:]) - WEBHOOK_SECONDS
    return Share(first.began - began, sum(connecting), own), proxy.visits


if __name__ == "__main__":
    sys.exit(main())
