"""How fast a backfill goes."""

import pytest

from agentctl.core.migration.pace import Pace


def test_batches_grow_and_shrink_towards_a_twentieth_of_a_second() -> None:
    assert Pace(size=1000).after(1000, 0.025, 0).size == 2000
    assert Pace(size=1000).after(1000, 0.05, 0).size == 1000
    assert Pace(size=1000).after(1000, 0.1, 0).size == 500


@pytest.mark.parametrize(
    ("size", "seconds", "expected"), [(20_000, 0.01, 20_000), (100, 10, 100), (1000, 9, 500)]
)
def test_there_are_bounds_to_a_batch_and_to_a_leap(size: int, seconds: float, expected: int) -> None:
    assert Pace(size=size).after(size, seconds, 0).size == expected


@pytest.mark.parametrize(("busy", "pause"), [(0, 0.025), (1, 0.075), (3, 0.175), (9, 0.175)])
def test_a_pause_grows_with_those_who_are_at_work_and_has_an_end(busy: int, pause: float) -> None:
    assert Pace().after(1000, 0.1, busy).pause == pytest.approx(pause)


def test_no_pause_is_longer_than_a_second() -> None:
    assert Pace().after(1000, 5, 3).pause == 1


def test_an_empty_batch_needs_no_pause() -> None:
    assert Pace(pause=1).after(0, 0.1, 5).pause == 0
