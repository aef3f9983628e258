"""What is going to happen, in the order of time."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

Action = Callable[..., None]


class Agenda:
    """Calls what was put down, ``action(moment, *given)``, earliest first; equals in the order they came in."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, Action, tuple[Any, ...]]] = []
        self._count = 0

    def at(self, moment: int, action: Action, *given: Any) -> None:
        """Put something down for ``moment``."""
        self._count += 1
        heapq.heappush(self._waiting, (moment, self._count, action, given))

    def run_until(self, moment: int) -> None:
        """Do everything that is due before ``moment``; what that puts down is done too."""
        while self._waiting and self._waiting[0][0] < moment:
            when, _, action, given = heapq.heappop(self._waiting)
            action(when, *given)

    def run_only(self, wanted: Action, until: int) -> None:
        """Do what is left of one kind before ``until`` and drop the rest: it lies in the future."""
        for when, _, action, given in sorted(self._waiting):
            if action == wanted and when <= until:
                action(when, *given)
        self._waiting.clear()
