"""Figures that took long to count are kept for a while, and say when they were counted.

In a district of a million records a count takes seconds and hardly changes within minutes; in a small one it takes
milliseconds, and whoever has just recorded something expects to see it. So the time that a count took decides
how long it is kept, and one that was quick is not kept at all (docs/adr/0017-figures-that-are-kept.md).
Must not know any feature.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, Generic, TypeVar, cast

from cachetools import TLRUCache, cachedmethod

from trafficedu.core.clock import utc_now

Figures = TypeVar("Figures")

QUICK_SECONDS = 0.75
"""What is counted faster than this is counted anew each time, where nothing else is said."""
PATIENCE = 120
"""For how many times as long as the counting took its result is kept: counting costs some hundredths of the time."""
LEAST_SECONDS = 60.0
"""For how long at least: less would let every tenth reader wait for what changes hardly at all."""
MOST = 1000


@dataclass(frozen=True)
class Kept(Generic[Figures]):
    """Figures, the moment they were counted at, and for how many seconds they are kept."""

    figures: Figures
    counted_utc: datetime
    seconds: float


class Keeper:
    """The figures one process keeps, for all its threads; at most :data:`MOST` of them, the oldest go first."""

    def __init__(self, longest: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Keep nothing for more than ``longest`` seconds; 0 keeps nothing."""
        self._longest, self._clock = longest, clock
        self._kept: TLRUCache[Hashable, Kept[Any]] = TLRUCache(
            MOST, ttu=lambda _name, kept, now: now + kept.seconds, timer=clock
        )
        self._counted = threading.Condition()

    def get(self, name: Hashable, count: Callable[[], Figures], quick: float = QUICK_SECONDS) -> Kept[Figures]:
        """Return the figures kept under ``name``, or count them.

        Parameters
        ----------
        name
            All that the figures depend on: the scope of the reader, the area, the period. Nothing that a session
            holds may be in the figures: another request will read them.
        quick
            Below how many seconds of counting nothing is kept; less for figures that nobody looks for a change in.

        Whoever asks while the figures are being counted waits for them; the database counts once.
        """
        return cast(Kept[Figures], self._get(name, count, quick))

    @cachedmethod(attrgetter("_kept"), key=lambda _self, name, *_: name, condition=attrgetter("_counted"))
    def _get(self, _name: Hashable, count: Callable[[], Any], quick: float) -> Kept[Any]:
        counted_utc, began = utc_now(), self._clock()
        figures = count()
        return Kept(figures, counted_utc, self._seconds(self._clock() - began, quick))

    def _seconds(self, took: float, quick: float) -> float:
        """Return for how long figures are kept that took so long to count."""
        return min(max(PATIENCE * took, LEAST_SECONDS), self._longest) if took >= quick else 0.0
