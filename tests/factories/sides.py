"""Two sides of one district that know nothing of each other: town, village, station, company, a whole loop each."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import people
from tests.factories.education import make_station
from tests.factories.pictures import camera_photo
from tests.factories.violations import identity, make_company, make_district
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.accounts.rules import POST_OF, Role
from trafficedu.areas.models import Area
from trafficedu.companies.models import Company
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import local_date, utc_now
from trafficedu.core.numbers import new_number
from trafficedu.education.models.courses import Course, StudySession
from trafficedu.education.models.tasks import Certificate, StudyTask
from trafficedu.education.queries.seats import live_booking
from trafficedu.education.queries.tasks import task_of_violation
from trafficedu.education.services import door, signing
from trafficedu.education.services import study as education
from trafficedu.feedback.models import Notice
from trafficedu.feedback.queries.notices import notice_of_violation
from trafficedu.hazards.models import Hazard, HazardWatch
from trafficedu.hazards.services import reporting as hazards
from trafficedu.hazards.services.checks import NewWatch, list_area
from trafficedu.hazards.services.reporting import NewHazard
from trafficedu.reaching.models import RiderMessage
from trafficedu.riders.models import Rider, Vehicle
from trafficedu.riders.queries.vehicles import find_by_plate
from trafficedu.riders.services.engagements import NewEngagement, engage
from trafficedu.riders.services.people import NewRider, find_or_register
from trafficedu.stations.models import Station
from trafficedu.violations.models.decisions import Objection
from trafficedu.violations.models.records import Violation
from trafficedu.violations.services.objections import raise_objection
from trafficedu.violations.services.recording import NewViolation, record


@dataclass
class Side:
    """One half of the world. The secrets are what must never be read outside their place."""

    name: str
    town: Area
    village: Area
    station: Station
    company: Company
    secrets: dict[str, str]
    users: dict[str, User] = field(default_factory=dict)
    rider: Rider = field(init=False)
    local: Rider = field(init=False)
    violation: Violation = field(init=False)
    pending: Violation = field(init=False)
    village_violation: Violation = field(init=False)
    notice: Notice = field(init=False)
    village_notice: Notice = field(init=False)
    objection: Objection = field(init=False)
    task: StudyTask = field(init=False)
    waiting: StudyTask = field(init=False)
    study: StudySession = field(init=False)
    certificate: Certificate = field(init=False)
    hazard: Hazard = field(init=False)
    vehicle: Vehicle = field(init=False)
    watch: HazardWatch = field(init=False)
    told: RiderMessage = field(init=False)

    @property
    def numbers(self) -> dict[str, str]:
        """Every public number of this side's records about riders, by what it is."""
        return {
            "rider": self.rider.number,
            "local": self.local.number,
            "violation": self.violation.number,
            "pending": self.pending.number,
            "village_violation": self.village_violation.number,
            "notice": self.notice.number,
            "village_notice": self.village_notice.number,
            "objection": self.objection.number,
            "task": self.task.number,
            "waiting": self.waiting.number,
            "session": self.study.number,
            "certificate": self.certificate.number,
            "hazard": self.hazard.number,
            "vehicle": self.vehicle.number,
            "watch": self.watch.number,
            "told": self.told.number,
        }


def make_sides(session: Session) -> tuple[Side, Side]:
    """Add both sides and commit them."""
    district = make_district(session)
    sides = (
        _side(session, "东", district.town, district.village),
        _side(session, "西", district.other_town, district.other_village),
    )
    session.commit()
    return sides


def _side(session: Session, name: str, town: Area, village: Area) -> Side:
    secrets = {
        "name": f"{name}门吹雪",
        "id_number": identity(),
        "phone": "13858100371" if name == "东" else "13858100372",
        "plate": "杭州E77301" if name == "东" else "杭州W77302",
        "local_name": f"{name}方不败",
        "local_id": identity(),
        "guardian": f"{name}郭先生",
        "contact": "13900077101" if name == "东" else "13900077102",
        "note": f"{name}边备注里的人名",
        "hazard": f"{name}湘湖路坑洼处",
    }
    side = Side(name, town, village, make_station(session, village), make_company(session), secrets)
    for role in Role:
        post = {"area": {"area_id": town.id}, "station": {"station_id": side.station.id}}
        where = {**post, "company": {"company_id": side.company.id}, "": {}}[POST_OF[role]]
        side.users[role] = people.make_user(session, role, **where)
    side.users[Role.GRID].area_id = village.id
    _loop(session, side)
    _look_after_roads(session, side)
    return side


