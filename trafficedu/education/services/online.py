"""Counting for a study what its rider saw at home of the films that its course allows online."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.education.models.tasks import Attendance, ModuleRecord, OnlineStudy
from trafficedu.education.queries.courses import plan_of
from trafficedu.education.rules.reckoning import minutes_online


@dataclass(frozen=True)
class SeenAtHome:
    """How many whole minutes of films were seen for a task, and between when and when."""

    minutes: int
    since: datetime
    until: datetime


def credit_online(session: Session, attendance: Attendance, seen: SeenAtHome, by: Actor) -> int:
    """Count what was seen at home for the films of a study that begins; returns the minutes that count.

    A module that was seen whole is done; of one that was seen in part the rest is studied at the station. What was
    studied at a station on an earlier day is counted already.
    """
    version = attendance.booking.session.plan
    done = {record.module_id for record in attendance.modules}
    allowed = {module.id for module in version.modules if module.online} - done
    plan = [module for module in plan_of(version, "en") if module.id in allowed]
    counted = minutes_online(plan, seen.minutes)
    times = {"seen_from_utc": seen.since, "seen_until_utc": seen.until}
    for module in plan:
        minutes = counted.get(module.id, 0)
        if not minutes:
            continue
        session.add(OnlineStudy(attendance_id=attendance.id, module_id=module.id, minutes=minutes, **times))
        if minutes >= module.minimum_minutes:
            session.add(
                ModuleRecord(
                    attendance=attendance,
                    module_id=module.id,
                    started_utc=seen.since,
                    ended_utc=seen.until,
                    minutes=minutes,
                    credited=True,
                    online_minutes=minutes,
                )
            )
    session.flush()
    if counted:
        audit.write(session, "education:session:study", by, subject=attendance, online=sum(counted.values()))
    return sum(counted.values())
