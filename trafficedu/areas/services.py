"""Use cases that change areas and figures of registered e-bikes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area, RegisteredEBikes
from trafficedu.areas.queries.ebikes import find_figure
from trafficedu.areas.queries.tree import facts_by_code, list_ending_with
from trafficedu.areas.rules import (
    AreaFacts,
    Level,
    check_place,
    check_successor,
    check_within,
)
from trafficedu.core import audit, clock
from trafficedu.core.actors import Actor
from trafficedu.core.corrections import correcting, note
from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.core.orm import expect_version, flush_or_refuse
from trafficedu.core.text import message
from trafficedu.core.validity import Validity

TAKEN = message("There is already an area with this code.")

CORRECTED = ("name", "valid_from", "evaluated")


@dataclass(frozen=True)
class NewArea:
    """An area to be added below ``parent``."""

    code: str
    name: str
    valid_from: date | None
    evaluated: bool = True
    level: Level | None = None
    """None: the level that usually lies below."""


@dataclass(frozen=True)
class AreaChange:
    """What can be changed about an area that stays."""

    name: str
    valid_from: date
    evaluated: bool


def add_area(session: Session, parent: Area, new: NewArea, by: Actor) -> Area:
    """Add an area right below ``parent``. Raises Refusal at the field that cannot stand."""
    levels = Level(parent.level).levels_below
    if not levels:
        raise Refusal(message("A village has no areas below it. Choose a town."), field="code")
    level = new.level or levels[0]
    areas = facts_by_code(session)
    if new.code in areas:
        raise Refusal(TAKEN, field="code")
    valid_from = new.valid_from or parent.valid_from
    facts = AreaFacts(new.code, new.name, level, parent.code, valid_from, evaluated=new.evaluated)
    check_place(facts, None, areas[parent.code])
    area = Area(
        code=new.code,
        name=new.name,
        level=level,
        parent_id=parent.id,
        path=f"{parent.path}{new.code}/",
        valid_from=valid_from,
        evaluated=new.evaluated,
    )
    session.add(area)
    flush_or_refuse(session, {"area.code": Refusal(TAKEN, field="code")})
    audit.write(session, "areas:area:create", by, subject=area, code=area.code)
    return area


def change_area(session: Session, area: Area, change: AreaChange, version: int, by: Actor, now: datetime) -> None:
    """Change name, first day or evaluation of an area, whatever later files say. Raises Stale, Refusal."""
    expect_version(area, version)
    areas = facts_by_code(session)
    before = areas[area.code]
    after = replace(before, valid_from=change.valid_from)
    check_place(after, before, areas.get(before.parent_code))
    for child in areas.values():
        if child.parent_code == area.code and child.valid_from < change.valid_from:
            raise Refusal(
                message(
                    "%(name)s, which lies below it, begins earlier, on %(day)s.", name=child.name, day=child.valid_from
                ),
                field="valid_from",
            )
    with correcting(session, area, CORRECTED, by, now):
        area.name, area.valid_from, area.evaluated = change.name, change.valid_from, change.evaluated
    audit.write(session, "areas:area:update", by, subject=area, code=area.code)


def end_area(session: Session, area: Area, last_day: date, successor_code: str, version: int, by: Actor) -> int:
    """End an area, and all below it, with ``last_day``; name its successor. Returns how many areas ended.

    Records of the area stay where they are. Raises Stale, and Refusal at ``valid_to`` or ``successor``.
    """
    expect_version(area, version)
    areas = facts_by_code(session)
    ending = [area, *list_ending_with(session, area, last_day)]
    for part in ending:
        if last_day < part.valid_from:
            raise Refusal(
                message("%(name)s begins on %(day)s, after this day.", name=part.name, day=part.valid_from),
                field="valid_to",
            )
    facts = replace(areas[area.code], valid_to=last_day, successor=successor_code)
    check_place(facts, areas[area.code], areas.get(facts.parent_code))
    check_successor(facts, areas | {area.code: facts})
    successor = _by_code(session, successor_code)
    for part in ending:
        part.valid_to = last_day
    area.successor = successor
    session.flush()
    audit.write(session, "areas:area:end", by, subject=area, code=area.code, areas=len(ending))
    return len(ending)


def reopen_area(session: Session, area: Area, version: int, by: Actor) -> None:
    """Take the end of an area back: it exists again, without a successor; what ended below it stays ended."""
    expect_version(area, version)
    areas = facts_by_code(session)
    facts = replace(areas[area.code], valid_to=None, successor="")
    if facts.parent_code:
        check_within(facts, areas[facts.parent_code])
    area.valid_to, area.successor = None, None
    session.flush()
    audit.write(session, "areas:area:reopen", by, subject=area, code=area.code)


def check_month(area: Area, month: Month, today: date) -> None:
    """Raise Refusal at ``month`` where a figure of ``area`` cannot be of it."""
    if month.first > today:
        raise Refusal(message("This month has not begun yet."), field="month")
    if not area.overlaps(Validity(month.first, month.last)):
        raise Refusal(
            message("%(name)s did not exist on %(day)s.", name=area.name, day=month.first.isoformat()), field="month"
        )


def set_figure(session: Session, area: Area, month: Month, ebikes: int, by: Actor, now: datetime) -> RegisteredEBikes:
    """Enter the e-bikes registered in ``area`` in ``month``, or change what was entered.

    Raises
    ------
    Refusal
        The month lies ahead, or the area did not exist in it (field ``month``).
    """
    check_month(area, month, clock.local_date(now))
    figure = find_figure(session, area, month)
    before = None if figure is None else figure.ebikes
    if figure is None:
        figure = RegisteredEBikes(area_id=area.id, month=month)
        session.add(figure)
    figure.ebikes = ebikes
    if before is not None and before != ebikes:
        note(session, figure, {"ebikes": (before, ebikes)}, by, now)
    flush_or_refuse(
        session,
        {
            "registered_ebikes.area_id": Refusal(
                message("Someone else has just entered this month. Check the list again."), field="month"
            )
        },
    )
    change: dict[str, Any] = {"area": area.code, "month": month.first.isoformat(), "before": before, "after": ebikes}
    audit.write(session, "areas:ebikes:manage", by, subject=figure, **change)
    return figure


def _by_code(session: Session, code: str) -> Area | None:
    return session.scalars(select(Area).where(Area.code == code)).one() if code else None
