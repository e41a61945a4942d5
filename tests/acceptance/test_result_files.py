"""Results that are files: where `agentctl run` puts them, and what it prints instead."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agentctl.core.executions.execution_table import key_to_id
from support.webhook_server import Reply

OPS, SEO_BLOG = "00000000-0000-4000-8000-0000000000a1", "00000000-0000-4000-8000-0000000000b1"
PDF = b"%PDF-1.7\0\xff\x1b[31m"
RUN = ("seo-blog", "topic=Tea")


def a_file(content_type: str = "application/pdf") -> Reply:
    return Reply(headers={"Content-Type": content_type} if content_type else {}, body=PDF)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    ("content_type", "suffix"),
    [("application/pdf", ".pdf"), ("image/png", ".png"), ("application/x-unheard-of", ".bin"), ("", ".bin")],
)
def test_saves_a_binary_result_in_a_file_named_after_the_execution_and_its_type(
    shop: Any, here: Path, content_type: str, suffix: str
) -> None:
    shop.answer(a_file(content_type))

    data = shop.run_json(*RUN, "--config", shop.program.home / "agentctl.toml", cwd=here)["data"]

    (file,) = here.iterdir()
    assert file.name == f"{data['execution']['id']}{suffix}"
    assert file.read_bytes() == PDF
    assert data["result_file"] == str(file)
    assert (data["result"], data["result_text"]) == (None, None)


def test_stdout_gets_the_name_of_the_result_file_and_none_of_its_bytes(shop: Any) -> None:
    shop.answer(a_file())

    piped = shop.run(*RUN)
    assert (shop.program.home / piped.stdout.removesuffix("\n")).read_bytes() == PDF
    assert "application/pdf" in piped.stderr

    screen = shop.program.on_terminal("run", *RUN)
    assert f"{shop.rows()[-1]['id']}.pdf" in screen.text
    assert "%PDF" not in screen.text


def test_quiet_prints_nothing_and_keeps_the_file(shop: Any) -> None:
    shop.answer(a_file())

    done = shop.run(*RUN, "--quiet")

    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    assert len(list(shop.program.home.glob("*.pdf"))) == 1


def test_output_writes_a_binary_result_to_the_named_file_only(shop: Any, tmp_path: Path) -> None:
    shop.answer(a_file())
    wanted = tmp_path / "report.pdf"
    wanted.write_text("yesterday's")

    data = shop.run_json(*RUN, "-o", wanted)["data"]

    assert wanted.read_bytes() == PDF
    assert data["result_file"] == str(wanted)
    assert not list(shop.program.home.glob("*.pdf"))


def test_never_overwrites_a_file_that_was_not_named(shop: Any) -> None:
    shop.answer(a_file())
    taken = shop.program.home / f"{key_to_id(OPS, SEO_BLOG, 'k')}.pdf"
    taken.write_text("mine")

    data = shop.run_json(*RUN, "--idempotency-key", "k")["data"]

    assert taken.read_text() == "mine"
    assert data["result_file"] == str(taken.with_stem(f"{taken.stem}-2"))
    assert Path(data["result_file"]).read_bytes() == PDF


def test_saves_the_result_in_the_data_folder_if_the_current_folder_is_read_only(shop: Any) -> None:
    shop.answer(a_file())
    home = str(shop.program.home)
    command = [sys.executable, "-P", "-m", "agentctl", "run", *RUN, "--config", f"{home}/agentctl.toml"]
    done = subprocess.run(
        ["bash", "-c", 'mkdir gone && cd gone && rmdir ../gone && exec "$@"', "bash", *command],
        capture_output=True,
        text=True,
        check=False,
        cwd=home,
        env={"HOME": home, "PATH": "/usr/bin:/bin"},
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    file = Path(done.stdout.removesuffix("\n"))
    assert file.is_relative_to(home)
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert file.read_bytes() == PDF


@pytest.mark.parametrize("reply", [a_file(), Reply.text("# Tea")], ids=["binary", "text"])
def test_a_full_disk_is_an_error_that_names_where_the_result_is(shop: Any, reply: Reply) -> None:
    shop.answer(reply)

    whole = shop.run_json(*RUN, "-o", "/dev/full", exit_code=3)

    assert whole["error"]["code"] == "result_not_written"
    assert "/dev/full: No space left on device" in whole["error"]["message"]
    assert whole["data"]["execution"]["status"] == "success"
    assert Path(whole["data"]["result_file"]).read_bytes() == reply.body
    assert Path(whole["data"]["result_file"]).name in whole["error"]["message"]


def test_a_failed_run_keeps_the_previous_result_file(shop: Any, tmp_path: Path) -> None:
    shop.answer(Reply.json({"message": "Error in workflow"}, 500))
    wanted = tmp_path / "tea.md"
    wanted.write_text("yesterday's")

    data = shop.run_json(*RUN, "-o", wanted, exit_code=1)["data"]

    assert wanted.read_text() == "yesterday's"
    assert data["result_file"] is None
