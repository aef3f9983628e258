"""Which sessions a task could sit in, and where it sits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from trafficedu.areas.models import Area
from trafficedu.areas.rules import Level, paths_down_to
from trafficedu.configuration.queries import figure
from trafficedu.core.actors import at_or_below
from trafficedu.core.clock import local_date
from trafficedu.core.loading import loaded
from trafficedu.core.orm import among
from trafficedu.core.reach import Reach
from trafficedu.core.tables import table_of
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.education.queries.free import IN_TURN, has_free_seat, not_paused
from trafficedu.education.rules import reckoning, states
from trafficedu.riders.models import Rider
from trafficedu.stations.models import Station

AT_ONCE = 10
"""Candidates fetched in one statement; a full one costs one more update, not one more search."""


_STUDY, _STATION, _AREA = table_of(StudySession).c, table_of(Station).c, table_of(Area).c
_TASK, _RIDER, _HOME = table_of(StudyTask).c, table_of(Rider).c, table_of(Area).alias("home").c
_ORIGIN = (
    select(func.coalesce(_HOME.path, _AREA.path))
    .join_from(table_of(StudyTask), table_of(Area), _TASK.area_id == _AREA.id)
    .join(table_of(Rider), _TASK.rider_id == _RIDER.id)
    .outerjoin(_HOME.path.table, _RIDER.home_area_id == _HOME.id)
    .where(_TASK.id == bindparam("task_id"))
)


def origin_path(session: Session, task: StudyTask) -> str:
    """Return the path of the area a task's rider starts from: home where it is known, else the violation's area."""
    return str(session.connection().scalar(_ORIGIN, {"task_id": task.id}))


_OWN = bindparam("path", type_=_AREA.path.type)
_LINE = [bindparam(f"line_{depth}", type_=_AREA.path.type) for depth in range(len(Level))]
"""The area where the way begins and those above it."""


def _of_line(level: Level) -> ColumnElement[str]:
    """Return the path of the area of a level in which the way begins, None where there is none."""
    place = table_of(Area).alias()
    path = select(place.c.path).where(place.c.path.in_(_LINE), place.c.level == level)
    return path.correlate(None).scalar_subquery()


_WAY = select(
    func.coalesce(_of_line(Level.TOWN), _OWN).label("town"),
    func.coalesce(_of_line(Level.DISTRICT), _OWN).label("district"),
).cte("way")
"""Looked up once in a statement, however many places it asks for."""


def _lies_in(path: ColumnElement[str]) -> ColumnElement[bool]:
    above = select(path).scalar_subquery()
    return func.substr(_AREA.path, 1, func.length(above)) == above


_HERE = _AREA.path == _OWN
_IN_TOWN = _lies_in(_WAY.c.town)
_IN_DISTRICT = _lies_in(_WAY.c.district)
_FOR_ALL = _AREA.path.in_(_LINE)
"""A station of the city itself serves all its districts; another district's never is for somebody from here."""

_NEARNESS = case(
    (_HERE, reckoning.VILLAGE),
    (_IN_TOWN, reckoning.TOWN),
    (_IN_DISTRICT, reckoning.DISTRICT),
    else_=reckoning.ABOVE,
)
_OPEN = (
    _STUDY.course_id == bindparam("of_course"),
    _STUDY.state == states.SessionState.SCHEDULED,
    _STUDY.starts_utc > bindparam("ready"),
    _STATION.active,
)


_FREE = has_free_seat(_STUDY)
"""``of_course`` is named so because an update of the table takes a parameter called like a column for a new value."""

_SEATED, _OF, _PLACE = table_of(Booking).c, table_of(StudyTask).alias("studied").c, table_of(StudySession).alias().c
_STUDIES = (
    select(_PLACE.starts_utc, _PLACE.ends_utc)
    .join_from(_OF.id.table, table_of(Booking), _SEATED.task_id == _OF.id)
    .join(_PLACE.id.table, _SEATED.session_id == _PLACE.id)
    .where(
        _OF.rider_id == bindparam("of_rider"),
        _OF.state == states.TaskState.IN_PROGRESS,
        _SEATED.state == states.BookingState.ATTENDED,
    )
)
_BUSY = _STUDIES.cte("busy")
"""When a rider studies for another task: one rider has one place at one time. The rider is held meanwhile."""
_NOT_BUSY = ~exists().where(_BUSY.c.starts_utc < _STUDY.ends_utc, _BUSY.c.ends_utc > _STUDY.starts_utc)


