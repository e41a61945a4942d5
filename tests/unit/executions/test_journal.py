"""The journal's lines: which of them are about a row, and which may only be."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from agentctl.core.database.row_identity import DatabaseIdentity, RowIdentity, is_unrepeatable
from agentctl.core.executions.journal import Event, Journal, Memory
from agentctl.core.models import Key, Outcome

EXECUTION = UUID("c0ffee00-0000-4000-8000-000000000001")
ROW = RowIdentity(DatabaseIdentity("7412", "16384"), "2027-03-04T05:06:07.000089Z")
PLACE = "db.example.com:5432/shop"


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path, content=True)


def recall(journal: Journal, row: RowIdentity = ROW) -> Memory:
    return journal.recall({EXECUTION: row}, database=PLACE).get(EXECUTION, Memory())


def note_failure(journal: Journal, row: RowIdentity) -> None:
    journal.note(EXECUTION, database=PLACE, row=row, event=Event.ANSWERED, outcome="failed", error="no")


def test_an_answer_about_the_same_row_is_evidence(journal: Journal) -> None:
    note_failure(journal, ROW)

    memory = recall(journal)

    assert memory.answer is not None
    assert (memory.answer.outcome, memory.has_ended) == (Outcome.FAILED, True)
    assert memory.doubtful_answer is None


@pytest.mark.parametrize(
    "other",
    [
        RowIdentity(DatabaseIdentity("9999", "16384"), ROW.created_at),
        RowIdentity(DatabaseIdentity("7412", "16385"), ROW.created_at),
        RowIdentity(ROW.database, "2027-03-04T05:06:07.000088Z"),
        RowIdentity(None, "2027-03-04T05:06:07.000088Z"),
    ],
    ids=["other server", "other database", "younger row", "younger row somewhere"],
)
def test_an_answer_about_another_row_is_not_remembered(journal: Journal, other: RowIdentity) -> None:
    note_failure(journal, other)

    assert recall(journal) == Memory()


@pytest.mark.parametrize(
    ("noted", "asked"),
    [
        (RowIdentity(None, ROW.created_at), ROW),
        (RowIdentity(ROW.database, None), ROW),
        (ROW, RowIdentity(None, ROW.created_at)),
        (ROW, RowIdentity(ROW.database, None)),
        (RowIdentity(None, ROW.created_at), RowIdentity(None, ROW.created_at)),
        (RowIdentity(ROW.database, None), RowIdentity(ROW.database, None)),
    ],
)
def test_what_is_not_known_of_a_row_proves_nothing(
    journal: Journal, noted: RowIdentity, asked: RowIdentity
) -> None:
    note_failure(journal, noted)

    memory = recall(journal, asked)

    assert (memory.answer, memory.has_ended) == (None, False)
    assert memory.doubtful_answer is not None


def test_a_doubtful_line_can_only_prolong_a_lease(journal: Journal) -> None:
    until = datetime(2027, 3, 4, 6, tzinfo=UTC)
    doubtful = RowIdentity(None, ROW.created_at)
    journal.note(EXECUTION, database=PLACE, row=doubtful, event=Event.CALLING, until=until.isoformat())
    note_failure(journal, doubtful)

    memory = recall(journal)

    assert (memory.until, memory.began_at, memory.has_ended) == (until, None, False)


def test_many_rows_are_recalled_from_one_reading_and_others_are_left_out(journal: Journal) -> None:
    rows: dict[Key, RowIdentity] = {uuid4(): ROW for _ in range(20)}
    for execution in (*rows, uuid4()):
        journal.note(execution, database=PLACE, row=ROW, event=Event.ANSWERED, outcome="success")

    memories = journal.recall({**rows, uuid4(): ROW}, database=PLACE)

    assert set(memories) == set(rows)


@pytest.mark.parametrize(
    "damage",
    [
        {"at": "2027-03-04T05:06:07"},  # a time without a zone cannot be compared
        {"at": 7},
        {"event": "teleported"},
        {"outcome": ["failed"]},
        {"until": "soon"},
        {"version": 3},
        {"version": "2"},
        {"version": None},
        {"execution": 5},
        {"at": "0001-01-01T00:00:00+14:00"},
    ],
    ids=str,
)
def test_a_damaged_line_or_one_of_a_later_version_is_passed_over(
    journal: Journal, damage: Mapping[str, object]
) -> None:
    note_failure(journal, ROW)
    line = json.loads(journal.path.read_text())
    journal.path.write_text(f'["execution"]\n{{"execution": "\\q"}}\n{json.dumps({**line, **damage})}\n')

    assert recall(journal) == Memory()
    note_failure(journal, ROW)
    assert recall(journal).answer is not None


def test_inputs_that_look_like_a_line_do_not_stand_for_one(journal: Journal) -> None:
    forged = {"execution": str(EXECUTION), "event": "answered", "outcome": "failed"}
    journal.note(uuid4(), database=PLACE, row=ROW, event=Event.CALLING, inputs=forged)

    assert recall(journal) == Memory()


@pytest.mark.parametrize(
    ("execution", "alone"),
    [
        (uuid4(), True),
        (UUID("018f2b3c-0000-7000-8000-000000000000"), True),
        (UUID("7d444840-9dc0-51d1-b245-5ffdce74fad2"), False),  # version 5: of a key
        ("7d444840-9dc0-51d1-b245-5ffdce74fad2", False),
        ("cm4x8q2k0000108l4gq3z9v7a", True),
        (81, False),
    ],
)
def test_numbers_and_ids_made_of_keys_do_not_tell_a_row_alone(
    execution: UUID | int | str, alone: bool
) -> None:
    assert is_unrepeatable(execution) is alone
