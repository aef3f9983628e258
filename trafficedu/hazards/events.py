"""Facts about hazards that higher features react to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from trafficedu.core.events import Event


@dataclass(frozen=True)
class HazardVerified(Event):
    """Somebody other than the fixer saw that a hazard is gone.

    ``on_time``: it was fixed by the day its plan named, and no earlier deadline of it had passed before.
    """

    hazard_id: int
    area_id: int
    on_time: bool
    verified_on: date


@dataclass(frozen=True)
class HazardDueSoon(Event):
    """A hazard not yet fixed is due within the configured days; published once for a deadline."""

    hazard_id: int
    area_id: int
    deadline_on: date


@dataclass(frozen=True)
class HazardOverdue(Event):
    """A hazard's deadline passed and it is not fixed; published once for a deadline."""

    hazard_id: int
    area_id: int
    deadline_on: date


@dataclass(frozen=True)
class CheckOverdue(Event):
    """Nobody looked at a listed area by the day it was due; published once for a due day."""

    watch_id: int
    area_id: int
    due_on: date