def _places(path: str) -> dict[str, str]:
    line = paths_down_to(path)
    return {"path": path} | {f"line_{depth}": line[min(depth, len(line) - 1)] for depth in range(len(Level))}


_SUITABLE = (
    select(_STUDY.id)
    .join_from(table_of(StudySession), table_of(Station), _STUDY.station_id == _STATION.id)
    .join(table_of(Area), _STATION.area_id == _AREA.id)
    .where(*_OPEN, _FREE, _NOT_BUSY, _STUDY.starts_on.between(bindparam("first"), bindparam("last")))
)
_EARLIEST = (_STUDY.starts_utc, _STUDY.seats_taken * 1.0 / _STUDY.capacity, _STUDY.id)
_CANDIDATES = _SUITABLE.where(or_(_IN_DISTRICT, _FOR_ALL)).order_by(_NEARNESS, *_EARLIEST).limit(AT_ONCE)


def _earliest(*where: ColumnElement[bool]) -> ColumnElement[int]:
    return _SUITABLE.where(*where).order_by(*_EARLIEST).limit(1).correlate(None).scalar_subquery()


BEST_CANDIDATE = func.coalesce(*(_earliest(place) for place in (_HERE, _IN_TOWN, _IN_DISTRICT, _FOR_ALL)))
"""The first of :func:`candidates`, for a statement that is given what :func:`search_parameters` returns.

Asked place by place: the sessions of a wider place are looked at only when the nearer one has none.
"""


@dataclass(frozen=True)
class Seeker:
    """Who looks for a seat: which rider, for which course, due when, from where."""

    rider_id: int
    course_id: int
    due_on: date
    path: str


def search_parameters(session: Session, seeker: Seeker, now: datetime) -> dict[str, Any]:
    """Return the parameters of the search for a session."""
    ready = now + timedelta(minutes=figure(session, "education.booking_lead_minutes"))
    return {
        **_places(seeker.path),
        "of_course": seeker.course_id,
        "of_rider": seeker.rider_id,
        "ready": ready,
        "first": local_date(ready),
        "last": last_day(session, seeker.due_on, now),
    }


def last_day(session: Session, due_on: date, now: datetime) -> date:
    """Return the last day on which a seat is given that nobody asked for."""
    return reckoning.latest_start(due_on, local_date(now), figure(session, "education.horizon_days"))


def candidates(session: Session, seeker: Seeker, now: datetime) -> Sequence[int]:
    """Return ids of sessions to try for who looks for a seat, the best first, in one statement.

    Nearest station first (same village, same town, same district as ``path``, then a station of the city or the
    province itself), there the earliest session, among equals the emptier one. Only sessions that begin after the lead
    time and by the due date (a task whose due date is over takes the next session there is), none beyond the horizon,
    none while the rider studies elsewhere.
    """
    parameters = search_parameters(session, seeker, now)
    return session.connection().scalars(_CANDIDATES, parameters).all()


_IN_REACH = (
    select(_STATION.id, _NEARNESS.label("nearness"))
    .join_from(table_of(Station), table_of(Area), _STATION.area_id == _AREA.id)
    .where(_STATION.active, or_(_IN_DISTRICT, _FOR_ALL))
    .order_by("nearness", _STATION.id)
)
_AT_DESK = and_(_STUDY.station_id == bindparam("desk"), _STUDY.ends_utc > bindparam("open_since"))
_CHOSEN = (
    select(StudySession)
    .join(StudySession.station)
    .join(Station.area)
    .where(
        _STUDY.number == bindparam("chosen"),
        _STUDY.course_id == bindparam("of_course"),
        _STUDY.state == states.SessionState.SCHEDULED,
        or_(_STUDY.starts_utc > bindparam("ready"), _AT_DESK),
        _STATION.active,
        or_(_IN_DISTRICT, _FOR_ALL),
    )
    .execution_options(populate_existing=True)
)
"""A session in reach that was chosen: not begun, or going on at the desk of whoever chooses it."""
_IN_TIME = (StudySession.starts_on.expression, StudySession.starts_utc.expression, StudySession.id.expression)


