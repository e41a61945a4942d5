"""How fast a backfill goes."""

import pytest

from agentctl.core.migration.pace import Pace


def test_batches_grow_and_shrink_towards_a_tenth_of_a_second() -> None:
    assert Pace(size=1000).after(1000, 0.05).size == 2000
    assert Pace(size=1000).after(1000, 0.1).size == 1000
    assert Pace(size=1000).after(1000, 0.2).size == 500


@pytest.mark.parametrize(
    ("size", "seconds", "expected"), [(20_000, 0.01, 20_000), (100, 10, 100), (1000, 9, 500)]
)
def test_there_are_bounds_to_a_batch_and_to_a_leap(size: int, seconds: float, expected: int) -> None:
    assert Pace(size=size).after(size, seconds).size == expected


def test_a_pause_is_as_long_as_its_batch_and_longer_when_others_are_at_work() -> None:
    alone = Pace(size=1000).after(1000, 0.1)
    assert alone.pause == pytest.approx(0.1)
    busy = alone.after(1000, 0.3)
    assert busy.pause == pytest.approx(0.9)
    assert busy.best == alone.best


def test_a_pause_has_an_end() -> None:
    assert Pace(best=1e6).after(100, 5).pause == pytest.approx(1)


def test_an_empty_batch_needs_no_pause() -> None:
    assert Pace(pause=1).after(0, 0.1).pause == 0
