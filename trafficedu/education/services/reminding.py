"""Reminding of a rider who does not come to study: those who look after the rider are told, and that is kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.accounts.queries import contacts_of, watchers_of
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.orm import flush_or_refuse
from trafficedu.core.text import message
from trafficedu.education.models.reminders import Reminder
from trafficedu.education.models.tasks import StudyTask
from trafficedu.education.services.seats import lock_riders
from trafficedu.messages.services.outbox import NewPush, push

ALREADY = message("Those who look after this rider have been reminded today already.")


def may_remind(task: StudyTask) -> bool:
    """Tell whether somebody may be reminded of a task: the rider waits for a seat, or does not come."""
    return task.is_open or task.is_away


def remind(session: Session, task: StudyTask, by: Actor, now: datetime) -> Reminder:
    """Have those who look after a rider told that the rider does not come: the company, and the home village.

    Raises
    ------
    Refusal
        The rider is seated, studying or done; nobody with an account looks after the rider; or they were told today.
    Denied
        Without ``education:task:book``.
    """
    by.require("education:task:book")
    lock_riders(session, [task.rider_id])
    session.refresh(task)
    if not may_remind(task):
        raise Refusal(message("This rider is not waiting for a seat any more. Look at the study task again."))
    home = task.rider.home_area
    company = contacts_of(session, task.company_id) if task.company_id is not None else ()
    village = watchers_of(session, home.path) if home is not None else ()
    if not company and not village:
        raise Refusal(
            message("No company and no village that could remind this rider has an account. Call the rider instead.")
        )
    today = local_date(now)
    made = Reminder(task_id=task.id, reminded_utc=now, reminded_on=today, reminded_by_id=by.user_id, told=0)
    session.add(made)
    flush_or_refuse(session, {"study_reminder.task_id": Refusal(ALREADY)})
    record = task.links[-1].violation.number if task.links else task.number
    made.told = sum(
        push(session, _said(task, record, path, f"{who}:{today}"), users, by, now)
        for who, path, users in (
            ("company", f"/notices?q={record}", company),
            ("village", f"/education/{task.number}", village),
        )
    )
    session.flush()
    audit.write(session, "education:task:remind", by, subject=task, told=made.told)
    return made


def _said(task: StudyTask, record: str, path: str, occasion: str) -> NewPush:
    return NewPush(
        f"study:{task.number}:remind:{occasion}",
        message("A rider does not come to study"),
        message(
            "The rider of record %(record)s has missed %(count)d seats; the study was due on %(day)s. Please see to it "
            "that the rider comes.",
            record=record,
            count=task.absences,
            day=task.due_on.isoformat(),
        ),
        path,
    )
