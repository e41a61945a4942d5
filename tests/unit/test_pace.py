"""How fast a backfill goes."""

import pytest

from agentctl.core.migration.pace import Pace


def test_batches_grow_and_shrink_towards_a_twentieth_of_a_second() -> None:
    assert Pace(blocks=20).after(1000, 0.025, 0).blocks == 40
    assert Pace(blocks=20).after(1000, 0.05, 0).blocks == 20
    assert Pace(blocks=20).after(1000, 0.1, 0).blocks == 10


@pytest.mark.parametrize(("blocks", "seconds", "expected"), [(512, 0.01, 512), (2, 10, 2), (20, 9, 10)])
def test_there_are_bounds_to_a_batch_and_to_a_leap(blocks: int, seconds: float, expected: int) -> None:
    assert Pace(blocks=blocks).after(1000, seconds, 0).blocks == expected


@pytest.mark.parametrize(("busy", "pause"), [(0, 0.025), (1, 0.075), (3, 0.175), (9, 0.175)])
def test_a_pause_grows_with_those_who_are_at_work_and_has_an_end(busy: int, pause: float) -> None:
    assert Pace().after(1000, 0.1, busy).pause == pytest.approx(pause)


def test_no_pause_is_longer_than_a_second() -> None:
    assert Pace().after(1000, 5, 3).pause == 1


def test_where_there_is_nothing_to_fill_there_is_no_pause_and_a_longer_stride() -> None:
    assert Pace(blocks=16, pause=1).after(0, 0.001, 5) == Pace(blocks=32)
