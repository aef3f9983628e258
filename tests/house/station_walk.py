"""What the walks meet at a station: a rider who studies, a session to close, a day report, a feed, a code."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta

from flask import Flask
from itsdangerous import URLSafeSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.education import make_session, make_task
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.accounts.rules import Role
from trafficedu.core.clock import local_date, utc_now
from trafficedu.core.database import database
from trafficedu.demo.accounts import USERNAMES
from trafficedu.education.models.courses import CalendarFeed, StudySession
from trafficedu.education.models.tasks import Attendance, Booking, Certificate, StudyTask
from trafficedu.education.rules.states import AttendanceState, TaskState
from trafficedu.education.services.door import check_in
from trafficedu.education.services.door_codes import code_of, find_open
from trafficedu.education.services.feeds import make_feed
from trafficedu.issued.models import Document
from trafficedu.issued.rules import DocumentKind
from trafficedu.reaching.services.days import issue_day
from trafficedu.riders.models import Rider
from trafficedu.stations.models import Station

SCREEN = "/in/"
"""Where the code of a station's screen leads."""


def leave_a_day(session: Session, now: datetime) -> None:
    """Let the station of the demo have a calendar's address, a report of its last day, and a rider who studies."""
    clerk = session.scalars(select(User).where(User.username == USERNAMES[Role.STATION])).one()
    station, by = session.get_one(Station, clerk.station_id), actor_of(clerk)
    make_feed(session, station, "", by)
    own = select(StudySession).where(StudySession.station_id == station.id)
    past = own.where(StudySession.starts_on < local_date(now)).order_by(StudySession.starts_utc.desc()).limit(1)
    issue_day(session, station, session.scalars(past).one().starts_on, by, now)
    study = make_session(session, station, now + timedelta(days=1), seats_taken=1)
    due = local_date(now) + timedelta(days=15)
    idle = select(Rider).where(Rider.id.not_in(select(StudyTask.rider_id))).order_by(Rider.id).limit(1)
    rider = session.scalars(idle).one()  # with e-bikes and companies, like those that lists show
    task = make_task(session, rider, station.area, state=TaskState.BOOKED, due_on=due)
    seat = Booking(task=task, session=study, booked_utc=now)
    session.add(seat)
    session.flush()
    check_in(session, seat, by, study.starts_utc)


def addresses_of(app: Flask, session: Session, station_id: int | None) -> dict[str, str]:
    """Return the addresses, by endpoint, that no page links to, or none of those that a walk comes to."""
    feed = session.scalars(select(CalendarFeed).limit(1)).one()
    token = URLSafeSerializer(app.config["SECRET_KEY"], salt="calendar-feed").dumps([feed.id, feed.generation])
    report = session.scalars(
        select(Document)
        .where(Document.kind == DocumentKind.STATION_DAY, Document.station_id == feed.station_id)
        .limit(1)
    ).one()
    studying = select(Booking).join(Booking.attendance).join(Booking.session)
    studying = studying.where(
        StudySession.station_id == feed.station_id,
        Attendance.state == AttendanceState.STUDYING,
        Attendance.phone_key.is_not(None),
    )
    seat = session.scalars(studying.order_by(Booking.id.desc()).limit(1)).one()
    found = {
        "calendar.feed": f"/calendar/feeds/{token}.ics",
        "reaching.day_pdf": f"/station-days/{report.subject}/report.pdf",
        "door.enter": f"{SCREEN}{seat.session.number}/code",
        "door.prove": f"{SCREEN}{seat.session.number}",
    }
    if station_id != feed.station_id:
        return found
    signed = select(Booking).join(Booking.session).join(Booking.attendance)
    signed = signed.join(Certificate, Certificate.attendance_id == Attendance.id)
    held = session.scalars(signed.where(StudySession.station_id == station_id).limit(1)).one().session.number
    return found | {
        "closing.close": f"/sessions/{held}/close",
        "closing.certificates": f"/sessions/{held}/certificates.pdf",
        "door.phone": f"/sessions/{seat.session.number}/riders/{seat.task.number}/phone",
    }


def as_on_screen(app: Flask, address: str) -> str:
    """Return an address with the code that the station's screen shows now, where it is one of a screen."""
    if not (address.startswith(SCREEN) and address.count("/") == 3):
        return address
    number = address.split("/")[2]
    with app.app_context(), closing(database().sessionmaker()) as session:
        return f"{SCREEN}{number}/{code_of(session, find_open(session, number), utc_now())}"
