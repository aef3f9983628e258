"""The plan in four parts, the work begun, the work done. Flushes, never commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.pictures import redrawn
from trafficedu.hazards import rules
from trafficedu.hazards.models import Hazard
from trafficedu.hazards.services.reporting import keep_photos
from trafficedu.hazards.services.steps import LONGEST_NOTE, reason_given, require, short, take

LONGEST_GOAL, LONGEST_MEASURES, LONGEST_RESPONSIBLE = 200, 1000, 80


@dataclass(frozen=True)
class RemedyPlan:
    """The four parts (四落实): what is to be reached, how, by whom, by when."""

    goal: str
    measures: str
    responsible: str
    deadline_on: date | None


def plan(session: Session, hazard: Hazard, new: RemedyPlan, version: int, by: Actor, now: datetime) -> None:
    """Give a reported hazard its plan.

    Raises
    ------
    Stale
        Somebody changed the record meanwhile, or it has a plan already.
    Refusal
        A part is missing or the deadline out of reach, at that part's field.
    """
    require(rules.HazardAct.PLANNED, hazard, version)
    _apply(hazard, new, local_date(now))
    take(session, hazard, rules.HazardAct.PLANNED, by, now)


def revise(
    session: Session, hazard: Hazard, new: RemedyPlan, reason: str, version: int, by: Actor, now: datetime
) -> None:
    """Change the plan of a hazard not yet fixed, with a reason that stays in its history.

    A deadline that has passed stays missed: the hazard counts as late however the deadline is moved.

    Raises
    ------
    Stale
        Somebody changed the record meanwhile, or it is fixed.
    Refusal
        A part is missing, the deadline out of reach, no reason given.
    """
    require(rules.HazardAct.REVISED, hazard, version)
    why = reason_given(reason)
    today = local_date(now)
    if rules.is_overdue(hazard.state, hazard.deadline_on, today):
        hazard.missed_on = hazard.missed_on or hazard.deadline_on
    assert hazard.deadline_on is not None  # the table's own constraint
    _apply(hazard, new, min(today, hazard.deadline_on) if new.deadline_on == hazard.deadline_on else today)
    take(session, hazard, rules.HazardAct.REVISED, by, now, why)


def _apply(hazard: Hazard, new: RemedyPlan, earliest: date) -> None:
    rules.check_plan(new.goal, new.measures, new.responsible, new.deadline_on, earliest)
    hazard.goal = short(new.goal, LONGEST_GOAL, "goal")
    hazard.measures = short(new.measures, LONGEST_MEASURES, "measures")
    hazard.responsible = short(new.responsible, LONGEST_RESPONSIBLE, "responsible")
    hazard.deadline_on = new.deadline_on


def begin(session: Session, hazard: Hazard, version: int, by: Actor, now: datetime) -> None:
    """Note that the work has begun; raises Stale where that cannot be."""
    require(rules.HazardAct.FIXING, hazard, version)
    take(session, hazard, rules.HazardAct.FIXING, by, now)


def mark_fixed(
    session: Session,
    hazard: Hazard,
    note: str,
    photos: Sequence[bytes],
    version: int,
    by: Actor,
    now: datetime,
) -> None:
    """Note that the work is done, with photos after it; somebody else has to verify.

    Raises
    ------
    Stale
        Somebody changed the record meanwhile, or it has no plan, or is fixed already.
    Refusal
        A photo cannot be read or there are too many (``photos``), the note is too long (``note``).
    """
    require(rules.HazardAct.FIXED, hazard, version)
    said = short(note, LONGEST_NOTE, "note")
    pictures = [redrawn(photo) for photo in photos]
    day = local_date(now)
    if rules.is_overdue(hazard.state, hazard.deadline_on, day):
        hazard.missed_on = hazard.missed_on or hazard.deadline_on
    hazard.fixed_by_id, hazard.fixed_utc, hazard.fixed_on = by.user_id, now, day
    keep_photos(session, hazard, pictures, rules.PhotoTime.AFTER, by, now)
    take(session, hazard, rules.HazardAct.FIXED, by, now, said, photos=len(pictures))
