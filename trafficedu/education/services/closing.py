"""Closing a session: who did not come is noted, who can be is signed off, who left early is said, in one gesture.

What nobody closes ends by itself: :func:`absence.note_absent` and :func:`absence.close_unsigned`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Refusal
from trafficedu.core.text import Message, message
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking, Certificate
from trafficedu.education.queries.certificates import list_of_session
from trafficedu.education.queries.sessions import list_roster
from trafficedu.education.rules.states import BookingAct
from trafficedu.education.services import rosters
from trafficedu.education.services.absence import leave_early, mark_absent
from trafficedu.education.services.certifying import document_of
from trafficedu.education.services.seats import lock_riders
from trafficedu.education.services.signing import gaps_of, sign_off
from trafficedu.issued.services import issuing
from trafficedu.reports.bundle import Bundle, bundle

CLOSE = "education:session:complete"


@dataclass(frozen=True)
class Standing:
    """How the riders of a session stand at its end.

    ``unmarked`` have a seat and nobody said whether they came; ``ready`` can be signed off; ``missing`` came, and
    something is missing; the rest is settled.
    """

    unmarked: Sequence[Booking]
    ready: Sequence[Booking]
    missing: Sequence[tuple[Booking, Sequence[Message]]]
    settled: Sequence[Booking]

    @property
    def is_closed(self) -> bool:
        """Whether nobody is left of whom nothing was said."""
        return not (self.unmarked or self.ready or self.missing)


@dataclass(frozen=True)
class Choice:
    """What is said of the riders of a session, by the numbers of their tasks."""

    absent: Collection[str] = field(default_factory=frozenset)
    signed: Collection[str] = field(default_factory=frozenset)
    left: Collection[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Closed:
    """What closing did: riders noted as absent, signed off, noted as left; how many are open still."""

    absent: int
    signed: int
    left: int
    open: int


def standing_of(session: Session, study: StudySession, locale: str) -> Standing:
    """Return how the riders of a session stand, names of what is missing in ``locale``."""
    roster = list_roster(session, study.id)
    gaps = {booking.id: gaps_of(booking, locale) for booking in roster if booking.is_studying}
    return Standing(
        unmarked=[booking for booking in roster if booking.is_booked],
        ready=[booking for booking in roster if booking.is_studying and not gaps[booking.id]],
        missing=[(booking, gaps[booking.id]) for booking in roster if gaps.get(booking.id)],
        settled=[booking for booking in roster if not booking.is_booked and not booking.is_studying],
    )


def close_session(session: Session, study: StudySession, chosen: Choice, by: Actor, now: datetime) -> Closed:
    """Do what is said of each rider of a session that has begun; whom nothing is said of stays open.

    A rider of whom somebody else said something meanwhile keeps that: two clerks who close at once lose nothing. Once
    nobody is open the roster is issued, if somebody was signed off.

    Raises
    ------
    Refusal
        The session has not begun, or is cancelled.
    Denied
        Without ``education:session:complete``.
    """
    by.require(CLOSE)
    if study.starts_utc > now or not study.takes_place:
        raise Refusal(message("This session has not begun, or does not take place: there is nothing to close."))
    lock_riders(session, [booking.task.rider_id for booking in list_roster(session, study.id)])
    roster = list_roster(session, study.id)
    absent = _each(roster, chosen.absent, lambda one: one.may(BookingAct.MISS))
    signed = _each(roster, chosen.signed, lambda one: one.is_studying and not gaps_of(one, by.locale))
    left = _each(roster, set(chosen.left) - set(chosen.signed), lambda one: one.is_studying)
    for act, bookings in ((sign_off, signed), (leave_early, left), (mark_absent, absent)):
        for booking in bookings:
            act(session, booking, by, now)
    after = list_roster(session, study.id)
    still = sum(booking.is_booked or booking.is_studying for booking in after)
    audit.write(
        session, "education:session:close", by, subject=study, absent=len(absent), signed=len(signed), left=len(left)
    )
    if rosters.is_settled(after):
        rosters.issue_roster(session, study, by, now)
    return Closed(len(absent), len(signed), len(left), still)


def _each(roster: Sequence[Booking], numbers: Collection[str], fits: Callable[[Booking], bool]) -> list[Booking]:
    return [booking for booking in roster if booking.task.number in numbers and fits(booking)]


def certificates_of(session: Session, study: StudySession) -> Sequence[Certificate]:
    """Return the certificates that were issued in a session and hold, by the riders' names."""
    return list_of_session(session, study.id)


def render_certificates(session: Session, study: StudySession, locale: str, now: datetime) -> Bundle:
    """Return all certificates of a session in one file, each page as it was issued.

    Raises
    ------
    Refusal
        Nobody was signed off.
    """
    papers = []
    for certificate in certificates_of(session, study):
        document = document_of(session, certificate)
        if document is not None and document.is_valid:
            papers.append(issuing.hand_out(session, document, locale, now))
    if not papers:
        raise Refusal(message("Nobody has been signed off in this session yet, so there is no certificate."))
    return bundle(papers)
