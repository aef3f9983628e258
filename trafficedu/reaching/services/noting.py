"""What a rider is to be told, written down in the transaction of what happened: one statement, nothing looked up."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache

from sqlalchemy import Insert, bindparam, func, insert, select
from sqlalchemy.orm import Session

from trafficedu.core.numbers import new_number
from trafficedu.core.tables import table_of
from trafficedu.education.events import (
    CertificateIssued,
    RiderAbsent,
    SeatGiven,
    SeatGivenUp,
    SeatMoved,
    SessionCancelled,
    SessionMoved,
)
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking, Certificate, StudyTask
from trafficedu.education.rules.states import BookingState
from trafficedu.reaching.models import RiderMessage
from trafficedu.reaching.rules.telling import MessageKind, MessageState

_MESSAGE, _BOOKING = table_of(RiderMessage), table_of(Booking)
_TASK, _SESSION = table_of(StudyTask), table_of(StudySession)


@cache
def _insert() -> Insert:
    """Return the statement that notes what the rider of a booking is told, unless it is noted."""
    given = ("number", "occasion", "kind", "was_utc", "created_utc", "state", "text", "attempts", "next_utc", "reason")
    named = (*given, "refused_why", "version")
    values = {name: bindparam(name, type_=_MESSAGE.c[name].type) for name in named}
    found = {
        "rider_id": _TASK.c.rider_id,
        "task_id": _BOOKING.c.task_id,
        "booking_id": _BOOKING.c.id,
        "station_id": _SESSION.c.station_id,
    }
    query = (
        select(*values.values(), *found.values())
        .join_from(_BOOKING, _TASK, _TASK.c.id == _BOOKING.c.task_id)
        .join(_SESSION, _SESSION.c.id == _BOOKING.c.session_id)
        .where(_BOOKING.c.id == bindparam("of_booking"))
        .suffix_with("ON CONFLICT DO NOTHING")
    )
    return insert(_MESSAGE).from_select([*values, *found], query, include_defaults=False)


def note(
    session: Session, kind: MessageKind, occasion: str, booking_id: int, now: datetime, was: datetime | None = None
) -> None:
    """Note that the rider of a booking is to be told; what was noted for this occasion stays as it is."""
    values = {
        "number": new_number("X"),
        "occasion": f"{kind}:{occasion}",
        "kind": kind,
        "was_utc": was,
        "created_utc": now,
        "state": MessageState.WAITING,
        "text": "",
        "attempts": 0,
        "next_utc": now,
        "reason": "",
        "refused_why": "",
        "version": 1,
        "of_booking": booking_id,
    }
    session.connection().execute(_insert(), values)


def note_seat(session: Session, event: SeatGiven) -> None:
    """Tell a rider of a seat."""
    note(session, MessageKind.BOOKED, str(event.booking_id), event.booking_id, event.at_utc)


def note_other_seat(session: Session, event: SeatMoved) -> None:
    """Tell a rider of a seat that came instead of another one.

    Where the session of that one is cancelled, the message is of the seat that was lost: its station rings up whoever
    is not reached.
    """
    left = session.get_one(StudySession, event.left_session_id)
    if not left.is_cancelled:
        note(session, MessageKind.MOVED, str(event.booking_id), event.booking_id, event.at_utc, left.starts_utc)
        return
    lost = select(func.max(Booking.id)).where(Booking.task_id == event.task_id, Booking.session_id == left.id)
    booking_id = session.scalar(lost) or event.booking_id
    note(session, MessageKind.CANCELLED, str(booking_id), booking_id, event.at_utc, left.starts_utc)


def note_given_up(session: Session, event: SeatGivenUp) -> None:
    """Confirm to a rider that a seat was given up."""
    was = session.scalar(select(StudySession.starts_utc).join(Booking).where(Booking.id == event.booking_id))
    note(session, MessageKind.CANCELLED, str(event.booking_id), event.booking_id, event.at_utc, was)


def note_moved(session: Session, event: SessionMoved) -> None:
    """Tell all riders of a session that it begins at another time."""
    live = select(Booking.id).where(Booking.session_id == event.session_id, Booking.state == BookingState.BOOKED)
    for booking_id in session.scalars(live).all():
        occasion = f"{booking_id}:{int(event.at_utc.timestamp())}"
        note(session, MessageKind.MOVED, occasion, booking_id, event.at_utc, event.before_utc)


def note_cancelled(session: Session, event: SessionCancelled) -> None:
    """Tell the riders of a cancelled session who got no other seat; the others are told of theirs."""
    was = session.scalar(select(StudySession.starts_utc).where(StudySession.id == event.session_id))
    given_up = select(func.max(Booking.id)).where(
        Booking.session_id == event.session_id, Booking.task_id.in_(event.waiting)
    )
    for booking_id in session.scalars(given_up.group_by(Booking.task_id)).all():
        note(session, MessageKind.CANCELLED, str(booking_id), booking_id, event.at_utc, was)


def note_missed(session: Session, event: RiderAbsent) -> None:
    """Tell a rider who did not come what follows."""
    was = session.scalar(select(StudySession.starts_utc).join(Booking).where(Booking.id == event.booking_id))
    note(session, MessageKind.MISSED, f"{event.booking_id}:{event.at_utc:%Y%m%d}", event.booking_id, event.at_utc, was)


def note_certificate(session: Session, event: CertificateIssued) -> None:
    """Tell a rider that the study is completed and where the certificate is."""
    certificate = session.get_one(Certificate, event.certificate_id)
    if certificate.attendance is not None:
        booking_id = certificate.attendance.booking_id
        note(session, MessageKind.CERTIFICATE, str(event.certificate_id), booking_id, event.at_utc)


def note_day_before(session: Session, booking_id: int, day: date, now: datetime) -> None:
    """Remind a rider of the seat on ``day``."""
    note(session, MessageKind.DAY_BEFORE, f"{booking_id}:{day}", booking_id, now)
