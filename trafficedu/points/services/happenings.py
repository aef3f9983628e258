"""Entries that nobody types: hazards and studies bring them, each once.

What an administrator let end (an automatic activity without a version valid on the day) brings no entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.core import audit
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.bulk import batches
from trafficedu.core.clock import day_bounds, local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.numbers import new_number
from trafficedu.core.tables import insert_unless_there
from trafficedu.core.text import message
from trafficedu.core.transactions import PART, writing
from trafficedu.education.events import TaskLeftOut
from trafficedu.hazards.events import HazardOverdue, HazardVerified
from trafficedu.points.models import EVENT, PointEntry
from trafficedu.points.queries import catalogue
from trafficedu.points.queries.happenings import (
    Happening,
    hold_overdue,
    list_left_out,
    list_of_task,
    list_open_days,
    list_overdue,
)
from trafficedu.points.rules import (
    COMPANY,
    HAZARD_FIXED,
    HAZARD_OVERDUE,
    OPEN_DAY,
    TASK_OVERDUE,
    hazard_fixed_key,
    hazard_overdue_key,
    signed,
)
from trafficedu.points.services.entries import add_counter

LOOK_BACK = timedelta(days=31)
"""How far back the worker looks: as long as it rests no longer than that, nothing is missed."""
TAKEN_BACK = message("The study task was waived or withdrawn.")


def credit_fixed_hazard(session: Session, event: HazardVerified) -> None:
    """Enter a hazard fixed on time for its area on the day it was verified; a late one earns nothing."""
    if event.on_time:
        happening = Happening(hazard_fixed_key(event.hazard_id), event.verified_on, area_id=event.area_id)
        enter(session, HAZARD_FIXED, [happening], event.by, event.at_utc)


def debit_overdue_hazard(session: Session, event: HazardOverdue) -> None:
    """Enter a hazard overdue for its area, once for each deadline, on the first day after it."""
    day = event.deadline_on + timedelta(days=1)
    key = hazard_overdue_key(event.hazard_id, event.deadline_on)
    enter(session, HAZARD_OVERDUE, [Happening(key, day, area_id=event.area_id)], event.by, event.at_utc)


def enter_happenings(session: Session, now: datetime, since: date | None = None) -> int:
    """Enter studies overdue and open days that are not in the ledger yet.

    The worker's chore: it looks reading, and writes in short transactions. ``since`` is given by the demo only; else
    the last :data:`LOOK_BACK`. Returns how many entries.
    """
    today = local_date(now)
    first = today - LOOK_BACK if since is None else since
    missing = {
        TASK_OVERDUE: list_overdue(session, first, today),
        OPEN_DAY: list_open_days(session, first, today),
    }
    entered = 0
    for code, happened in missing.items():
        for some in batches(happened, PART):
            with writing(session):
                entered += enter(session, code, hold_overdue(session, some), SYSTEM, now)
    return entered


def take_back_overdue(session: Session, event: TaskLeftOut) -> None:
    """Counter what a study cost that was waived or withdrawn, unless somebody did so already, or does this moment."""
    _counter(session, list_of_task(session, event.task_id), event.by, event.at_utc)


def take_back_left_out(session: Session, now: datetime) -> int:
    """Counter what studies cost that an earlier version left out and had not countered yet; returns how many entries.

    Once, when the installation is brought up to date: what is left out since says so (:func:`take_back_overdue`).
    """
    found = list_left_out(session)
    _counter(session, found, SYSTEM, now)
    return len(found)


def _counter(session: Session, found: Sequence[PointEntry], by: Actor, now: datetime) -> None:
    for entry in found:
        with suppress(Refusal):
            add_counter(session, entry, TAKEN_BACK.msgid, by, now, source=EVENT)


def enter(session: Session, code: str, happenings: list[Happening], by: Actor, now: datetime) -> int:
    """Enter happenings of one automatic activity, each key once; returns how many were new."""
    versions = [row for row in catalogue.list_activities(session) if row.code == code]
    levels = _levels(session, happenings)
    entered = 0
    for happening in happenings:
        activity = next((version for version in versions if version.holds_on(happening.day)), None)
        kind = COMPANY if happening.area_id is None else levels[happening.area_id]
        if activity is None or kind not in activity.kinds:
            continue
        points = signed(activity.direction, activity.points)
        key = insert_unless_there(
            session,
            PointEntry,
            number=new_number("E"),
            once_key=happening.key,
            area_id=happening.area_id,
            company_id=happening.company_id,
            occurred_on=happening.day,
            activity_id=activity.id,
            points=points,
            source=EVENT,
            recorded_utc=min(now, day_bounds(happening.day)[1]),
        )
        if key is not None:
            entered += 1
            audit.write(session, "points:entry:record", by, subject=(PointEntry, key), activity=code, points=points)
    session.flush()
    return entered


def _levels(session: Session, happenings: list[Happening]) -> dict[int, str]:
    area_ids = {happening.area_id for happening in happenings if happening.area_id is not None}
    if not area_ids:
        return {}
    return {row.id: row.level for row in session.execute(select(Area.id, Area.level)) if row.id in area_ids}
