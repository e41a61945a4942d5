"""Compares what `--json` prints with its recording, or records it anew.

A recording is a file for each case, with the arguments, the exit code and stdout's JSON, in which
placeholders stand for whatever differs from run to run. The order of keys and every text count.
AGENTCTL_RECORD=1 writes the files instead of comparing; AGENTCTL_RECORD=wording writes those in which nothing
but wording has changed.
"""

import difflib
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from support.program import Program, Result

RECORD = "AGENTCTL_RECORD"
_MODES = {None, "1", "wording"}
_WIDTH = 110
_VOLATILE = {"duration_ms", "server_version", "next_cursor"}
"""Keys whose values depend on how busy the machine was, on PostgreSQL's minor version, or on ids."""
_WORDING = {
    "description", "error", "help", "hint", "kept_instead", "message", "not_run", "note", "purpose",
    "remarks", "toml", "warnings", "what", "why",
}  # fmt: skip
"""Keys whose texts are sentences for people."""
_ID = re.compile(r"[0-9a-f]{8}(?!-0000-4000-8000-)(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PATTERNS = {
    re.compile(r"test_[0-9a-f]{12}"): "<database>",
    re.compile(r"(?<=127\.0\.0\.1:)[0-9]{4,5}"): "<port>",
    re.compile(r"(?<=pid )[0-9]+|(?<=pg_terminate_backend\()[0-9]+"): "<pid>",
    re.compile(r"(?<=, for )[0-9]+ s(?=: )"): "<seconds>",
    re.compile(r"20(2[5-9]|[3-9][0-9])-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z"): "<time>",
    re.compile(
        r"20(2[5-9]|[3-9][0-9])-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
    ): "<local time>",
}


class Recorder:
    """Holds the commands of one story to their recordings.

    Args:
        program: runs the commands.
        folder: where the story's recordings lie, one file a case.

    """

    def __init__(self, program: Program, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._mode = os.environ.get(RECORD)
        self._names = {str(program.home): "<home>"}
        self._cases: list[str] = []
        self._differences: list[str] = []
        if self._mode not in _MODES:
            msg = f"{RECORD}: no {self._mode!r}; there are 1, wording"
            raise ValueError(msg)

    def hide(self, text: str, placeholder: str) -> None:
        """Replace a text by a placeholder, from the next command on."""
        self._names = {text: placeholder, **self._names}

    def __call__(self, case: str, *arguments: str, **options: Any) -> Any:
        """Run a command with `--json`, hold it to its recording, and return its data."""
        result = self._program(*arguments, "--json", **options)
        self.hold(case, arguments, result)
        return json.loads(result.stdout)["data"]

    def hold(self, case: str, arguments: tuple[str, ...], result: Result) -> None:
        """Compare a run that has ended with its recording, or record it."""
        assert case not in self._cases, f"two cases are called {case}"
        assert result.stdout.startswith("{"), f"{case} printed no JSON: {result}"
        self._cases.append(case)
        content = {
            "arguments": list(arguments), "exit_code": result.exit_code, "stdout": json.loads(result.stdout)
        }  # fmt: skip
        current = lay_out(Placeholders(self._names).replace(content)) + "\n"
        file = self._folder / f"{case}.json"
        recorded = file.read_text(encoding="utf-8") if file.exists() else "null\n"
        if current == recorded:
            return
        if self._may_record(recorded, current):
            self._folder.mkdir(parents=True, exist_ok=True)
            file.write_text(current, encoding="utf-8")
            return
        lines = difflib.unified_diff(
            recorded.splitlines(), current.splitlines(), "recorded", "now", lineterm=""
        )
        self._differences.append("\n".join([file.name, *lines, result.stderr]))

    def finish(self) -> None:
        """Fail if a case differs from its recording, or a recording has no case."""
        for file in sorted(self._folder.glob("*.json")):
            if file.stem in self._cases:
                continue
            if self._mode == "1":
                file.unlink()
            else:
                self._differences.append(f"{file.name} is the recording of no case")
        assert not self._differences, "\n\n".join(self._differences)

    def _may_record(self, recorded: str, current: str) -> bool:
        if self._mode == "wording":
            return drop_wording(json.loads(recorded)) == drop_wording(json.loads(current))
        return self._mode == "1"


class Placeholders:
    """Replaces what differs from run to run by placeholders; the same id gets the same placeholder.

    Values that tests fix are kept: ids such as 00000000-0000-4000-8000-0000000000a1, times before 2025.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._ids: dict[str, str] = {}

    def replace(self, value: object) -> object:
        """Return a JSON value with placeholders."""
        match value:
            case dict():
                return {
                    key: f"<{key}>"
                    if key in _VOLATILE and isinstance(entry, int | str)
                    else self.replace(entry)
                    for key, entry in value.items()
                }
            case list():
                return [self.replace(entry) for entry in value]
            case str():
                return self._replace_in_text(value)
        return value

    def _replace_in_text(self, text: str) -> str:
        for name, placeholder in self._names.items():
            text = text.replace(name, placeholder)
        for pattern, placeholder in _PATTERNS.items():
            text = pattern.sub(placeholder, text)
        return _ID.sub(lambda match: self._ids.setdefault(match[0], f"<id {len(self._ids) + 1}>"), text)


def drop_wording(value: object) -> object:
    """Return a JSON value in which every sentence for people is the same."""
    match value:
        case dict():
            return {
                key: _blank_wording(entry) if key in _WORDING else drop_wording(entry)
                for key, entry in value.items()
            }
        case list():
            return [drop_wording(entry) for entry in value]
    return value


def _blank_wording(value: object) -> object:
    match value:
        case str():
            return "..."
        case list():
            return [_blank_wording(entry) for entry in value]
    return drop_wording(value)


def lay_out(value: object, indent: str = "") -> str:
    """Write JSON with whatever fits on a line on one line."""
    line = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(line) <= _WIDTH or not isinstance(value, dict | list) or not value:
        return line
    deeper = indent + " "
    parts = f",\n{deeper}".join(_lay_out_entries(value, deeper))
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n{deeper}{parts}\n{indent}{closing}"


def _lay_out_entries(value: Mapping[str, object] | list[object], indent: str) -> Iterator[str]:
    if isinstance(value, list):
        yield from (lay_out(entry, indent) for entry in value)
        return
    for key, entry in value.items():
        yield f"{json.dumps(key, ensure_ascii=False)}: {lay_out(entry, indent)}"
