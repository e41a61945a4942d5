"""The speed of a backfill."""

import pytest

from agentctl.core.migration.pace import Pace


def test_batch_size_aims_at_fifty_milliseconds() -> None:
    assert Pace(blocks=20).after(1000, 0.025, 0).blocks == 40
    assert Pace(blocks=20).after(1000, 0.05, 0).blocks == 20
    assert Pace(blocks=20).after(1000, 0.1, 0).blocks == 10


@pytest.mark.parametrize(("blocks", "seconds", "expected"), [(512, 0.01, 512), (2, 10, 2), (20, 9, 10)])
def test_batch_size_has_bounds_and_changes_gradually(blocks: int, seconds: float, expected: int) -> None:
    assert Pace(blocks=blocks).after(1000, seconds, 0).blocks == expected


@pytest.mark.parametrize(("busy", "pause"), [(0, 0.025), (1, 0.075), (3, 0.175), (9, 0.175)])
def test_pause_grows_with_the_load_of_others_up_to_a_bound(busy: int, pause: float) -> None:
    assert Pace().after(1000, 0.1, busy).pause == pytest.approx(pause)


def test_pause_is_a_second_at_most() -> None:
    assert Pace().after(1000, 5, 3).pause == 1


def test_skips_empty_batches_without_a_pause() -> None:
    assert Pace(blocks=16, pause=1).after(0, 0.001, 5) == Pace(blocks=32)