def sessions_with_seats(
    session: Session, task: StudyTask, now: datetime, limit: int = 40, path: str = ""
) -> Sequence[StudySession]:
    """Return the sessions that somebody may choose for a task: right course, a free seat, not begun yet.

    The soonest day first, on a day the nearest station, with station and area loaded. Sessions after the due date are
    offered too, behind the others (the page says which): better late than not at all. ``path`` is the task's
    :func:`origin_path`, where it is known. Asked place by place, by the index of the stations there.
    """
    places, today = _places(path or origin_path(session, task)), local_date(now)
    near = groupby(session.connection().execute(_IN_REACH, places), key=lambda row: row.nearness)
    stations = [[row.id for row in rows] for _, rows in near]
    in_time = StudySession.starts_on.between(today, task.due_on)
    late = StudySession.starts_on > max(task.due_on, today - timedelta(days=1))
    free = [
        StudySession.course_id == task.course_id,
        StudySession.state == states.SessionState.SCHEDULED,
        StudySession.starts_utc > now,
        has_free_seat(StudySession),
    ]
    for starts, ends in session.connection().execute(_STUDIES, {"of_rider": task.rider_id}):
        free.append(or_(StudySession.ends_utc <= starts, StudySession.starts_utc >= ends))
    nearness = {station: place for place, some in enumerate(stations) for station in some}
    offered: list[StudySession] = []
    for period in (in_time, late):
        ids: list[int] = []
        for some in stations if len(offered) < limit else []:
            ids += Reach([period, *free], StudySession.station_id.expression, some).first(session, _IN_TIME, limit)
        query = select(StudySession).where(StudySession.id.in_(ids))
        found = session.scalars(query.options(loaded(StudySession.station, Station.area))).all() if ids else []
        offered += sorted(found, key=lambda one: (one.starts_on, nearness[one.station_id], one.starts_utc, one.id))
    return offered[:limit]


@dataclass(frozen=True)
class Choice:
    """Who chooses a session for a task: where the way there begins; at the ``desk`` of which station, if at one."""

    task: StudyTask
    path: str
    desk: int | None = None


def find_chosen(session: Session, choice: Choice, number: str, now: datetime) -> StudySession | None:
    """Return the session that somebody chose for a task, full or not; None where it was never offered for it."""
    chosen = {"chosen": number, "of_course": choice.task.course_id, "ready": now, "desk": choice.desk or 0}
    return session.scalar(_CHOSEN, {**_places(choice.path), **chosen, "open_since": _open_since(session, now)})


def _open_since(session: Session, now: datetime) -> datetime:
    """Return when a session ended at the latest in which riders still study."""
    return now - timedelta(minutes=figure(session, "education.grace_minutes"))


def sessions_at_desk(session: Session, task: StudyTask, desk: int, now: datetime) -> Sequence[StudySession]:
    """Return the sessions that go on at a station and have a free seat, for who comes to its desk."""
    query = select(StudySession).where(
        StudySession.station_id == desk,
        StudySession.starts_on.between(local_date(now) - timedelta(days=1), local_date(now)),
        StudySession.course_id == task.course_id,
        StudySession.state == states.SessionState.SCHEDULED,
        StudySession.starts_utc <= now,
        StudySession.ends_utc > _open_since(session, now),
        has_free_seat(StudySession),
    )
    query = query.options(loaded(StudySession.station, Station.area))
    return session.scalars(query.order_by(StudySession.starts_utc, StudySession.id)).all()


def is_in_reach(session: Session, task: StudyTask, station_id: int) -> bool:
    """Tell whether a station that is open serves the rider of a task: one of their district, or of those above it."""
    query = _IN_REACH.where(_STATION.id == bindparam("station"))
    places = _places(origin_path(session, task))
    return session.connection().execute(query, {**places, "station": station_id}).first() is not None


def live_booking(session: Session, task_id: int) -> Booking | None:
    """Return the seat a task holds now (before check-in), or None."""
    return session.scalar(
        select(Booking).where(Booking.task_id == task_id, Booking.state == states.BookingState.BOOKED)
    )


