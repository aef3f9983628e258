"""The traffic indicators that a village-safety evaluation takes over: accidents, hazards, education, helmets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.accidents.queries import figures as accidents
from trafficedu.areas.models import VILLAGE, Area
from trafficedu.areas.queries import tree as areas
from trafficedu.areas.queries.ebikes import ebikes_of_areas
from trafficedu.areas.rules import paths_down_to
from trafficedu.core.actors import Actor
from trafficedu.core.month import Month, Period
from trafficedu.education.queries import rates as education
from trafficedu.hazards.queries import figures as hazards
from trafficedu.helmets.queries import rates as helmets
from trafficedu.helmets.queries.monthly import RateCriteria

HAZARDS = ("open", "new", "fixed", "fixed_on_time", "overdue")


@dataclass(frozen=True)
class VillageMonth:
    """One village in one month, numerators and denominators; ``docs/handing_on.md`` says what each counts.

    ``ebikes`` is None where none are registered; a rate is for the receiver to make, with its denominator.
    """

    month: str
    town_code: str
    town: str
    village_code: str
    village: str
    ebikes: int | None
    accidents: int
    casualty_accidents: int
    fatal_accidents: int
    killed: int
    injured: int
    hazards_open: int
    hazards_new: int
    hazards_fixed: int
    hazards_fixed_on_time: int
    hazards_overdue: int
    tasks_due: int
    tasks_on_time: int
    helmets_observed: int
    helmets_worn: int


COUNTED = [field.name for field in fields(VillageMonth)][6:]
"""The figures that are counted, behind the place and its e-bikes."""


def list_indicators(session: Session, by: Actor, month: Month, as_of: datetime) -> Iterator[VillageMonth]:
    """Yield every village that exists at the end of ``month`` in the scope of ``by``, in the order of the tree.

    A village counts what was recorded in it and in what lies below it; a figure of its own town is in no village.
    """
    path = by.scope.area_path or ""
    if not path and not by.scope.everything:
        return
    rows = areas.list_below(session, path, month.last)
    sums = _count(session, by, month, as_of)
    ebikes = ebikes_of_areas(session, path, month, month)[month]
    own: dict[str, Counter[str]] = {village.path: Counter() for village in rows if village.level == VILLAGE}
    for place, counts in sums.items():
        for above in paths_down_to(place):
            if above in own:
                own[above].update(counts)
    for village in rows:
        if village.path in own:
            yield _line(month, village, village.parent, ebikes.get(village.path), own[village.path])


def _count(session: Session, by: Actor, month: Month, as_of: datetime) -> dict[str, Counter[str]]:
    """Return all counters by path of the area they were recorded in."""
    sums: dict[str, Counter[str]] = {}
    first, last, after = month.first, month.last, month.next.first

    def add(path: str, **counts: int) -> None:
        sums.setdefault(path, Counter()).update(counts)

    for row in accidents.count_by_area_and_month(session, by, first, last):
        add(row.path, accidents=row.accidents, fatal_accidents=row.fatal, killed=row.killed, injured=row.injured)
    for row in accidents.count_by_area_and_month(session, by, first, last, casualty_only=True):
        add(row.path, casualty_accidents=row.accidents)
    for path, _, due, on_time in education.count_due_by_area_and_month(session, by, first, after, as_of):
        add(path, tasks_due=due, tasks_on_time=on_time)
    for path, _, bare, clear in helmets.count_by_area_and_month(session, RateCriteria(Period(month, month)), by):
        add(path, helmets_observed=clear, helmets_worn=clear - bare)
    of_areas = hazards.indicators(session, month)
    for area in areas.list_below(session, by.scope.area_path or "", last):
        if area.id in of_areas:
            add(area.path, **{f"hazards_{name}": getattr(of_areas[area.id], name) for name in HAZARDS})
    return sums


def _line(month: Month, village: Area, town: Area | None, ebikes: int | None, own: Counter[str]) -> VillageMonth:
    return VillageMonth(
        month=str(month),
        town_code=town.code if town else "",
        town=town.name if town else "",
        village_code=village.code,
        village=village.name,
        ebikes=ebikes,
        **{name: own[name] for name in COUNTED},
    )
