"""What riders of the demo district were told: of their next seats by the same services, and nothing is sent.

Of the sessions of the last days there are messages as a district has them that sends: most have arrived, some not.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core.clock import local_date
from trafficedu.core.numbers import new_number
from trafficedu.core.text import message, translate
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking
from trafficedu.education.rules.states import BookingState, SessionState
from trafficedu.reaching.models import RiderMessage
from trafficedu.reaching.queries.contacts import contact_of
from trafficedu.reaching.rules.telling import TO_CALL, MessageChannel, MessageKind, MessageReason, MessageState
from trafficedu.reaching.services.delivery import rehearse
from trafficedu.reaching.services.noting import note, note_day_before
from trafficedu.reaching.services.wording import when

DAYS, MOST = 2, 150
BACK, EARLIER = 14, 90
ENDS: Sequence[tuple[MessageState, str]] = (
    *[(MessageState.SENT, "")] * 20,
    (MessageState.FAILED, f"{MessageReason.HTTP} 502"),
    (MessageState.UNCLEAR, MessageReason.SILENT),
    (MessageState.DROPPED, MessageReason.OVER),
    (MessageState.SENT, ""),
)
"""How messages of the last days ended, in turn, and why; to one in EVERY_CALLED not reached somebody has spoken."""
EVERY_CALLED = 2


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


def enter_earlier(session: Session, now: datetime) -> int:
    """Enter what riders were told of the sessions of the last days, and one message that waits; returns how many."""
    today = local_date(now)
    query = (
        select(Booking)
        .join(Booking.session)
        .where(
            Booking.state.in_((BookingState.ATTENDED, BookingState.ABSENT)),
            StudySession.starts_on.between(today - timedelta(days=BACK), today - timedelta(days=1)),
            ~select(RiderMessage.id).where(RiderMessage.booking_id == Booking.id).exists(),
        )
        .order_by(StudySession.starts_utc.desc(), Booking.id)
        .limit(EARLIER)
    )
    rows = [_earlier(session, booking, place) for place, booking in enumerate(session.scalars(query).all())]
    session.add_all(rows)
    session.flush()
    waiting = next((row for row in rows if row.state == MessageState.SENT and row.booking is not None), None)
    if waiting is not None:
        waiting.kind, waiting.occasion = MessageKind.MISSED, f"{MessageKind.MISSED}:{waiting.booking_id}:{today}"
        waiting.state, waiting.ended_utc, waiting.channel, waiting.text = MessageState.WAITING, None, None, ""
        waiting.created_utc, waiting.next_utc, waiting.attempts = now, now + timedelta(hours=1), 0
    session.flush()
    return len(rows)


def _earlier(session: Session, booking: Booking, place: int) -> RiderMessage:
    """Return what a rider was told of a seat, when it was given; who has no number was not reached."""
    state, reason = ENDS[place % len(ENDS)]
    if contact_of(session, booking.task.rider).channel is None:
        state, reason = MessageState.NO_WAY, ""
    study, at = booking.session, booking.booked_utc
    said = message(
        "You study (%(course)s) on %(when)s at %(place)s. Bring your identity document.",
        when=when(study.starts_utc),
        course=study.course.name("zh"),
        place=f"{study.station.name} {study.station.address}".strip(),
    )
    called = state in TO_CALL and place % EVERY_CALLED == 0
    return RiderMessage(
        number=new_number("X"),
        occasion=f"{MessageKind.BOOKED}:{booking.id}",
        kind=MessageKind.BOOKED,
        rider_id=booking.task.rider_id,
        task_id=booking.task_id,
        booking_id=booking.id,
        station_id=study.station_id,
        created_utc=at,
        state=state,
        channel=None if state in {MessageState.NO_WAY, MessageState.DROPPED} else MessageChannel.SMS,
        text="" if state == MessageState.DROPPED else translate(said, "zh"),
        attempts=6 if state == MessageState.FAILED else 1,
        next_utc=at,
        ended_utc=at + timedelta(minutes=1),
        reason=reason,
        told_utc=at + timedelta(hours=2) if called else None,
    )
