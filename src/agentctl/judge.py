"""A program that checks one JSON Schema, or inputs against one, and can be ended at any moment.

It reads a question as JSON from its standard input and writes lines of JSON: the name of each input before it
is checked, so that whoever ends the process knows which one took so long, and then the answer.
"""

import contextlib
import json
import sys
from typing import Any

from agentctl.core.strict_json import parse_json

_MOST_MEMORY = 1024**3  # bytes


def main() -> None:
    """Answer the question."""
    _limit_memory()
    question: dict[str, Any] = parse_json(sys.stdin.read())
    _write_line({"answer": _judge_question(question)})


def _judge_question(question: dict[str, Any]) -> dict[str, Any]:
    from agentctl.core.agents.schema_rules import find_fault  # noqa: PLC0415 - what is loaded is limited, too
    from agentctl.core.agents.validation import judge  # noqa: PLC0415 - likewise

    if "inputs" not in question:
        return {"fault": find_fault(question["schema"])}
    verdict = judge(
        question["schema"],
        question["inputs"],
        secret=frozenset(question["secret"]),
        on_field=lambda name: _write_line({"field": name}),
    )
    return {
        "problems": [[problem.name, problem.text] for problem in verdict.problems],
        "obstacle": verdict.obstacle,
    }


def _write_line(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # not every system can
        import resource  # noqa: PLC0415 - Unix only

        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))


if __name__ == "__main__":
    main()
