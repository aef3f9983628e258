"""Seats given beyond the capacity of a session, by how many with a seat come at its station. Off by default."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import local_date
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking
from trafficedu.education.rules import overbooking as rules
from trafficedu.education.rules.states import BookingState, SessionState
from trafficedu.education.services.seats import offer_seats

OBSERVED_DAYS = 180
"""Days before today whose sessions say how many come."""


def show_up_rate(session: Session, station_id: int, today: date) -> float | None:
    """Return the upper end of the 95 % interval (Wilson) of the share that comes; None where too little is known.

    Met and missed seats of the station's sessions of the last half year; an absence that was taken back is none.
    """
    query = (
        select(Booking.state, func.count())
        .join(StudySession, Booking.session_id == StudySession.id)
        .where(
            StudySession.station_id == station_id,
            StudySession.starts_on.between(today - timedelta(days=OBSERVED_DAYS), today - timedelta(days=1)),
            Booking.state.in_((BookingState.ATTENDED, BookingState.ABSENT)),
        )
        .group_by(Booking.state)
    )
    counts = dict(session.execute(query).tuples().all())
    came, seats = counts.get(BookingState.ATTENDED, 0), sum(counts.values())
    if seats < rules.LEAST_OBSERVED:
        return None
    from trafficedu.analysis.proportions import wilson  # noqa: PLC0415 - numpy loads only where it is used

    return wilson(came, seats)[1]


def work_out(session: Session, now: datetime, limit: int) -> int:
    """Set the seats beyond the capacity of coming sessions anew, each once a day; returns of how many. A chore.

    What is switched off, or falls, never takes a seat from somebody who has one.
    """
    risk, today = figure(session, "education.overbook_percent") / 100, local_date(now)
    query = select(StudySession).where(
        StudySession.starts_on >= today,
        StudySession.starts_utc > now,
        StudySession.state == SessionState.SCHEDULED,
        or_(StudySession.extra_on.is_(None), StudySession.extra_on < today) if risk else StudySession.extra_seats > 0,
    )
    order = (StudySession.starts_on, StudySession.starts_utc, StudySession.id)
    rates: dict[int, float | None] = {}
    sessions = session.scalars(query.order_by(*order).limit(limit).with_for_update()).all()
    changed = 0
    for study in sessions:
        if risk and study.station_id not in rates:
            rates[study.station_id] = show_up_rate(session, study.station_id, today)
        rate = rates.get(study.station_id)
        extra = rules.extra_seats(study.capacity, rate, risk) if rate is not None else 0
        extra = max(extra, study.seats_taken - study.capacity, 0)
        changed += extra != study.extra_seats
        grown, study.extra_seats, study.extra_on = extra > study.extra_seats, extra, today
        session.flush()
        if grown:
            offer_seats(session, study.id, SYSTEM, now)
    return changed
