"""A score that somebody enters by hand: an exception, named with its reason, until a quiz is taken again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.education.models.tasks import Booking
from trafficedu.education.rules.reckoning import require_reason
from trafficedu.education.services.study import attendance_of, record_quiz


def record_quiz_by_hand(session: Session, booking: Booking, score: int, reason: str, by: Actor, now: datetime) -> None:
    """Note a score that the quiz did not mark itself, and why; card, roster and statistics name it as an exception.

    Raises
    ------
    Refusal
        The reason says nothing (field ``reason``), or as :func:`record_quiz`.
    """
    require_reason(reason)
    record_quiz(session, booking, score, by, now)
    attendance = attendance_of(booking)
    attendance.quiz_by_hand = reason.strip()
    session.flush()
    audit.write(session, "education:session:quiz_by_hand", by, subject=attendance, score=score)
