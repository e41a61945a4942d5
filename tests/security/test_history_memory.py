"""`history --all` takes the memory of its largest row, not of a thousand rows of any size."""

import json
import sys
from pathlib import Path
from typing import Any

from support.executions import SEO_BLOG
from support.program import Program

MEBIBYTE = 1024 * 1024
# Runs a program with its output in a file, and prints the most memory that it took, in KiB.
MEASURE = """
import resource, subprocess, sys
with open(sys.argv[1], "wb") as output:
    subprocess.run(sys.argv[2:], stdout=output, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
INSERT = """
INSERT INTO agent_executions (id, user_id, agent_id, status, created_at, result)
SELECT gen_random_uuid(), p.id, %s, 'success', now() - n * interval '1 s',
       jsonb_build_object('text', repeat('x', CASE WHEN n > 900 THEN %s ELSE 1 END))
FROM generate_series(1, %s) AS n CROSS JOIN profiles AS p WHERE p.email = 'ops@example.com'
"""


def peak_of(shop: Any, output: Path, *arguments: str) -> int:
    """Return the most memory that a run of the program took, in bytes."""
    command = (sys.executable, "-c", MEASURE, str(output), sys.executable, "-m", "agentctl")
    done = Program(shop.program.home, command)("history", "--all", *arguments, timeout=120)
    assert done.exit_code == 0, done
    return int(done.stdout) * 1024


def test_streams_many_large_results_in_little_memory(full_shop: Any, tmp_path: Path) -> None:
    output = tmp_path / "output"
    idle = peak_of(full_shop, output, "--format", "jsonl")
    full_shop.marketplace.execute(INSERT, (SEO_BLOG, 2 * MEBIBYTE, 1100))

    peak = peak_of(full_shop, output, "--format", "jsonl")

    assert peak - idle < 100 * MEBIBYTE  # together they are 400
    with output.open() as lines:
        lengths = [len(json.loads(line)["result"]["text"]) for line in lines]
    assert lengths == [1] * 900 + [2 * MEBIBYTE] * 200  # newest first


def test_shows_a_result_larger_than_a_group(full_shop: Any, tmp_path: Path) -> None:
    full_shop.marketplace.execute(INSERT, (SEO_BLOG, 30 * MEBIBYTE, 902))

    peak_of(full_shop, tmp_path / "output", "--format", "csv")

    assert (tmp_path / "output").stat().st_size > 2 * 30 * MEBIBYTE


def test_does_not_hold_a_thousand_long_error_texts_in_memory(full_shop: Any, tmp_path: Path) -> None:
    full_shop.marketplace.execute(INSERT, (SEO_BLOG, 1, 300))
    idle = peak_of(full_shop, tmp_path / "output")
    full_shop.marketplace.execute("UPDATE agent_executions SET error = repeat('y', 1000000)")

    peak = peak_of(full_shop, tmp_path / "output")

    assert peak - idle < 60 * MEBIBYTE
