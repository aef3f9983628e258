"""The way back of riders who missed so many seats that none was given by itself any more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import local_date
from trafficedu.core.orm import among
from trafficedu.education.models.tasks import StudyTask
from trafficedu.education.rules.states import TASK_LIFE, TaskAct, TaskState
from trafficedu.education.services.seats import lock_riders


def bring_back(session: Session, now: datetime, limit: int) -> int:
    """Let tasks wait for a seat again whose pause is over (``rules.seating``); returns how many. A chore.

    No seat is given here: :func:`.seats.book_waiting` comes next and gives it in turn, whoever comes back. The absences
    stay counted: who misses the next seat pauses again at once.
    """
    over = select(StudyTask.id, StudyTask.rider_id).where(
        among(StudyTask.state, TaskState.AWAY), StudyTask.paused_until <= local_date(now)
    )
    found = session.execute(over.order_by(StudyTask.paused_until, StudyTask.id).limit(limit)).all()
    lock_riders(session, [rider_id for _, rider_id in found])
    for task_id, _rider_id in found:
        task = session.get_one(StudyTask, task_id, populate_existing=True)
        if not task.may(TaskAct.RETURN):
            continue
        task.state, task.paused_until = TASK_LIFE.after(TaskAct.RETURN, task.state), None
        session.flush()
        audit.write(session, "education:task:return", SYSTEM, subject=task)
    return len(found)