def _loop(session: Session, side: Side) -> None:
    """Let a rider of the company and one of the village offend; the first studies, objects, has a certificate."""
    now, officer, given = utc_now(), actor_of(side.users[Role.OFFICER]), side.secrets
    side.study = _session(session, side, "basic")
    new = NewRider("identity_card", given["id_number"], given["name"], given["phone"], side.village.id)
    work = NewEngagement(side.company.id, local_date(now) - timedelta(days=30), None, "contract")
    engage(session, find_or_register(session, new, officer, now), work, officer, now)
    side.violation = record(session, _offence(side, new, company=side.company.code), officer, now)
    side.rider = side.violation.rider or _absent()
    local = NewRider("identity_card", given["local_id"], given["local_name"], "", side.village.id)
    side.village_violation = record(
        session, _offence(side, local, plate_answer="borrowed", plate_met=side.rider.number), officer, now
    )
    side.local = side.village_violation.rider or _absent()
    side.vehicle = find_by_plate(session, given["plate"]) or _absent()
    side.pending = record(session, _offence(side, None, source="camera", plate=given["plate"]), officer, now)
    side.notice = notice_of_violation(session, side.violation.id) or _absent()
    side.village_notice = notice_of_violation(session, side.village_violation.id) or _absent()
    side.objection = raise_objection(session, side.violation, "我没有闯红灯", given["contact"], now)
    side.task = task_of_violation(session, side.violation.id) or _absent()
    side.waiting = task_of_violation(session, side.village_violation.id) or _absent()
    _certify(session, side)


def _look_after_roads(session: Session, side: Side) -> None:
    """Let an officer report a hazard with a photo, and put the town under rolling check."""
    now, officer = utc_now(), actor_of(side.users[Role.OFFICER])
    new = NewHazard(side.village.code, side.secrets["hazard"], "surface", "high", photos=(camera_photo(),))
    side.hazard = hazards.report(session, new, officer, now)
    checker = side.users[Role.OFFICER].username
    watch = NewWatch(side.town.code, "事故多发", 7, checker, local_date(now))
    side.watch = list_area(session, watch, actor_of(side.users[Role.SUPERVISOR]), now)


def _offence(side: Side, rider: NewRider | None, company: str = "", **values: Any) -> NewViolation:
    given = {"plate": side.secrets["plate"], "note": side.secrets["note"]} | values
    return NewViolation(
        kind_code="2007",
        occurred_utc=utc_now() - timedelta(hours=2),
        area_code=side.village.code,
        rider=rider,
        company_code=company,
        guardian_name=side.secrets["guardian"],
        **given,
    )


def _session(session: Session, side: Side, course: str) -> StudySession:
    starts = utc_now() + timedelta(days=2)
    study = StudySession(
        number=new_number("S"),
        course=session.scalars(select(Course).where(Course.code == course)).one(),
        station=side.station,
        starts_utc=starts,
        starts_on=local_date(starts),
        ends_utc=starts + timedelta(minutes=50),
        capacity=20,
        lecturer=f"{side.name}讲师",
    )
    session.add(study)
    session.flush()
    return study


def _certify(session: Session, side: Side) -> None:
    """Let the company's rider study to the end; the village's rider keeps a seat."""
    staff, now = actor_of(side.users[Role.STATION]), side.study.starts_utc
    booking = live_booking(session, side.task.id) or _absent()
    door.check_in(session, booking, staff, now)
    for module in booking.session.plan.modules:
        education.start_module(session, booking, module.id, staff, now)
        now += timedelta(minutes=module.minimum_minutes)
        education.end_module(session, booking, module.id, staff, now)
    education.record_quiz(session, booking, 90, staff, now)
    signing.sign_off(session, booking, staff, now)
    side.certificate = session.scalars(select(Certificate).where(Certificate.task_id == side.task.id)).one()
    noted = select(RiderMessage).where(RiderMessage.task_id == side.task.id).order_by(RiderMessage.id)
    side.told = session.scalars(noted.limit(1)).one()


def _absent() -> Any:
    raise AssertionError("the loop did not come about")


__all__ = ["SYSTEM", "Side", "make_sides"]
