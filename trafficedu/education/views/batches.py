"""What can be done for everybody in a room with one gesture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trafficedu.core.database import session
from trafficedu.education.models.courses import CourseModule, StudySession
from trafficedu.education.queries.rooms import rooms_of
from trafficedu.education.rules.states import ModuleKind
from trafficedu.education.views.roster import RosterEntry
from trafficedu.stations.models import Room


@dataclass(frozen=True)
class ModuleGroup:
    """What can be done for everybody with one module: how many may begin it, how many may end it.

    ``waiting``: how many more would begin it, if its ``room`` were larger. Rides begin from their queue.
    """

    module: CourseModule
    room: Room | None
    begin: int
    waiting: int
    end: int
    running: int
    facts: Sequence[Any]

    @property
    def is_queue(self) -> bool:
        """Whether riders are called to it one by one."""
        return self.module.kind == ModuleKind.VR

    @property
    def is_needed(self) -> bool:
        """Whether somebody is in it, or may begin it."""
        return bool(self.begin or self.waiting or self.running)


def module_groups(study: StudySession, entries: Sequence[RosterEntry]) -> list[ModuleGroup]:
    """Return what can be begun or ended for everybody, by module; what concerns nobody is left out."""
    rooms = rooms_of(session(), study)
    inside = [entry.current.module for entry in entries if entry.current and entry.current.is_running]
    groups = []
    for module in study.plan.modules:
        running = {
            entry.booking.id: entry.current
            for entry in entries
            if entry.current and entry.current.is_running and entry.current.module.id == module.id
        }
        ready = [entry.booking.id for entry in entries if module.id in entry.may_begin]
        room = rooms.get(module.kind)
        used = sum(rooms.get(other.kind) == room for other in inside)
        begin = len(ready) if room is None else min(len(ready), max(0, room.places - used))
        may_end = sum(rider.missing == 0 for rider in running.values())
        facts = sorted([*((booking, True) for booking in running), *((booking, False) for booking in ready)])
        groups.append(ModuleGroup(module, room, begin, len(ready) - begin, may_end, len(running), facts))
    return [group for group in groups if group.is_needed]
