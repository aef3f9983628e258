"""What a station at work has behind it, beside the history: entered by the live services where they do such things.

Riders who checked in by phone, one phone among them that several used; a signer whose sessions rarely last longer than
they have to; riders who pause after they missed two seats; a session moved and one cancelled; reports of days that are
issued, and one that is not; a question that was put better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.accounts.rules import Role
from trafficedu.configuration.queries import figure
from trafficedu.core.actors import Actor
from trafficedu.core.clock import day_bounds, from_local, local_date
from trafficedu.core.errors import Refusal
from trafficedu.demo.accounts import USERNAMES
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Attendance, Booking, StudyTask
from trafficedu.education.rules.seating import pause_after_absences
from trafficedu.education.rules.states import BookingState, SessionState, TaskState
from trafficedu.education.services.door_codes import device_hash
from trafficedu.education.services.sessions import SessionChange, cancel_session, change_session
from trafficedu.quizzes.models import Question
from trafficedu.quizzes.rules.questions import Both
from trafficedu.quizzes.services.bank import change_question, newest
from trafficedu.reaching.models import RiderContact
from trafficedu.reaching.services.days import issue_day
from trafficedu.stations.models import Station

LATEST, EVERY, SHARED = 240, 3, 4
"""The latest studies; every third rider checked in by phone, and so many of them by the same one."""
MOVED_FROM, CANCELLED_FROM, HOURS = 2, 4, (14, 15, 16, 19, 20)
"""From how many days ahead on the session is that was moved or cancelled, and to which hour one may move."""
NO_POWER = "变电站检修，当日停电"
DAYS, DECLINED = 3, 3
BETTER = Both("租赁和共享的电动自行车也一样。", "Rented and shared e-bikes are no exception.")


def enter_station(session: Session, now: datetime) -> int:
    """Enter what the first station has behind it; returns how many reports of days were issued."""
    clerk = session.scalar(select(User).where(User.username == USERNAMES[Role.STATION]))
    if clerk is None or clerk.station is None:
        return 0
    by, station, morning = actor_of(clerk), clerk.station, day_bounds(local_date(now))[0]
    _note_phones(session)
    _pause(session, local_date(now))
    _decline(session, by, morning)
    _change_plan(session, station, by, morning)
    _improve(session, morning)
    return _issue_days(session, station, by, now)


def _note_phones(session: Session) -> None:
    """Let some riders of the latest studies have checked in by their own phone, and some by one of a friend."""
    latest = select(Attendance).where(Attendance.signed_off_utc.is_not(None)).order_by(Attendance.id.desc())
    shared = device_hash(session, "demo-shared")
    for place, attendance in enumerate(session.scalars(latest.limit(LATEST)).all()[::EVERY]):
        attendance.device = shared if place < SHARED else device_hash(session, f"demo-past-{place}")
        attendance.checked_in_by_id = None
    session.flush()


def _pause(session: Session, today: date) -> None:
    """Let who missed the last seat lately pause as the rule says; who missed it long ago is seen to by hand."""
    days, final = figure(session, "education.away_days"), figure(session, "education.final_absences")
    query = (
        select(StudyTask, func.max(StudySession.starts_on))
        .join(Booking, Booking.task_id == StudyTask.id)
        .join(StudySession, StudySession.id == Booking.session_id)
        .where(StudyTask.state == TaskState.AWAY, Booking.state == BookingState.ABSENT)
        .group_by(StudyTask.id)
    )
    for task, missed in session.execute(query).all():
        until = pause_after_absences(missed, days, task.absences, final)
        if until is not None and until > today:
            task.paused_until = until
    session.flush()


def _decline(session: Session, by: Actor, at: datetime) -> None:
    """Let some riders with a seat ahead do without reminders."""
    query = select(StudyTask.rider_id).where(StudyTask.state == TaskState.BOOKED).order_by(StudyTask.id.desc())
    for rider_id in session.scalars(query.limit(DECLINED)).all():
        session.add(RiderContact(rider_id=rider_id, declined=True, changed_utc=at, changed_by_id=by.user_id))
    session.flush()


def _change_plan(session: Session, station: Station, by: Actor, at: datetime) -> None:
    """Move a session of a weekly plan to another hour, and cancel one of another day: riders are told of both."""
    ahead = _planned(session, station, local_date(at) + timedelta(days=MOVED_FROM))
    _move_later(session, next((one for one in ahead if one.seats_taken), None), by, at)
    ahead = _planned(session, station, local_date(at) + timedelta(days=CANCELLED_FROM))
    for study in ahead[:1]:
        cancel_session(session, study, NO_POWER, study.version, study.seats_taken, by, at)


def _move_later(session: Session, study: StudySession | None, by: Actor, at: datetime) -> None:
    """Move a session to the first hour of its day at which the station and the lecturer have no other."""
    if study is None:
        return
    for hour in HOURS:
        starts = from_local(datetime.combine(study.starts_on, time(hour)))
        change = SessionChange(starts, study.capacity, study.lecturer)
        try:
            change_session(session, study, change, study.version, by, at)
        except Refusal:  # refused before anything is written
            continue
        return


def _planned(session: Session, station: Station, since: date) -> Sequence[StudySession]:
    query = select(StudySession).where(
        StudySession.station_id == station.id,
        StudySession.starts_on >= since,
        StudySession.state == SessionState.SCHEDULED,
        StudySession.series.is_not(None),
    )
    return session.scalars(query.order_by(StudySession.starts_utc)).all()


def _improve(session: Session, at: datetime) -> None:
    """Say more below a question that many miss: its next version."""
    admin = session.scalar(select(User).where(User.username == USERNAMES[Role.ADMINISTRATOR]))
    question = session.scalars(select(Question).order_by(Question.code).limit(1)).first()
    if admin is None or question is None:
        return
    entered = newest(question).as_entered
    told = Both(entered.explanation.zh + BETTER.zh, f"{entered.explanation.en} {BETTER.en}")
    change_question(session, question, replace(entered, explanation=told), actor_of(admin), at)


def _issue_days(session: Session, station: Station, by: Actor, now: datetime) -> int:
    """Issue the reports of the last days on which somebody studied, all but the newest; returns how many."""
    query = (
        select(StudySession.starts_on)
        .join(Booking, Booking.session_id == StudySession.id)
        .where(
            StudySession.station_id == station.id,
            StudySession.starts_on < local_date(now),
            Booking.state == BookingState.ATTENDED,
        )
        .distinct()
        .order_by(StudySession.starts_on.desc())
        .limit(DAYS)
    )
    days = session.scalars(query).all()[1:]
    for day in reversed(days):
        issue_day(session, station, day, by, day_bounds(day)[1])
    return len(days)
