"""The output of `--json`, for every command and exit code, equals its recording: keys, values and texts.

Each story runs commands on a database of its own and compares each with a file in recorded/<story>/. Where
a change is intended, AGENTCTL_RECORD=1 writes the files instead. AGENTCTL_RECORD=wording writes those in
which nothing but sentences for people has changed, and fails for any other. Review what git shows afterwards:

    AGENTCTL_RECORD=1 .venv/bin/pytest -n 0 tests/acceptance/test_recorded_json.py
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from acceptance.stories import changing, checking, mistakes, reading, runs, strangers
from acceptance.stories.stage import Stage
from support.forks import forked_agentctl, typist  # noqa: F401 - fixtures: there are hundreds of commands
from support.postgres import Server
from support.program import Program
from support.recordings import Recorder
from support.shop import Shop
from support.webhook_server import WebhookServer

_RECORDED = Path(__file__).with_name("recorded")

Story = Callable[[Stage], None]
# `make test` runs the first and the last, `make test-cases` the others.
STORIES: tuple[Story, ...] = (
    runs.minimal,
    runs.answers,
    runs.requests,
    reading.history,
    reading.moving_credits,
    changing.reconcile,
    changing.migrate,
    changing.seed,
    changing.sandbox,
    checking.audit,
    checking.schema,
    checking.roles,
    checking.code,
    strangers.strangers,
    strangers.prisma,
    strangers.unsigned_ledger,
    strangers.partitioned,
    mistakes.mistakes,
)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_json_equals_its_recording(
    story: Story,
    server: Server,
    webhook: WebhookServer,
    agentctl: Program,
    shop_with: Callable[..., Shop],
) -> None:
    record = Recorder(agentctl, _RECORDED / story.__name__)
    story(Stage(server, webhook, agentctl, record, shop_with))
    record.finish()


def test_every_recording_belongs_to_a_story() -> None:
    assert {folder.name for folder in _RECORDED.iterdir()} == {story.__name__ for story in STORIES}
