"""Which room serves for what, and when the next rider's turn at the VR machines comes. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heapify, heapreplace

from trafficedu.education.rules.states import ModuleKind

SERVES: Mapping[ModuleKind, Sequence[str]] = {
    ModuleKind.LECTURE: ("lecture", "film", "quiz"),
    ModuleKind.FILM: ("film", "lecture", "quiz"),
    ModuleKind.QUIZ: ("quiz", "lecture", "film"),
    ModuleKind.VR: ("vr",),
}
"""What a room has to be for a module of a kind, the best first: a hall will do for all but the machines."""


@dataclass(frozen=True)
class RoomFacts:
    """A room as plans see it; ``places``: how many study in it at once."""

    id: int
    kind: str
    places: int


def may_serve(module: ModuleKind, room: str) -> bool:
    """Tell whether modules of a kind can be held in a room of some kind."""
    return room in SERVES[module]


def plan(
    kinds: Iterable[ModuleKind], rooms: Sequence[RoomFacts], taken: Collection[int], riders: int
) -> dict[ModuleKind, int]:
    """Return the room of each kind of module, as far as one that serves is not ``taken``.

    The best kind of room comes first; of those, the smallest that holds all ``riders``, or else the largest. A hall
    serves for several kinds where there is no room of its own.
    """
    chosen = {}
    for kind in kinds:
        free = [room for room in rooms if may_serve(kind, room.kind) and room.id not in taken]
        if free:
            chosen[kind] = min(free, key=lambda room: _rank(kind, room, riders)).id
    return chosen


def _rank(kind: ModuleKind, room: RoomFacts, riders: int) -> tuple[int, bool, int, int]:
    small = room.places < riders
    return SERVES[kind].index(room.kind), small, -room.places if small else room.places, room.id


def expected_turns(
    now: datetime, running_since: Sequence[datetime], machines: int, minutes: int, waiting: int
) -> list[datetime]:
    """Return when each of those ``waiting`` can be expected at a machine, in their order.

    Each ride lasts ``minutes``; one that runs is expected to end so long after it began, or now where that is over.
    The next rider takes the machine that is free first.
    """
    if machines < 1:
        return []
    lasts = timedelta(minutes=minutes)
    busy = sorted(max(now, since + lasts) for since in running_since)[:machines]
    free = busy + [now] * (machines - len(busy))
    heapify(free)
    turns = []
    for _ in range(waiting):
        turns.append(free[0])
        heapreplace(free, free[0] + lasts)
    return turns
