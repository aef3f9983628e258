"""Riders whose session was moved and who have said nothing yet: whom to ring up before their choice ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from trafficedu.core.actors import Actor
from trafficedu.core.loading import loaded
from trafficedu.core.orm import among
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.education.rules.states import BookingState
from trafficedu.reaching.queries.log import MOST_CALLS, of_stations
from trafficedu.riders.models import Rider
from trafficedu.riders.queries.people import phone_of


@dataclass(frozen=True)
class Chooser:
    """A rider who may choose another session than the one that was moved; the number is for who rings up."""

    booking: Booking
    phone: str = field(default="", repr=False)


def _choosing(by: Actor, session_number: str, now: datetime) -> list[ColumnElement[bool]]:
    conditions = [
        among(Booking.state, BookingState.BOOKED),
        Booking.choose_until_utc.is_not(None),
        Booking.choose_until_utc >= now,
        of_stations(by, StudySession.station_id),
    ]
    return [*conditions, StudySession.number == session_number] if session_number else conditions


def list_choosers(session: Session, by: Actor, session_number: str, now: datetime) -> list[Chooser]:
    """Return who has not chosen yet, whose choice ends first first, with their numbers in clear.

    For who makes the calls (``reaching:call:make``); that the list was opened is audited by who asks.
    """
    by.require("reaching:call:make")
    query = (
        select(Booking)
        .join(Booking.session)
        .where(*_choosing(by, session_number, now))
        .options(
            loaded(Booking.session, StudySession.course),
            loaded(Booking.session, StudySession.station),
            loaded(Booking.task, StudyTask.rider, Rider.home_area),
            loaded(Booking.task, StudyTask.company),
        )
    )
    rows = session.scalars(query.order_by(Booking.choose_until_utc, Booking.id).limit(MOST_CALLS)).all()
    return [Chooser(row, phone_of(session, row.task.rider)) for row in rows]


def count_choosers(session: Session, by: Actor, session_number: str, now: datetime) -> int:
    """Return how many riders of a session have not chosen yet, at most :data:`MOST_CALLS`."""
    some = select(Booking.id).join(Booking.session).where(*_choosing(by, session_number, now)).limit(MOST_CALLS)
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0
