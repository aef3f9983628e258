"""A station with three rooms and one VR machine on a day to come, and what a clerk's hands do there, counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from flask import Flask
from playwright.sync_api import Page, Response
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.browser.steps import writing
from tests.factories.education import (
    District,
    assign,
    course,
    make_district,
    make_rider,
    make_session,
    make_task,
    make_violation,
)
from tests.factories.people import make_user
from tests.factories.rooms import add_room
from trafficedu.configuration.models import Parameter
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import from_local, local_date, utc_now
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.education.services.rooms import plan_rooms
from trafficedu.riders.queries.people import last_four
from trafficedu.stations.rules import RoomKind

FAMILIES = "白蔡崔丁范冯韩何侯雷黎刘龙吕马孟彭任沈石史宋苏谭王魏闫杨于周"
WALK_INS = ("欧阳补位", "司马补位")
COUNTED = """addEventListener("pointerdown", (event) => event.isTrusted && window.countedClick(), true);"""


def morning() -> datetime:
    """Return 08:20 of tomorrow: a browser's own clock is some hours behind all day, which must not matter."""
    return from_local(datetime.combine(local_date(utc_now()) + timedelta(days=1), time(8, 20)))


@dataclass(frozen=True)
class Expected:
    """One rider of the day: by what the door knows them."""

    name: str
    task: str
    last_four: str
    receipt: str = ""


class Day:
    """A session of thirty with a free seat or three, at 08:40; whoever does not finish has a seat tomorrow."""

    def __init__(self, app: Flask) -> None:
        now = utc_now()
        self.app, starts = app, now + timedelta(minutes=20)
        with writing(app) as session:
            _configure(session, "education.grace_minutes", 480)  # thirty rides take five hours
            district = make_district(session)
            for kind in (RoomKind.LECTURE, RoomKind.FILM):
                add_room(session, district.at_a, kind, capacity=40)
            add_room(session, district.at_a, RoomKind.VR, machines=1)
            held = make_session(session, district.at_a, starts, capacity=33)
            held.plan.free_order = True
            session.flush()
            plan_rooms(session, held)
            self.number, self.station, self.day = held.number, district.at_a.code, held.starts_on
            self.course = course(session).name_zh
            self.riders = [self._booked(session, district, f"{family}小明", now) for family in FAMILIES]
            for name in WALK_INS:
                rider = make_rider(session, district.a, name)
                task = make_task(session, rider, district.a)
                self.riders.append(Expected(name, task.number, last_four(session, rider)))
            self.later = make_session(session, district.at_a, starts + timedelta(days=1), capacity=10).number
            clerk = make_user(session, "station", station_id=district.at_a.id)
            self.clerk, self.clerk_id = clerk.username, clerk.id

    @staticmethod
    def _booked(session: Session, district: District, name: str, now: datetime) -> Expected:
        village = district.a
        rider = make_rider(session, village, name)
        violation = make_violation(session, rider, village)
        task = assign(session, violation, SYSTEM, now - timedelta(days=2))
        assert task is not None
        return Expected(name, task.number, last_four(session, rider), violation.number)

    @property
    def path(self) -> str:
        return f"/sessions/{self.number}"

    def session_of(self, session: Session) -> StudySession:
        return session.scalars(select(StudySession).where(StudySession.number == self.number)).one()

    def seat(self, session: Session, rider: Expected, number: str = "") -> Booking:
        """Return the seat of a rider in the session, or in another one."""
        held = StudySession.number == (number or self.number)
        query = select(Booking).join(StudyTask).join(StudySession, Booking.session_id == StudySession.id)
        return session.scalars(query.where(StudyTask.number == rider.task, held)).one()


def _configure(session: Session, code: str, value: int) -> None:
    session.execute(update(Parameter).where(Parameter.code == code).values(value=value))


@dataclass
class Hands:
    """What a clerk's hands do at all devices: real presses of a finger or a mouse, and documents that load."""

    clicks: int = 0
    loads: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Count from now on, on this page and those that follow it."""
        page.context.expose_function("countedClick", self._clicked)
        page.context.add_init_script(COUNTED)
        page.evaluate(COUNTED)
        page.on("response", self._loaded)

    def _clicked(self) -> None:
        self.clicks += 1

    def _loaded(self, answer: Response) -> None:
        if answer.request.is_navigation_request() and not 300 <= answer.status < 400:
            self.loads.append(answer.url)
