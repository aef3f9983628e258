"""Reminding riders of the seat they have tomorrow, some of them in each round of the worker."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core.clock import day_bounds, local, local_date
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking
from trafficedu.education.rules.states import BookingState, SessionState
from trafficedu.reaching.models import RiderMessage
from trafficedu.reaching.rules.telling import MessageKind, is_reminder_hour
from trafficedu.reaching.services.noting import note_day_before


def note_tomorrow(session: Session, now: datetime, limit: int) -> int:
    """Note for up to ``limit`` riders that they study tomorrow; returns for how many. A chore.

    Whoever got the seat today was told of it today, and is not reminded of it once more.
    """
    if not is_reminder_hour(local(now), figure(session, "reaching.reminder_hour")):
        return 0
    today = local_date(now)
    tomorrow, begun = today + timedelta(days=1), day_bounds(today)[0]
    reminded = select(RiderMessage.id).where(
        RiderMessage.booking_id == Booking.id,
        RiderMessage.kind == MessageKind.DAY_BEFORE,
        RiderMessage.created_utc >= begun,
    )
    query = (
        select(Booking.id)
        .join(Booking.session)
        .where(
            StudySession.starts_on == tomorrow,
            StudySession.state == SessionState.SCHEDULED,
            Booking.state == BookingState.BOOKED,
            Booking.booked_utc < begun,
            ~reminded.exists(),
        )
    )
    bookings = session.scalars(query.order_by(Booking.id).limit(limit)).all()
    for booking_id in bookings:
        note_day_before(session, booking_id, tomorrow, now)
    return len(bookings)
