"""What must hold of a session before it is on the calendar: a time that can be meant, and nothing else in its place."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import corrections, figure
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local, local_date
from trafficedu.core.errors import Missing
from trafficedu.core.text import message
from trafficedu.core.workdays import is_make_up_workday, is_public_holiday, is_published
from trafficedu.education.models.courses import Course, StudySession
from trafficedu.education.models.rooms import SessionRoom
from trafficedu.education.rules.planning import DayKind, Limits, require_plausible
from trafficedu.education.services.conflicts import require_free
from trafficedu.stations.models import Room, Station


def limits_of(session: Session) -> Limits:
    """Return until when and between which hours sessions are planned, as it is configured now."""
    names = ("days_ahead", "opens_hour", "closes_hour")
    return Limits(*(figure(session, f"education.{name}") for name in names))


def require_own(station: Station, by: Actor) -> None:
    """Raise Missing unless sessions of a station are ``by``'s to plan."""
    if by.scope.everything or by.scope.station_id == station.id:
        return
    raise Missing(message("This station does not exist, or you do not have access to it."))


def end_of(course: Course, starts_utc: datetime) -> datetime:
    """Return when the modules of a course end that begins at a time, each after its minimum of minutes."""
    return starts_utc + timedelta(minutes=course.on(local_date(starts_utc)).minutes)


def require_usual_time(session: Session, course: Course, starts_utc: datetime, now: datetime) -> None:
    """Raise Refusal (field ``starts_utc``) for a time that nobody can mean; see ``rules.planning``."""
    starts, ends = local(starts_utc), local(end_of(course, starts_utc))
    require_plausible(starts, ends, local(now), limits_of(session))


def require_free_time(
    session: Session,
    course: Course,
    station: Station,
    starts_utc: datetime,
    lecturer: str,
    but: StudySession | None = None,
) -> None:
    """Raise Refusal where the rooms or the lecturer of a session are taken at a time (``conflicts.require_free``)."""
    rooms = [] if but is None else session.scalars(select(Room).join(SessionRoom).where(_of(but)).distinct()).all()
    kinds = tuple(dict.fromkeys(module.kind for module in course.on(local_date(starts_utc)).modules))
    ends_utc = end_of(course, starts_utc)
    require_free(session, station, starts_utc, ends_utc, rooms=rooms, lecturer=lecturer, but=but, kinds=kinds)


def _of(study: StudySession) -> ColumnElement[bool]:
    return SessionRoom.session_id == study.id


class OfficialCalendar:
    """What the official calendar, with the district's corrections, says of days."""

    def __init__(self, session: Session) -> None:
        self._corrections = corrections(session)

    def kind_of(self, day: date) -> DayKind:
        """Return what ``day`` is; a day of a year not published is neither a holiday nor a usual day."""
        if not is_published(day, self._corrections):
            return DayKind.UNKNOWN
        if is_public_holiday(day, self._corrections):
            return DayKind.HOLIDAY
        return DayKind.MAKE_UP if is_make_up_workday(day, self._corrections) else DayKind.USUAL
