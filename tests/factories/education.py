"""A small district for tests of study: two towns, stations, sessions, riders, violations that count."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import people
from trafficedu.accounts.queries import actor_of
from trafficedu.areas.models import Area
from trafficedu.areas.rules import Level
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.clock import local_date
from trafficedu.core.numbers import new_number
from trafficedu.core.services import services_of
from trafficedu.education.models.courses import Course, StudySession
from trafficedu.education.models.tasks import Attendance, Booking, Certificate, StudyTask, TaskViolation
from trafficedu.education.services import exceptions
from trafficedu.education.services.assignment import assign_for_violation
from trafficedu.riders.models import Rider
from trafficedu.stations.models import Station
from trafficedu.violations.events import ViolationEstablished
from trafficedu.violations.models.records import Violation, ViolationKind

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)  # a Monday, 14:00 in Shanghai
TODAY = date(2026, 11, 23)


def make_area(session: Session, level: str, parent: Area | None = None, name: str = "") -> Area:
    code = (parent.code if parent and not Level(level).may_be_top else "") + secrets.token_hex(3)
    area = Area(
        code=code,
        name=name or f"区域{code}",
        level=Level(level),
        parent=parent,
        path=f"{parent.path if parent else ''}{code}/",
        valid_from=date(2020, 1, 1),
    )
    session.add(area)
    session.flush()
    return area


def make_station(session: Session, area: Area, **values: object) -> Station:
    code = f"ST{secrets.token_hex(3)}"
    station = Station(code=code, name=f"{area.name}交治站", area_id=area.id, **values)
    session.add(station)
    session.flush()
    return station


@dataclass(frozen=True)
class District:
    """One district: town 1 with villages a and b, town 2 with village c; a station in each village."""

    root: Area
    town: Area
    other_town: Area
    a: Area
    b: Area
    c: Area
    at_a: Station
    at_b: Station
    at_c: Station


def make_district(session: Session, city: Area | None = None) -> District:
    root = make_area(session, "district", city, name="测试区")
    town, other = make_area(session, "town", root, "一镇"), make_area(session, "town", root, "二镇")
    a, b = make_area(session, "village", town, "甲村"), make_area(session, "village", town, "乙村")
    c = make_area(session, "village", other, "丙村")
    return District(root, town, other, a, b, c, *(make_station(session, village) for village in (a, b, c)))


def make_rider(session: Session, home: Area | None = None, name: str = "张测试") -> Rider:
    number = f"33010919900101{secrets.randbelow(10000):04d}{secrets.token_hex(2)}"
    keys = services_of(session).keyring
    rider = Rider(
        number=new_number("R"),
        name=name,
        id_type="passport",
        id_number_cipher=keys.encrypt(number, "rider.id_number"),
        id_number_hash=keys.lookup_hash(number, "rider.id_number"),
        home_area_id=home.id if home else None,
        created_utc=NOW,
    )
    session.add(rider)
    session.flush()
    return rider


def make_kind(session: Session) -> ViolationKind:
    found = session.scalar(select(ViolationKind).limit(1))
    if found is None:
        found = ViolationKind(
            code="2007",
            name_zh="闯红灯",
            name_en="red light",
            position=1,
            fine_min_yuan=5,
            fine_max_yuan=50,
            law_zh="法",
            law_en="law",
            valid_from=date(2020, 1, 1),
        )
        session.add(found)
        session.flush()
    return found


def make_violation(
    session: Session, rider: Rider | None, area: Area, occurred: datetime = NOW, **values: object
) -> Violation:
    """Add a confirmed violation without telling anybody: no event is published."""
    violation = Violation(
        number=new_number("V"),
        occurred_utc=occurred,
        occurred_on=local_date(occurred),
        area_id=area.id,
        kind_id=make_kind(session).id,
        plate="" if rider else "浙A12345",
        rider_id=rider.id if rider else None,
        source="field",
        penalty="warning",
        recorded_utc=occurred,
        **values,
    )
    session.add(violation)
    session.flush()
    return violation


def course(session: Session, code: str = "basic") -> Course:
    return session.scalars(select(Course).where(Course.code == code)).one()


def make_session(
    session: Session,
    station: Station,
    starts: datetime = NOW + timedelta(days=2),
    capacity: int = 20,
    code: str = "basic",
    **values: object,
) -> StudySession:
    study = StudySession(
        number=new_number("S"),
        course=course(session, code),
        station=station,
        starts_utc=starts,
        starts_on=local_date(starts),
        ends_utc=starts + timedelta(minutes=course(session, code).on(local_date(starts)).minutes),
        capacity=capacity,
        **values,
    )
    session.add(study)
    session.flush()
    return study


def assign(session: Session, violation: Violation, by: Actor = SYSTEM, now: datetime = NOW) -> StudyTask | None:
    """Let a violation that counts open or extend a task; return the task that answers for it."""
    assign_for_violation(session, ViolationEstablished(now, by, violation.id))
    link = session.get(TaskViolation, violation.id)
    return None if link is None else session.get_one(StudyTask, link.task_id)


def sign_off_by_exception(
    session: Session, booking: Booking, by: Actor, now: datetime, reason: str = "设备故障，已当面考核合格"
) -> Certificate:
    """Let ``by`` propose to sign a study off with something missing, and a supervisor grant it."""
    proposal = exceptions.propose_sign_off(session, booking, reason, by, now)
    area = session.get_one(Area, booking.task.area_id)
    supervisor = actor_of(people.make_user(session, "supervisor", area=area.district))
    exceptions.grant(session, proposal, supervisor, now)
    return session.scalars(
        select(Certificate).join(Certificate.attendance).where(Attendance.booking_id == booking.id)
    ).one()


def make_task(session: Session, rider: Rider, area: Area, **values: object) -> StudyTask:
    """Add a task as it stands in the figures, without violations or a seat."""
    given = {"state": "open", "opened_utc": NOW, "opened_on": TODAY, "due_on": TODAY + timedelta(days=15)} | values
    task = StudyTask(number=new_number("T"), rider_id=rider.id, course=course(session), area_id=area.id, **given)
    task.home_area_id = rider.home_area_id
    session.add(task)
    session.flush()
    return task