def last_station(session: Session, task_id: int) -> int | None:
    """Return the station of the last seat of a task that nobody gave up, or None."""
    query = (
        select(StudySession.station_id)
        .join(Booking, Booking.session_id == StudySession.id)
        .where(Booking.task_id == task_id, Booking.state != states.BookingState.CANCELLED)
    )
    return session.scalar(query.order_by(Booking.id.desc()).limit(1))


def list_bookable(session: Session, now: datetime, limit: int) -> Sequence[StudyTask]:
    """Return open tasks for which some session in reach has a free seat in time, in turn (``free.IN_TURN``).

    The free seats are asked for first: a round of the worker reads no task as long as nothing is free. Without the
    reach, those who wait in a district where nothing is free would keep out everybody else.
    """
    today, home = local_date(now), aliased(Area)
    earliest: dict[tuple[int, str], date] = {}
    horizon = last_day(session, date.max, now)
    for course_id, area, starts_on in session.execute(_free_seats(now, horizon)):
        key = course_id, area.district.path
        earliest[key] = min(starts_on, earliest.get(key, starts_on))
    origin = func.coalesce(home.path, Area.path)
    in_time = [
        and_(
            StudyTask.course_id == course_id,
            or_(StudyTask.due_on >= starts_on, StudyTask.due_on < today),
            at_or_below(origin, reach),
        )
        for (course_id, reach), starts_on in earliest.items()
    ]
    if not in_time:
        return []
    query = (
        select(StudyTask)
        .join(Area, StudyTask.area_id == Area.id)
        .outerjoin(home, StudyTask.home_area_id == home.id)
        .where(among(StudyTask.state, states.TaskState.OPEN), not_paused(today), or_(*in_time))
    )
    return session.scalars(query.order_by(*IN_TURN).limit(limit)).all()


def _free_seats(now: datetime, last: date) -> Select[tuple[int, Area, date]]:
    """Return the query of the first session up to a day with a free seat of each course at each open station."""
    first = (
        select(StudySession.course_id, Station.area_id, func.min(StudySession.starts_on).label("starts_on"))
        .join(StudySession.station)
        .where(
            StudySession.state == states.SessionState.SCHEDULED,
            has_free_seat(StudySession),
            StudySession.starts_utc > now,
            StudySession.starts_on <= last,
            Station.active,
        )
        .group_by(StudySession.course_id, Station.area_id)
        .subquery()
    )
    return select(first.c.course_id, Area, first.c.starts_on).join(Area, Area.id == first.c.area_id)


def studying_during(study: StudySession) -> Select[tuple[int]]:
    """Return a subquery of the riders who study in sessions that overlap with ``study``."""
    return (
        select(StudyTask.rider_id)
        .join(StudyTask.bookings)
        .join(Booking.session)
        .where(
            among(StudyTask.state, states.TaskState.IN_PROGRESS),
            Booking.state == states.BookingState.ATTENDED,
            StudySession.starts_utc < study.ends_utc,
            StudySession.ends_utc > study.starts_utc,
        )
        .correlate(None)
    )


def tasks_waiting_for(study: StudySession, reach: str, now: datetime) -> Select[tuple[StudyTask]]:
    """Return the query of open tasks that a free seat in ``study`` suits, in turn (``free.IN_TURN``), and lock them.

    A task qualifies by course, by due date (its own, or one that is over) and by beginning (:func:`origin_path`)
    within the station's ``reach``: the path of its district, or of the city whose own station it is. Task and rider
    rows are locked; one that somebody else is busy with is passed over: whoever holds it looks for a seat for it.
    """
    today, home = local_date(now), aliased(Area)
    return (
        select(StudyTask)
        .join(StudyTask.rider)
        .join(StudyTask.area)
        .outerjoin(home, Rider.home_area_id == home.id)
        .where(
            among(StudyTask.state, states.TaskState.OPEN),
            not_paused(today),
            StudyTask.course_id == study.course_id,
            or_(StudyTask.due_on >= study.starts_on, StudyTask.due_on < today),
            at_or_below(func.coalesce(home.path, Area.path), reach),
            StudyTask.rider_id.not_in(studying_during(study)),
        )
        .order_by(*IN_TURN)
        .with_for_update(of=[StudyTask, Rider], key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    )
