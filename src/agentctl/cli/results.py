"""Writes an agent's result into the file that the operator names; a binary result always gets a file.

It overwrites no other file, and loses no result while any folder can hold it: somebody has paid for it.
"""

import mimetypes
from contextlib import suppress
from itertools import count
from pathlib import Path

from msgspec import Struct

from agentctl.core.errors import SetupError
from agentctl.core.files.user_folders import find_data_folder
from agentctl.core.files.writing import make_own_folder, open_whole, write_new
from agentctl.core.hint_text import shell_command
from agentctl.core.running.run_report import RunReport
from agentctl.render.run import is_binary, result_bytes


class Saved(Struct, frozen=True):
    """The file that holds the result, and an error if it is not the intended one."""

    file: Path | None = None
    error: SetupError | None = None


def save_result(report: RunReport, output: Path | None) -> Saved:
    """Write the result of a success to `output`; elsewhere if that fails or a binary one has no file.

    The answer of a failed agent is not written: it would overwrite the last good result.
    """
    if not report.has_result:
        return Saved()
    content = result_bytes(report, suffix=output.suffix if output else "")
    if content is None or (output is None and not is_binary(report)):
        return Saved()
    why = "its folders cannot be written to"
    if output is not None:
        try:
            with open_whole(output) as stream:
                stream.write(content)
        except OSError as error:
            why = f"{output}: {error.strerror}"
        else:
            return Saved(output)
    file = _write_elsewhere(content, stem=str(report.execution), suffix=_choose_suffix(report, output))
    return Saved(file, None if file and output is None else _make_misplaced_error(report, file, why=why))


def _choose_suffix(report: RunReport, output: Path | None) -> str:
    if output is not None:
        return output.suffix
    kind = report.call.judgement.content_type if report.call else None
    return mimetypes.guess_extension(kind or "") or ".bin"


def _write_elsewhere(content: bytes, *, stem: str, suffix: str) -> Path | None:
    """Write a new file in the current folder or, if that fails, in the user's data folder."""
    for folder in (Path(), find_data_folder() / "results"):
        with suppress(OSError):
            if folder.is_absolute():
                make_own_folder(folder)
            return _write_new(folder, content, stem=stem, suffix=suffix)
    return None


def _write_new(folder: Path, content: bytes, *, stem: str, suffix: str) -> Path:
    """Write a new file under a free name: ids that are numbers repeat from database to database."""
    names = (f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}" for number in count(1))
    for path in map(folder.joinpath, names):
        with suppress(FileExistsError):
            write_new(path, content)
            return path
    raise AssertionError  # the names never end


def _make_misplaced_error(report: RunReport, file: Path | None, *, why: str) -> SetupError:
    command = shell_command("agentctl history", str(report.execution))
    return SetupError(
        f"The result could not be written ({why})" + (f"; it is in {file}." if file else "."),
        hint=f"The run is complete and settled: {command}",
        code="result_not_written",
    )
