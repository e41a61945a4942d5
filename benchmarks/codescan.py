"""`schema-check --code` on a project of 10,000 TypeScript files, compared with parsing alone in the same run.

Cold runs have an empty cache; warm runs have the cache of the previous run. The floor reads every file and
parses it with tree-sitter in one process, and does nothing with the tree. Memory is that of all processes
together: the largest sum of their proportional set sizes, so that shared memory counts once.

The exit code is 1 if a bound does not hold: cold below 20 s, warm below 3 s, memory below 500 MB.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bounds import Bounds
from code_tree import make_tree, snippets

PROGRAM = Path(sys.executable).with_name("agentctl")
TESTS = Path(__file__).parents[1] / "tests/codescan"
COLD_SECONDS, WARM_SECONDS, MEGABYTES = 20, 3, 500
_FINDINGS = 6  # the exit code where there are some
_SAMPLE_SECONDS = 0.05
_FLOOR = """
import sys
from pathlib import Path
import tree_sitter_javascript, tree_sitter_typescript
from tree_sitter import Language, Parser

languages = {
    ".tsx": tree_sitter_typescript.language_tsx(),
    **dict.fromkeys((".ts", ".mts", ".cts"), tree_sitter_typescript.language_typescript()),
    **dict.fromkeys((".js", ".jsx", ".mjs", ".cjs"), tree_sitter_javascript.language()),
}
parsers = {suffix: Parser(Language(language)) for suffix, language in languages.items()}
for path in Path(sys.argv[1]).rglob("*"):
    if path.suffix in parsers:
        parsers[path.suffix].parse(path.read_bytes())
"""


@dataclass(frozen=True)
class Run:
    """One process and its descendants: seconds, processor seconds, bytes, and its output."""

    wall: float
    cpu: float
    memory: int
    output: str


def main() -> None:
    """Make the tree, measure, and print a table in Markdown."""
    options = _parse_options()
    bounds = Bounds()
    home = Path(tempfile.mkdtemp(prefix="agentctl-bench-"))
    try:
        files = make_tree(home / "tree", snippets(TESTS / "corpus"), options.files)
        print(
            f"{files:,} files, {_measure_size(home / 'tree') / 1e6:.1f} MB; "
            f"{_count_processors()} processors.\n",
            flush=True,
        )
        measure(home, options.rounds, bounds)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    sys.exit(1 if bounds.broken else 0)


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3, help="of which the median is taken")
    return parser.parse_args()


def measure(home: Path, rounds: int, bounds: Bounds) -> None:
    """Measure the floor, cold and warm in turn, round after round."""
    tree, cache = home / "tree", home / "cache"
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_CACHE_HOME": str(cache)}
    check = [PROGRAM, "schema-check", "--code", tree, "--schema-from", TESTS / "schema.sql", "--json"]
    runs: dict[str, list[Run]] = {"parsing alone": [], "cold": [], "warm": []}
    for _ in range(rounds):
        shutil.rmtree(cache, ignore_errors=True)
        runs["parsing alone"].append(run([sys.executable, "-c", _FLOOR, tree], environment))
        runs["cold"].append(run(check, environment, also=_FINDINGS))
        runs["warm"].append(run(check, environment, also=_FINDINGS))
    answers = {one.output for name in ("cold", "warm") for one in runs[name]}
    _print_report(runs, json.loads(min(answers)), bounds)
    bounds.check("different answers, cold and warm", len(answers), 1)


def _print_report(runs: dict[str, list[Run]], answer: object, bounds: Bounds) -> None:
    floor = statistics.median(one.wall for one in runs["parsing alone"])
    print("| | wall time | of parsing alone | processors' time | memory |")
    print("| --- | ---: | ---: | ---: | ---: |")
    walls, memory = {}, {}
    for name, several in runs.items():
        walls[name] = statistics.median(one.wall for one in several)
        memory[name] = max(one.memory for one in several) / 1e6
        cpu = statistics.median(one.cpu for one in several)
        ratio = walls[name] / floor
        print(f"| {name} | {walls[name]:.2f} s | {ratio:.2f} | {cpu:.2f} s | {memory[name]:.0f} MB |")
    calls, unresolved = (next(_find_numbers(answer, key), None) for key in ("statements", "unresolved"))
    print(f"\nCalls found: {calls}; not resolved: {unresolved}.\n")
    bounds.check("cold", walls["cold"], COLD_SECONDS, " s")
    bounds.check("warm", walls["warm"], WARM_SECONDS, " s")
    bounds.check("memory", max(memory["cold"], memory["warm"]), MEGABYTES, " MB")


def run(command: Sequence[str | Path], environment: dict[str, str], *, also: int = 0) -> Run:
    """Run a command to its end; require exit code 0 or the given one."""
    with tempfile.TemporaryFile("w+") as output:
        began, memory = time.perf_counter(), 0
        process = subprocess.Popen(command, env=environment, stdout=output)
        while True:
            found, status, used = os.wait4(process.pid, os.WNOHANG)
            if found:
                break
            memory = max(memory, sum(map(_measure_memory, _list_family(process.pid))))
            time.sleep(_SAMPLE_SECONDS)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    assert process.returncode in {0, also}, text
    return Run(wall, used.ru_utime + used.ru_stime, memory, text)


def _list_family(process: int) -> Iterator[int]:
    """Yield a process and all its descendants."""
    yield process
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            numbers = children.read_text().split()
        except OSError:  # it has just ended
            continue
        for number in numbers:
            yield from _list_family(int(number))


def _measure_memory(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _find_numbers(answer: object, key: str) -> Iterator[object]:
    """Yield the values of a key at any depth; for a list, its length."""
    if isinstance(answer, dict):
        if key in answer:
            yield len(answer[key]) if isinstance(answer[key], list) else answer[key]
        for value in answer.values():
            yield from _find_numbers(value, key)


def _measure_size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _count_processors() -> int:
    return len(os.sched_getaffinity(0))


if __name__ == "__main__":
    main()
