"""Areas under rolling check (滚动排查): listed, looked at by their day, taken off the list. Flushes, never commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from trafficedu.areas.queries.tree import find_in_reach
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal, Stale
from trafficedu.core.numbers import new_number
from trafficedu.core.orm import expect_version, flush_or_refuse
from trafficedu.core.text import message
from trafficedu.hazards import rules
from trafficedu.hazards.models import HazardLook, HazardWatch
from trafficedu.hazards.queries import checks
from trafficedu.hazards.services.steps import LONGEST_NOTE, reason_given, short

NUMBER_KIND = "L"
LONGEST_REASON = 200
MOST_FOUND = 500


@dataclass(frozen=True)
class NewWatch:
    """What is listed: the area, why, how often, who looks (a user name), and the day of the first look."""

    area_code: str
    reason: str
    period_days: int
    checker: str
    due_on: date | None


def list_area(session: Session, new: NewWatch, by: Actor, now: datetime) -> HazardWatch:
    """Put a town or village on the list.

    Raises
    ------
    Refusal
        At ``area_code`` (out of reach, the whole district, listed already), ``reason``, ``period_days``, ``checker``
        (nobody who looks at that area), ``due_on`` (past).
    """
    today = local_date(now)
    area = find_in_reach(session, new.area_code, today, by)
    if area.level.may_be_top:
        text = message("A whole district cannot be checked at once. Choose a town or a village.")
        raise Refusal(text, field="area_code", value=area.code)
    text = message("%(name)s is already on the list. Change its entry instead.", name=area.name)
    listed = Refusal(text, field="area_code", value=area.code)
    watch = HazardWatch(number=new_number(NUMBER_KIND), area_id=area.id, listed_by_id=by.user_id, listed_utc=now)
    _apply(session, watch, new, area.path, today)
    session.add(watch)
    flush_or_refuse(session, {"hazard_watch.area_id": listed, "uq_hazard_watch_listed": listed})
    audit.write(session, "hazards:check:manage", by, subject=watch, area=area.code, period_days=watch.period_days)
    return watch


def change_watch(session: Session, watch: HazardWatch, new: NewWatch, version: int, by: Actor, now: datetime) -> None:
    """Change why, how often, by whom and when next an area is looked at; the area stays. Raises as ``list_area``."""
    _require_listed(watch, version)
    today = local_date(now)
    earliest = min(today, watch.due_on) if new.due_on == watch.due_on else today
    _apply(session, watch, new, watch.area.path, earliest)
    session.flush()
    audit.write(session, "hazards:check:manage", by, subject=watch, period_days=watch.period_days)


def _apply(session: Session, watch: HazardWatch, new: NewWatch, path: str, earliest: date) -> None:
    """Check and set what can be changed."""
    rules.check_period(new.period_days)
    if new.due_on is None or new.due_on < earliest:
        raise Refusal(message("Choose today or a later day."), field="due_on")
    checkers = {user.username: user for user in checks.list_checkers(session, path)}
    if new.checker not in checkers:
        text = message("Choose someone whose post covers this area.")
        raise Refusal(text, field="checker", value=new.checker)
    watch.reason = short(reason_given(new.reason), LONGEST_REASON, "reason")
    watch.period_days, watch.due_on = new.period_days, new.due_on
    watch.checker_id = checkers[new.checker].id


def note_look(
    session: Session, watch: HazardWatch, found: int, note: str, version: int, by: Actor, now: datetime
) -> HazardLook:
    """Note that somebody looked; the next look is due a period later.

    ``found`` is the number of hazards found; each of them is reported by itself.

    Raises
    ------
    Stale
        Somebody looked or changed the entry meanwhile, or it has ended.
    Refusal
        At ``found`` (not a number of hazards) or ``note`` (too long).
    """
    _require_listed(watch, version)
    if not 0 <= found <= MOST_FOUND:
        text = message("Enter a number from 0 to %(most)d.", most=MOST_FOUND)
        raise Refusal(text, field="found", value=str(found))
    day = local_date(now)
    look = HazardLook(
        watch_id=watch.id,
        looked_utc=now,
        looked_on=day,
        due_on=watch.due_on,
        by_id=by.user_id,
        found=found,
        note=short(note, LONGEST_NOTE, "note"),
    )
    session.add(look)
    watch.looked_on = day
    watch.due_on = day + timedelta(days=watch.period_days)
    session.flush()
    session.expire(watch, ["looks"])
    audit.write(session, "hazards:check:look", by, subject=watch, found=found)
    return look


def end_watch(session: Session, watch: HazardWatch, reason: str, version: int, by: Actor, now: datetime) -> None:
    """Take an area off the list, with a reason; what was seen stays. Raises Stale, or Refusal at ``reason``."""
    _require_listed(watch, version)
    watch.ended_reason = short(reason_given(reason), LONGEST_REASON, "reason")
    watch.ended_utc, watch.ended_by_id = now, by.user_id
    session.flush()
    audit.write(session, "hazards:check:manage", by, subject=watch, ended=True)


def _require_listed(watch: HazardWatch, version: int) -> None:
    expect_version(watch, version)
    if watch.ended_utc is not None:
        raise Stale(message("This area is no longer on the list. Check what it says now."))
