"""What other pages show of study: the seat on a record, a rider's studies, a station's sessions, the first screens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import render_template

from trafficedu.core.access import actor, panel_for
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.education.forms.study import FindForm
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import StudyTask, TaskViolation
from trafficedu.education.queries import certificates, closing, hours, people, proposals, reminders, seats, sessions
from trafficedu.education.queries.tasks import (
    count_own_overdue,
    count_waiting,
    is_visible,
    list_away,
    list_of_rider,
    list_overdue,
    list_waiting,
    open_of_rider,
    task_of_violation,
)
from trafficedu.stations.models import Station

READ = "education:task:read"
SHOWN_OVERDUE, SHOWN_WAITING, SHOWN_COMING = 10, 10, 3


def _overdue(task: StudyTask) -> bool:
    return task.is_overdue(today())


def study(violation_id: int) -> str:
    """Record page: where, when and which course the rider studies, or that the task waits."""
    if not actor().may(READ):
        return ""
    task = task_of_violation(session(), violation_id)
    if task is None:
        return ""
    link, seat = session().get_one(TaskViolation, violation_id), seats.live_booking(session(), task.id)
    return render_template(
        "education/_study.html",
        task=task,
        left=link.left_utc is not None,
        seat=seat,
        over=seat is not None and seat.is_over(utc_now()),
        certificate=certificates.certificate_of_task(session(), task.id),
        overdue=_overdue(task),
        may_open=is_visible(session(), task, actor()),
    )


@panel_for("violations:violation:record")
def open_task(rider_number: str, **_subject: Any) -> str:
    """Card of a rider at the kerb: the study task that is not finished, its seat and when it is due."""
    task = open_of_rider(session(), rider_number)
    seat = seats.live_booking(session(), task.id) if task is not None else None
    over = seat is not None and seat.is_over(utc_now())
    overdue = task and _overdue(task)
    return render_template("education/_open_task.html", task=task, seat=seat, over=over, overdue=overdue)


def of_rider(rider_id: int) -> str:
    """Rider's page: all studies."""
    if not actor().may(READ):
        return ""
    tasks = list_of_rider(session(), rider_id, actor())
    return render_template(
        "education/_of_rider.html",
        tasks=tasks,
        late={task.id for task in tasks if _overdue(task)},
        over=hours.list_over(session(), [task.id for task in tasks], utc_now()),
    )


def of_station(station_id: int) -> str:
    """Station's page: the next sessions."""
    if not actor().may("education:session:read"):
        return ""
    coming = sessions.list_coming(session(), station_id, today())
    return render_template("education/_of_station.html", sessions=coming)


@panel_for("education:session:check_in")
def at_the_station() -> str:
    """First screen of station staff: what can still be done today, first; the rest folded, with counts."""
    who, now = actor(), utc_now()
    if who.scope.station_id is None:
        return ""
    of_today = sessions.list_of_today(session(), who, now)
    ahead = [study for study in of_today if study.ends_utc > now]
    to_close = closing.list_to_close(session(), who.scope.station_id, now)
    listed = {one.study.id for one in to_close}
    late = [one for one in sessions.list_unsigned(session(), who, today()) if one.session_id not in listed]
    waiting = list_waiting(session(), who, today(), SHOWN_WAITING)
    riders = [task.rider for task in waiting] + [booking.task.rider for booking in late]
    return render_template(
        "education/_at_the_station.html",
        ahead=ahead,
        done=len(of_today) - len(ahead),
        coming=[] if ahead else _coming(who.scope.station_id, of_today),
        here=closing.count_here(session(), [study.id for study in ahead]),
        to_close=to_close,
        waiting=waiting,
        waiting_count=count_waiting(session(), who, today()) if len(waiting) == SHOWN_WAITING else len(waiting),
        unsigned=late,
        people=people.people(session(), riders, who),
        late={task.id for task in waiting if _overdue(task)},
        station_code=session().get_one(Station, who.scope.station_id).code,
        today=today(),
        now_utc=now,
        find=FindForm(formdata=None),
    )


def _coming(station_id: int, of_today: Sequence[StudySession]) -> list[StudySession]:
    """Return the next sessions of a station beside those of today."""
    known = {study.id for study in of_today}
    coming = sessions.list_coming(session(), station_id, today(), SHOWN_COMING + len(known))
    return [study for study in coming if study.id not in known][:SHOWN_COMING]


@panel_for("education:exception:grant")
def to_decide() -> str:
    """First screen of the supervisor: exceptions that somebody proposed, riders who do not come."""
    who = actor()
    waiting, away = proposals.list_open(session(), who), list_away(session(), who, today(), limit=8)
    riders = [proposal.task.rider for proposal in waiting] + [task.rider for task in away]
    shown = people.people(session(), riders, who)
    reminded = reminders.latest_of(session(), [task.id for task in away])
    return render_template("education/_to_decide.html", waiting=waiting, away=away, people=shown, reminded=reminded)


@panel_for("education:rider:read_masked")
def overdue_here() -> str:
    """First screen of the grid officer: overdue study of the local riders, masked."""
    who = actor()
    tasks = list_overdue(session(), who, today(), SHOWN_OVERDUE)
    return render_template(
        "education/_overdue.html",
        tasks=tasks,
        total=count_own_overdue(session(), who, today()),
        people=people.people(session(), [task.rider for task in tasks], who),
        days={task.id: (today() - task.due_on).days for task in tasks},
    )
