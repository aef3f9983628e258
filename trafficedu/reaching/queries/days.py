"""The day of a station: its sessions with their riders, what was exceptional, what riders were told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.areas.queries.tree import within
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local
from trafficedu.core.errors import Missing
from trafficedu.core.loading import loaded
from trafficedu.core.text import Message, message
from trafficedu.education.models.courses import Course, CourseVersion, StudySession
from trafficedu.education.models.tasks import Attendance, Booking, Certificate
from trafficedu.education.queries.sessions import list_roster
from trafficedu.education.rules.states import CertificateState, SessionState
from trafficedu.issued.queries.documents import Line
from trafficedu.issued.rules import DocumentKind
from trafficedu.issued.services.issuing import NewDocument
from trafficedu.reaching.queries.log import count_by_state
from trafficedu.reaching.rules.telling import MessageState
from trafficedu.reports.station_day import DayException, DayMessages, DayRider, DaySession, StationDayData
from trafficedu.riders.queries.people import describe
from trafficedu.stations.models import Station


@dataclass(frozen=True)
class SessionOfDay:
    """A session of a day and the bookings that stand."""

    study: StudySession
    roster: Sequence[Booking]

    @property
    def came(self) -> int:
        """How many checked in."""
        return sum(booking.attendance is not None for booking in self.roster)

    @property
    def absent(self) -> int:
        """How many never came."""
        return sum(booking.is_absent for booking in self.roster)

    @property
    def left(self) -> int:
        """How many left before the end."""
        return sum(booking.attendance is not None and booking.attendance.has_left for booking in self.roster)

    @property
    def signed(self) -> int:
        """How many were signed off."""
        return sum(booking.attendance is not None and booking.attendance.is_signed for booking in self.roster)

    @property
    def open(self) -> int:
        """How many are expected or studying still: nobody has said what became of them."""
        return sum(booking.is_booked or booking.is_studying for booking in self.roster)


def find_station(session: Session, code: str, by: Actor) -> Station:
    """Return the station with ``code`` if its days are the asker's; raise :class:`Missing`."""
    seen = by.scope.condition(station=Station.id, area=lambda path: Station.area_id.in_(within(path)))
    station = session.scalar(select(Station).where(Station.code == code, seen).options(loaded(Station.area)))
    if station is None:
        raise Missing(message("This station does not exist, or you do not have access to it."))
    return station


def list_of_day(session: Session, station: Station, day: date) -> list[SessionOfDay]:
    """Return the sessions of a day at a station that take place, with their riders."""
    query = select(StudySession).where(
        StudySession.station_id == station.id,
        StudySession.starts_on == day,
        StudySession.state == SessionState.SCHEDULED,
    )
    query = query.options(loaded(StudySession.course, Course.versions, CourseVersion.modules))
    studies = session.scalars(query.order_by(StudySession.starts_utc, StudySession.id)).all()
    return [SessionOfDay(study, list_roster(session, study.id)) for study in studies]


def subject_of(station: Station, day: date) -> str:
    """Return what the report of a day is about, as documents name it."""
    return f"{station.code}/{day}"


def day_document(session: Session, station: Station, day: date, now: datetime) -> NewDocument:
    """Return what the report of a day is issued with, as the records are now."""
    sessions = list_of_day(session, station, day)
    told = count_by_state(session, station.id, day)
    district, shown = station.area.district.name, day.isoformat()
    signed = str(sum(one.signed for one in sessions))

    def paper(locale: str, _proof: object) -> StationDayData:
        return StationDayData(
            district=district,
            station=station.name,
            address=station.address,
            on_day=day,
            sessions=tuple(_session(session, one, locale) for one in sessions),
            exceptions=tuple(_exceptions(sessions)),
            messages=tuple(
                DayMessages(MessageState(state).label, count) for state, count in sorted(told.items()) if count
            ),
            printed_at=local(now),
        )

    return NewDocument(
        kind=DocumentKind.STATION_DAY,
        subject=subject_of(station, day),
        paper=paper,
        shown=(
            Line(message("Station"), station.name, station.name),
            Line(message("Day"), shown, shown),
            Line(message("Riders signed off"), signed, signed),
            Line(message("Issuing authority"), district, district),
        ),
        area_id=station.area_id,
        station_id=station.id,
    )


def _session(session: Session, one: SessionOfDay, locale: str) -> DaySession:
    study = one.study
    numbers = _certificates(session, one.roster)
    return DaySession(
        number=study.number,
        course=study.course.name(locale),
        starts_at=local(study.starts_utc),
        ends_at=local(study.ends_utc),
        lecturer=study.lecturer,
        booked=len(one.roster),
        came=one.came,
        absent=one.absent,
        left=one.left,
        signed=one.signed,
        open=one.open,
        riders=tuple(_rider(session, booking, numbers) for booking in one.roster),
    )


def _certificates(session: Session, roster: Sequence[Booking]) -> dict[int, str]:
    """Return the number of the certificate that holds, by attendance."""
    ids = [booking.attendance.id for booking in roster if booking.attendance is not None]
    query = select(Certificate.attendance_id, Certificate.number).where(
        Certificate.task_id.in_([booking.task_id for booking in roster]), Certificate.state == CertificateState.VALID
    )
    return {attendance: number for attendance, number in session.execute(query) if attendance in ids}


def _rider(session: Session, booking: Booking, numbers: dict[int, str]) -> DayRider:
    attendance, rider = booking.attendance, booking.task.rider
    state: Message = booking.state.label if attendance is None else attendance.state.label
    return DayRider(
        name=rider.name,
        masked_id=describe(session, rider).id_masked,
        state=state,
        minutes=None if attendance is None else sum(record.minutes or 0 for record in attendance.modules),
        quiz_score=None if attendance is None else attendance.quiz_score,
        signed_by=attendance.signer.display_name if attendance is not None and attendance.signer else "",
        certificate=numbers.get(attendance.id, "") if attendance is not None else "",
    )


def _exceptions(sessions: Sequence[SessionOfDay]) -> list[DayException]:
    """Return sign-offs with something missing, and scores that somebody entered instead of the quiz."""
    found = [(one.study.number, booking) for one in sessions for booking in one.roster]
    return [made for number, booking in found for made in _exceptions_of(number, booking)]


def _exceptions_of(number: str, booking: Booking) -> Iterator[DayException]:
    attendance, name = booking.attendance, booking.task.rider.name
    if attendance is None:
        return
    if attendance.override_reason:
        yield DayException(
            name, number, attendance.override_reason, _name(attendance, "signer"), _name(attendance, "granter")
        )
    if attendance.quiz_by_hand:
        yield DayException(name, number, attendance.quiz_by_hand, _name(attendance, "signer"), "")


def _name(attendance: Attendance, who: str) -> str:
    user = getattr(attendance, who)
    return user.display_name if user is not None else ""
