"""Sessions that repeat: planned together, changed or cancelled from one on or all; all of them or none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core.actors import Actor
from trafficedu.core.clock import from_local, local, local_date
from trafficedu.core.errors import Refusal, Stale
from trafficedu.core.loading import loaded
from trafficedu.core.numbers import new_number
from trafficedu.core.orm import expect_version
from trafficedu.core.text import Message, listed, message
from trafficedu.education.models.courses import Course, CourseVersion, StudySession
from trafficedu.education.queries.sessions import count_live_bookings
from trafficedu.education.rules import planning as rules
from trafficedu.education.rules.planning import Extent, PlannedDay, Rhythm
from trafficedu.education.rules.states import SessionState
from trafficedu.education.services.planning import OfficialCalendar, limits_of, require_own
from trafficedu.education.services.sessions import (
    Cancelled,
    NewSession,
    SessionChange,
    cancel_session,
    change_session,
    create_session,
    require_possible,
)
from trafficedu.stations.models import Station

SHOWN_CONFLICTS = 12
"""Days that a refusal names; the list of days names them all."""


@dataclass(frozen=True)
class NewSeries:
    """The same session every week or every few weeks at the hour of the ``first``, to ``until`` (included).

    ``days``: those chosen of :func:`plan_series`; None takes them all but for public holidays.
    """

    first: NewSession
    until: date
    every_weeks: int = 1
    days: frozenset[date] | None = None

    @property
    def rhythm(self) -> Rhythm:
        """From when, until when, how often."""
        return Rhythm(local_date(self.first.starts_utc), self.until, self.every_weeks)

    def on(self, day: date) -> NewSession:
        """Return the session of a day."""
        return replace(self.first, starts_utc=from_local(datetime.combine(day, local(self.first.starts_utc).time())))


def plan_series(session: Session, new: NewSeries, by: Actor, now: datetime) -> list[PlannedDay]:
    """Return the days a series would fall on, each with what the calendar says and why it cannot be, if it cannot.

    Nothing is written, but the station is held: the caller writes or undoes.

    Raises
    ------
    Missing
        The station is not the actor's.
    Refusal
        The last day lies beyond what may be planned (field ``until``).
    """
    require_own(new.first.station, by)
    last = limits_of(session).last_day(local_date(now))
    if new.until > last:
        text = message("Sessions are planned until %(last)s at the latest. Choose an earlier day.", last=last)
        raise Refusal(text, field="until")
    days = rules.series_days(new.rhythm, OfficialCalendar(session).kind_of)
    kinds = dict(days)
    return [
        PlannedDay(day, kinds[day], taken, _conflict(session, new.on(day), now))
        for day, taken in rules.taken_days(days, new.days)
    ]


def _conflict(session: Session, new: NewSession, now: datetime) -> Message | None:
    try:
        require_possible(session, new, now)
    except Refusal as refusal:
        return refusal.text
    return None


def create_series(session: Session, new: NewSeries, by: Actor, now: datetime) -> Sequence[StudySession]:
    """Make the sessions of the chosen days of a series; all of them or none.

    Raises
    ------
    Refusal
        No day is left, or some of them cannot be: it names each (field ``days``); :func:`plan_series` says why.
    """
    planned = plan_series(session, new, by, now)
    collide = [one.day.isoformat() for one in planned if one.collides]
    if collide:
        text = message(
            "Nothing was saved. Untick the days that are not possible, or choose another time: %(days)s",
            days=", ".join(collide),
        )
        raise Refusal(text, field="days")
    taken = [one.day for one in planned if one.taken]
    if not taken:
        raise Refusal(message("No day is left. Tick at least one, or choose a later end."), field="days")
    series = new_number("W")
    return [create_session(session, new.on(day), by, now, series=series) for day in taken]


def _refuse_conflicts(conflicts: Iterable[tuple[date, Message]]) -> None:
    found = list(conflicts)
    if not found:
        return
    named = [message("%(day)s (%(why)s)", day=day.isoformat(), why=why) for day, why in found[:SHOWN_CONFLICTS]]
    told = message("Nothing was saved. Days that are not possible (%(count)d): %(days)s")
    raise Refusal(told.filled(count=len(found), days=listed(named)), field="extent")


def sessions_meant(session: Session, study: StudySession, extent: Extent, now: datetime) -> Sequence[StudySession]:
    """Return the sessions that a change of one reaches, in order of time: of its series those still to come."""
    if extent is Extent.ONE or study.series is None:
        return [study]
    query = select(StudySession).where(
        StudySession.series == study.series,
        StudySession.station_id == study.station_id,
        StudySession.state == SessionState.SCHEDULED,
        StudySession.starts_utc > now,
    )
    if extent is Extent.FOLLOWING:
        query = query.where(StudySession.starts_utc >= study.starts_utc)
    query = query.options(
        loaded(StudySession.course, Course.versions, CourseVersion.modules), loaded(StudySession.station, Station.area)
    )
    return session.scalars(query.order_by(StudySession.starts_utc, StudySession.id)).all()


@dataclass(frozen=True)
class SeriesChanged:
    """How many sessions were changed, and how many waiting tasks got one of their new seats."""

    sessions: int
    seated: int


def change_series(
    session: Session, study: StudySession, new: SessionChange, extent: Extent, version: int, by: Actor, now: datetime
) -> SeriesChanged:
    """Change a session, and in those of its series that ``extent`` says the same: what is left as it was stays there.

    Those that move later are moved from the last one on, so that none stands in the next one's way.

    Raises
    ------
    Stale
        Somebody else changed the session meanwhile.
    Refusal
        Some of them cannot be changed like this: it names each with its day (field ``extent``); none is changed then.
    """
    expect_version(study, version)
    meant = list(sessions_meant(session, study, extent, now))
    if len(meant) == 1 and meant[0] is study:
        return SeriesChanged(1, change_session(session, study, new, version, by, now))
    before, seated = SessionChange(study.starts_utc, study.capacity, study.lecturer), 0
    conflicts: list[tuple[date, Message]] = []
    for one in reversed(meant) if new.starts_utc > before.starts_utc else meant:
        asked = _asked_of(one, before, new)
        try:
            seated += change_session(session, one, asked, one.version, by, now)
        except Refusal as refusal:
            conflicts.append((local_date(asked.starts_utc), refusal.text))
    _refuse_conflicts(sorted(conflicts, key=lambda pair: pair[0]))
    return SeriesChanged(len(meant), seated)


def _asked_of(one: StudySession, before: SessionChange, new: SessionChange) -> SessionChange:
    """Return what the change of a session ``before`` to ``new`` asks of another one of its series.

    What was not changed there stays here: an hour, seats or a lecturer of its own.
    """
    hour_before, hour, own = (local(each.starts_utc).time() for each in (before, new, one))
    by_days = (local_date(new.starts_utc) - local_date(before.starts_utc)).days
    return replace(
        new,
        starts_utc=from_local(rules.moved(local(one.starts_utc), by_days, own if hour == hour_before else hour)),
        capacity=one.capacity if new.capacity == before.capacity else new.capacity,
        lecturer=one.lecturer if new.lecturer == before.lecturer else new.lecturer,
    )


@dataclass(frozen=True)
class Reach:
    """What a change of a session reaches: so many sessions, with so many riders who have a seat."""

    sessions: int
    riders: int


def count_meant(session: Session, study: StudySession, now: datetime) -> dict[Extent, Reach]:
    """Return for each extent of a change what it reaches."""
    reached = {}
    for extent in Extent:
        meant = sessions_meant(session, study, extent, now)
        reached[extent] = Reach(len(meant), sum(count_live_bookings(session, one.id) for one in meant))
    return reached


def cancel_series(
    session: Session, study: StudySession, reason: str, extent: Extent, expected: int, by: Actor, now: datetime
) -> tuple[int, Cancelled]:
    """Cancel a session, and those of its series that ``extent`` says; their riders get other seats, or wait.

    They are cancelled from the first one on: who gets a seat in a later one of them moves once more, and nobody is left
    in one that does not take place.

    Returns
    -------
    tuple
        How many sessions were cancelled, and what became of the riders.

    Raises
    ------
    Stale
        The number of bookings is another than the page said.
    Refusal
        No reason, or one of them cannot be cancelled: it names each with its day (field ``extent``).
    """
    meant = sessions_meant(session, study, extent, now)
    live = {one.id: count_live_bookings(session, one.id) for one in meant}
    if sum(live.values()) != expected:
        raise Stale(message("The bookings for this session have just changed. Check the number again."))
    waiting, conflicts = 0, []
    for one in sorted(meant, key=lambda one: one.starts_utc):
        try:
            count = count_live_bookings(session, one.id)
            waiting += cancel_session(session, one, reason, one.version, count, by, now).waiting
        except Refusal as refusal:
            if refusal.field == "reason":
                raise
            conflicts.append((one.starts_on, refusal.text))
    _refuse_conflicts(conflicts)
    return len(meant), Cancelled(max(0, expected - waiting), waiting)
