"""Runs checks that might never end in a process of their own, and ends it after ten seconds.

Python cannot interrupt a regular expression. The process knows only the question: it has no database, and it
answers with text. agentctl/judge.py is its program.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from agentctl.core.strict_json import write_json

_MODULE = "agentctl.judge"
SECONDS = 10.0
"""The time for one schema or one set of inputs, including the start of the process."""


class Ruling(Struct, frozen=True):
    """The result of judging.

    Attributes:
        answer: the answer of the process, or None if it gave none.
        field: the input that was judged last; empty if it was no input in particular.
        in_time: False if the process had to be ended.

    """

    answer: dict[str, Any] | None
    field: str = ""
    in_time: bool = True


def judge_apart(question: Mapping[str, object]) -> Ruling:
    """Ask a new process, and wait up to SECONDS for it.

    Args:
        question: JSON that agentctl/judge.py understands.

    """
    # -P keeps Python from importing files of the current folder.
    command = (sys.executable, "-P", "-m", _MODULE)
    with subprocess.Popen(  # noqa: S603 - our own program
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            output, _ = process.communicate(write_json(question).encode(), timeout=SECONDS)
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
    """Read lines of JSON: the name of each input before it is judged, and the answer at the end."""
    field, answer = "", None
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:  # it was ended in the middle of a line
            break
        field, answer = record.get("field", field), record.get("answer")
    return Ruling(answer, field, in_time=in_time)
