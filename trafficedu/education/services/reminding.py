"""Those who look after a rider are told that the rider does not come: by hand, or by rule when a seat is missed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.accounts.queries import contacts_of, watchers_of
from trafficedu.configuration.queries import figure
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.orm import flush_or_refuse
from trafficedu.core.text import message
from trafficedu.education.events import RiderAbsent
from trafficedu.education.models.reminders import Reminder
from trafficedu.education.models.tasks import Booking, StudyTask
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


def tell_missed(session: Session, event: RiderAbsent) -> None:
    """Tell the company, and the home village, that a rider missed a seat, from the absence on that is configured.

    Nothing is told of a rider who has neither; which absence it is counts for the task.
    """
    task = session.get_one(StudyTask, event.task_id)
    booking = session.get_one(Booking, event.booking_id)
    home, record = task.rider.home_area, task.links[-1].violation.number if task.links else task.number
    company_from, village_from = (figure(session, f"reaching.{who}_absences") for who in ("company", "village"))
    if company_from and task.absences >= company_from and task.company_id is not None:
        users = contacts_of(session, task.company_id)
        push(session, _missed(booking, record, f"/notices?q={record}", "company"), users, event.by, event.at_utc)
    if village_from and task.absences >= village_from and home is not None:
        users = watchers_of(session, home.path)
        push(session, _missed(booking, record, f"/education/{task.number}", "village"), users, event.by, event.at_utc)


def _missed(booking: Booking, record: str, path: str, who: str) -> NewPush:
    return NewPush(
        f"study:{booking.task.number}:missed:{booking.id}:{who}",
        message("A rider did not come to study"),
        message(
            "The rider of record %(record)s did not come to the study of %(day)s. Please see to it that the rider "
            "comes to the next seat.",
            record=record,
            day=booking.session.starts_on.isoformat(),
        ),
        path,
    )


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
