"""Lets a process of its own judge what might take for ever, and ends it after ten seconds.

A regular expression cannot be stopped where it runs. The process knows nothing but what it is handed: it has
no database, and its answer is text. What it does is agentctl/judge.py.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_MODULE = "agentctl.judge"
SECONDS = 10.0
"""For one schema or one set of inputs, the start of the process included."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What came of judging.

    Attributes:
        answer: as the process gave it; None where it gave none.
        field: the input that was being judged last; empty where that was none in particular.
        in_time: False where the process was ended.

    """

    answer: dict[str, Any] | None
    field: str = ""
    in_time: bool = True


def judge_apart(question: Mapping[str, object]) -> Ruling:
    """Ask a new process, and wait for it as long as SECONDS.

    Args:
        question: JSON, as agentctl/judge.py understands it.

    """
    # -P: nothing that lies in the current folder is imported.
    command = (sys.executable, "-P", "-m", _MODULE)
    with subprocess.Popen(  # noqa: S603 - our own program
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            output, _ = process.communicate(json.dumps(question).encode(), timeout=SECONDS)
            in_time = True
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
            in_time = False
        except BaseException:  # Ctrl-C: leaving the block would wait for it
            process.kill()
            raise
    return _read_lines(output.decode(errors="replace").splitlines(), in_time=in_time)


def _read_lines(lines: Sequence[str], *, in_time: bool) -> Ruling:
    """Read lines of JSON: the name of each input as its turn came, and the answer at the end."""
    field, answer = "", None
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:  # it was ended in the middle of a line
            break
        field, answer = record.get("field", field), record.get("answer")
    return Ruling(answer, field, in_time=in_time)
