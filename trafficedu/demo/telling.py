"""What riders of the demo district were told of their next seats: by the same services, and nothing is sent."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core.clock import local_date
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking
from trafficedu.education.rules.states import BookingState, SessionState
from trafficedu.reaching.models import RiderMessage
from trafficedu.reaching.rules.telling import MessageKind
from trafficedu.reaching.services.delivery import rehearse
from trafficedu.reaching.services.noting import note, note_day_before

DAYS, MOST = 2, 150


def enter_messages(session: Session, now: datetime) -> int:
    """Tell the riders of the next two days of their seats, and those of tomorrow once more; returns how many times."""
    today = local_date(now)
    query = (
        select(Booking)
        .join(Booking.session)
        .where(
            Booking.state == BookingState.BOOKED,
            StudySession.state == SessionState.SCHEDULED,
            StudySession.starts_on.between(today, today + timedelta(days=DAYS)),
            ~select(RiderMessage.id).where(RiderMessage.booking_id == Booking.id).exists(),
        )
        .order_by(StudySession.starts_utc, Booking.id)
        .limit(MOST)
    )
    bookings = session.scalars(query).all()
    for booking in bookings:
        note(session, MessageKind.BOOKED, str(booking.id), booking.id, booking.booked_utc)
    tomorrow = today + timedelta(days=1)
    reminded = [booking for booking in bookings if booking.session.starts_on == tomorrow]
    for booking in reminded:
        note_day_before(session, booking.id, tomorrow, now)
    rehearse(session, now)
    return len(bookings) + len(reminded)
