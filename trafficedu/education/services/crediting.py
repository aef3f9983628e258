"""Crediting what a rider completed for the same task before leaving an earlier session."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.education.models.tasks import Attendance, ModuleRecord
from trafficedu.education.queries.crediting import completed_earlier, credited_for


def credit(session: Session, attendance: Attendance, now: datetime) -> None:
    """Count for a study that begins what the rider completed earlier; with a quiz that was passed goes its score."""
    earlier = completed_earlier(session, attendance.booking.task_id, now)
    plan = attendance.booking.session.plan
    for module in plan.modules if earlier else []:
        record = credited_for(module, plan, earlier)
        if record is None:
            continue
        if module.is_quiz:
            attendance.quiz_score = record.attendance.quiz_score
            attendance.quiz_by_hand = record.attendance.quiz_by_hand
        times = {"started_utc": record.started_utc, "ended_utc": record.ended_utc, "minutes": record.minutes}
        session.add(ModuleRecord(attendance=attendance, module_id=module.id, credited=True, **times))
    session.flush()
