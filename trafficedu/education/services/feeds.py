"""Private addresses under which calendar programs read the sessions of a station, or of a lecturer of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.clock import day_bounds, local_date
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.loading import loaded
from trafficedu.core.services import services_of
from trafficedu.core.text import message, translate
from trafficedu.education.models.courses import CalendarFeed, Course, CourseVersion, StudySession
from trafficedu.education.services.planning import require_own
from trafficedu.reports.feed import FeedEntry, render_feed
from trafficedu.stations.models import Station

DAYS_BACK, MOST_ENTRIES = 60, 2_000
NO_FEED = message("This calendar address is not valid any more. Ask the station for the present one.")


def make_feed(session: Session, station: Station, lecturer: str, by: Actor) -> CalendarFeed:
    """Give the sessions of a station, or of a ``lecturer`` there ("" for all), an address; the present one stays.

    Raises
    ------
    Missing
        The station is not the actor's.
    Refusal
        Nobody of this name holds sessions at the station (field ``lecturer``).
    """
    require_own(station, by)
    feed = find_feed(session, station, lecturer)
    if feed is not None:
        return feed
    held = select(StudySession.id).where(StudySession.station_id == station.id, StudySession.lecturer == lecturer)
    if lecturer and session.scalar(held.limit(1)) is None:
        raise Refusal(message("Nobody of this name holds sessions at this station."), field="lecturer")
    feed = CalendarFeed(station_id=station.id, lecturer=lecturer)
    session.add(feed)
    session.flush()
    audit.write(session, "education:session:feed", by, subject=feed)
    return feed


def find_feed(session: Session, station: Station, lecturer: str) -> CalendarFeed | None:
    """Return the feed of a station, or of a lecturer there, where one was made."""
    query = select(CalendarFeed).where(CalendarFeed.station_id == station.id, CalendarFeed.lecturer == lecturer)
    return session.scalar(query)


def renew_feed(session: Session, feed: CalendarFeed, by: Actor) -> None:
    """End the address of a feed and all before it; there is a new one."""
    require_own(feed.station, by)
    feed.generation += 1
    session.flush()
    audit.write(session, "education:session:feed", by, subject=feed, generation=feed.generation)


def read_feed(session: Session, feed_id: int, generation: int, locale: str, now: datetime) -> bytes:
    """Return the file behind an address: sessions from two months ago on, those cancelled among them.

    Raises
    ------
    Missing
        The address was renewed since, or never was one.
    """
    feed = session.get(CalendarFeed, feed_id)
    if feed is None or feed.generation != generation:
        raise Missing(NO_FEED)
    today = local_date(now)
    query = select(StudySession).where(
        StudySession.station_id == feed.station_id, StudySession.starts_on >= today - timedelta(days=DAYS_BACK)
    )
    if feed.lecturer:
        query = query.where(StudySession.lecturer == feed.lecturer)
    query = query.options(
        loaded(StudySession.course, Course.versions, CourseVersion.modules), loaded(StudySession.station, Station.area)
    )
    order = (StudySession.starts_on, StudySession.starts_utc, StudySession.id)
    sessions = session.scalars(query.order_by(*order).limit(MOST_ENTRIES)).all()
    name = f"{feed.station.name} {feed.lecturer}".strip()
    return render_feed(name, [_entry(session, study, locale) for study in sessions], day_bounds(today)[0])


def _entry(session: Session, study: StudySession, locale: str) -> FeedEntry:
    taken = message("%(taken)s of %(seats)s seats taken", taken=study.seats_taken, seats=study.capacity)
    details = [study.number, study.lecturer, translate(taken, locale)]
    try:
        url = services_of(session).address(f"/sessions/{study.number}")
    except Refusal:
        url = ""
    return FeedEntry(
        uid=f"{study.number}@trafficedu",
        revision=study.version,
        starts_utc=study.starts_utc,
        ends_utc=study.ends_utc,
        title=study.course.name(locale),
        place=" ".join(part for part in (study.station.name, study.station.address) if part),
        details="\n".join(part for part in details if part),
        cancelled=study.is_cancelled,
        url=url,
    )
