"""How a study ends without a sign-off, and how a task begins again: what both have in common."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.events import publish
from trafficedu.core.orm import among
from trafficedu.education.events import TaskLeftOut
from trafficedu.education.models.exceptions import Proposal
from trafficedu.education.models.tasks import Attendance, Booking, StudyTask, TaskViolation
from trafficedu.education.queries.courses import plan_of
from trafficedu.education.queries.hours import hours_of
from trafficedu.education.queries.seats import origin_path
from trafficedu.education.rules.reckoning import counted_minutes
from trafficedu.education.rules.states import (
    ATTENDANCE_LIFE,
    NOT_BEGUN,
    PROPOSAL_LIFE,
    TASK_LIFE,
    AttendanceAct,
    AttendanceState,
    ProposalAct,
    ProposalKind,
    ProposalState,
    TaskAct,
)
from trafficedu.education.services.seats import book_best_seat, cancel_booking, offer_seats


def end_study(session: Session, attendance: Attendance, act: AttendanceAct, now: datetime) -> None:
    """End a study that is under way without a sign-off; its minutes stay, those of a module that runs up to now."""
    attendance.state = ATTENDANCE_LIFE.after(act, attendance.state)
    lapse_proposals(session, attendance.booking.task_id, now, ProposalKind.SIGN_OFF)
    study = attendance.booking.session
    closes = hours_of(session, study).closes
    plan = {module.id: module for module in plan_of(study.plan, "en")}
    attendance.ended_utc = ended = max(attendance.checked_in_utc, min(now, closes))
    for record in attendance.modules:
        if record.ended_utc is None:
            record.ended_utc = max(record.started_utc, ended)
            module = plan[record.module_id]
            record.minutes = counted_minutes(module, record.started_utc, ended, closes, record.online_minutes)
    session.flush()


def lapse_proposals(session: Session, task_id: int, now: datetime, *kinds: ProposalKind) -> None:
    """Let what is proposed for a task lapse (of some kinds, or at all): it ended otherwise."""
    query = select(Proposal).where(Proposal.task_id == task_id, among(Proposal.state, ProposalState.OPEN))
    for proposal in session.scalars(query.where(Proposal.kind.in_(kinds or ProposalKind))):
        proposal.state = PROPOSAL_LIFE.after(ProposalAct.LAPSE, proposal.state)
        proposal.decided_utc = now
    session.flush()


def end_study_of_task(session: Session, task: StudyTask, now: datetime) -> None:
    """End the study that is under way for a task, where there is one: the task is waived or withdrawn."""
    query = select(Attendance).join(Attendance.booking).where(Booking.task_id == task.id)
    attendance = session.scalar(query.where(Attendance.state == AttendanceState.STUDYING))
    if attendance is not None:
        end_study(session, attendance, AttendanceAct.LAPSE, now)


def end_task(session: Session, task: StudyTask, act: TaskAct, by: Actor, now: datetime) -> None:
    """Waive or withdraw a task whose rider is held; publishes :class:`TaskLeftOut`."""
    end_study_of_task(session, task, now)
    lapse_proposals(session, task.id, now)
    freed = cancel_booking(session, task, by)
    task.state = TASK_LIFE.after(act, task.state)
    session.flush()
    audit.write(session, f"education:task:{task.state}", by, subject=task)
    publish(session, TaskLeftOut(now, by, task.id))
    if freed is not None:
        offer_seats(session, freed, by, now)


def owes_nothing(session: Session, task: StudyTask) -> bool:
    """Tell whether every violation of a task was voided: nobody studies for what did not happen."""
    counts = select(TaskViolation.violation_id).where(
        TaskViolation.task_id == task.id, TaskViolation.left_utc.is_(None)
    )
    return session.scalar(counts.limit(1)) is None


def reopen(session: Session, task: StudyTask, act: TaskAct, by: Actor, now: datetime) -> Booking | None:
    """Let a task whose rider is held begin again; it gets the best seat, or waits.

    Where a later violation opened the rider's next task meanwhile, that one joins it, as it would have done had the
    study not begun.
    """
    TASK_LIFE.require(act, task.state)
    _take_in_next(session, task, by, now)
    task.state = TASK_LIFE.after(act, task.state)
    session.flush()
    return book_best_seat(session, task, origin_path(session, task), by, now)


def _take_in_next(session: Session, task: StudyTask, by: Actor, now: datetime) -> None:
    """Let the violations of the rider's task not begun join ``task``, which is about to take its place."""
    mine, not_begun = StudyTask.rider_id == task.rider_id, StudyTask.state.in_(NOT_BEGUN)
    following = session.scalar(select(StudyTask).where(mine, not_begun, StudyTask.id != task.id))
    if following is None:
        return
    lapse_proposals(session, following.id, now)
    freed = cancel_booking(session, following, by)
    following.state = TASK_LIFE.after(TaskAct.JOIN, following.state)
    links = update(TaskViolation).where(TaskViolation.task_id == following.id).values(task_id=task.id)
    session.execute(links, execution_options={"synchronize_session": False})
    if following.course.rank > task.course.rank:
        task.course = following.course
    session.flush()
    session.expire(task, ["links"])
    audit.write(session, "education:task:join", by, subject=task, joined=following.id)
    publish(session, TaskLeftOut(now, by, following.id))
    if freed is not None:
        offer_seats(session, freed, by, now)
