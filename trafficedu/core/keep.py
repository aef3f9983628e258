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
from typing import Any, Generic, TypeVar, cast

from cachetools import TLRUCache
from sqlalchemy.orm import Session

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
    """Figures, and the moment they were counted at; ``took`` and ``quick`` are in seconds."""

    figures: Figures
    counted_utc: datetime
    took: float
    quick: float


class Keeper:
    """The figures one process keeps, for all its threads; at most :data:`MOST` of them, the oldest go first."""

    def __init__(self, longest: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Keep nothing for more than ``longest`` seconds; 0 keeps nothing."""
        self._longest, self._clock = longest, clock
        self._kept: TLRUCache[Hashable, Kept[Any]] = TLRUCache(MOST, ttu=self._until, timer=clock)
        self._lock = threading.Lock()
        self._counting: dict[Hashable, threading.Lock] = {}

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
        with self._lock:
            found = self._kept.get(name)
            counting = self._counting.setdefault(name, threading.Lock()) if found is None else None
        if counting is None:
            return cast(Kept[Figures], found)
        with counting:
            try:
                with self._lock:
                    found = self._kept.get(name)
                return self._count(name, count, quick) if found is None else cast(Kept[Figures], found)
            finally:
                with self._lock:
                    self._counting.pop(name, None)

    def _count(self, name: Hashable, count: Callable[[], Figures], quick: float) -> Kept[Figures]:
        counted_utc, began = utc_now(), self._clock()
        kept = Kept(count(), counted_utc, self._clock() - began, quick)
        with self._lock:
            self._kept[name] = kept
        return kept

    def _until(self, _name: Hashable, kept: Kept[Any], now: float) -> float:
        """Return until when to keep; what is over at once is not kept."""
        if kept.took < kept.quick:
            return now
        return now + min(max(PATIENCE * kept.took, LEAST_SECONDS), self._longest)


def keeper_of(session: Session) -> Keeper:
    """Return the keeper of the application that a session belongs to."""
    return cast(Keeper, session.info["keeper"])
