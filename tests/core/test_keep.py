"""Figures that are kept: for how long, for whom, and counted once however many ask."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from trafficedu.core.keep import LEAST_SECONDS, PATIENCE, QUICK_SECONDS, Keeper

LONGEST = 300.0


class Clock:
    """A clock that tests set; counting takes as long as it says."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.counted = 0

    def counting(self, takes: float) -> Callable[[], int]:
        """Return a count that takes so many seconds and says how many counts there were."""

        def count() -> int:
            self.now += takes
            self.counted += 1
            return self.counted

        return count


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keeper(clock: Clock) -> Keeper:
    return Keeper(LONGEST, lambda: clock.now)


def test_what_took_long_is_kept_for_so_many_times_as_long(keeper: Keeper, clock: Clock) -> None:
    first = keeper.get("town", clock.counting(1.0))
    clock.now += PATIENCE * 1.0 - 0.5
    assert keeper.get("town", clock.counting(1.0)) is first
    clock.now += 1.0
    second = keeper.get("town", clock.counting(1.0))
    assert second.figures == 2
    assert second.counted_utc >= first.counted_utc


def test_what_is_kept_is_kept_for_a_minute_at_least(keeper: Keeper, clock: Clock) -> None:
    keeper.get("town", clock.counting(0.1), quick=0.05)
    clock.now += LEAST_SECONDS - 1
    assert keeper.get("town", clock.counting(0.1), quick=0.05).figures == 1
    clock.now += 2
    assert keeper.get("town", clock.counting(0.1), quick=0.05).figures == 2


def test_nothing_is_kept_for_longer_than_the_setting_says(keeper: Keeper, clock: Clock) -> None:
    keeper.get("town", clock.counting(100.0))
    clock.now += LONGEST - 1
    assert keeper.get("town", clock.counting(100.0)).figures == 1
    clock.now += 2
    assert keeper.get("town", clock.counting(100.0)).figures == 2


def test_what_is_counted_quickly_is_counted_anew(keeper: Keeper, clock: Clock) -> None:
    counts = [keeper.get("town", clock.counting(QUICK_SECONDS / 2)).figures for _ in range(3)]
    assert counts == [1, 2, 3]


def test_zero_keeps_nothing(clock: Clock) -> None:
    keeper = Keeper(0, lambda: clock.now)
    counts = [keeper.get("town", clock.counting(5.0)).figures for _ in range(2)]
    assert counts == [1, 2]


def test_another_name_is_counted_by_itself(keeper: Keeper, clock: Clock) -> None:
    keeper.get(("town", 1), clock.counting(1.0))
    assert keeper.get(("town", 2), clock.counting(1.0)).figures == 2


def test_a_count_that_fails_keeps_nothing_and_blocks_nobody(keeper: Keeper, clock: Clock) -> None:
    def fail() -> int:
        clock.now += 1.0
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError, match="went away"):
        keeper.get("town", fail)
    assert keeper.get("town", clock.counting(1.0)).figures == 1


def test_many_who_ask_at_once_let_it_be_counted_once() -> None:
    keeper, counted, begun = Keeper(LONGEST), [], threading.Event()

    def count() -> int:
        counted.append(threading.get_ident())
        begun.wait(10)
        time.sleep(QUICK_SECONDS)  # what is quicker is not kept
        return 7

    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(keeper.get("town", count).figures)) for _ in range(6)]
    for thread in threads:
        thread.start()
    begun.set()
    for thread in threads:
        thread.join()
    assert found == [7] * 6
    assert len(counted) == 1
