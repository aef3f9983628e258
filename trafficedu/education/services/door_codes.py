"""The code on the station's screen that changes every 15 s, and the rider who scans it with the own phone."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core import throttle
from trafficedu.core.actors import VISITOR
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.numbers import is_number, normalise
from trafficedu.core.services import services_of
from trafficedu.core.text import Message, message
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking
from trafficedu.education.queries import door as queries
from trafficedu.education.queries.sessions import list_roster
from trafficedu.education.rules.door import Outcome, is_fresh, step_of
from trafficedu.education.services import arriving
from trafficedu.education.services.arriving import Asked
from trafficedu.education.services.door import Arrival
from trafficedu.riders.queries.people import last_four
from trafficedu.riders.rules import searched_name

PER_RIDER = throttle.Limit(5, timedelta(minutes=15))
PER_DEVICE = throttle.Limit(12, timedelta(minutes=15))
"""Wrong answers: for a name or number in one session, and from one phone. Right ones are not counted."""
_SIGNS = 20
_PURPOSE = "door.code"

EXPIRED = message("This code has changed meanwhile. Scan the one that the station's screen shows now.")
NO_CODE = message("This is not a code of the station's screen. Scan the one that the screen shows now.")
NOT_FOUND = message(
    "Nobody with these details has a seat in this session. Check both, or ask at the desk: the staff can seat you."
)
TOO_MANY = message("Too many wrong entries. Ask at the desk: the staff can check you in.")


def code_of(session: Session, study: StudySession, now: datetime) -> str:
    """Return the code of a session at a moment: its stretch of time, and a keyed digest that nobody else can make."""
    step = step_of(now)
    return f"{step}-{_digest(session, study.number, step)}"


def _digest(session: Session, number: str, step: int) -> str:
    return services_of(session).keyring.lookup_hash(f"{number}|{step}", _PURPOSE).rpartition(".")[2][:_SIGNS]


def open_door(session: Session, number: str, code: str, now: datetime) -> StudySession:
    """Return the session whose screen shows ``code`` now, or showed it just before.

    Raises
    ------
    Refusal
        The code is an earlier one, or none of ours.
    """
    step, _, digest = code.partition("-")
    if not (step.isascii() and step.isdigit() and len(step) <= 12):
        raise Refusal(NO_CODE)
    known = [
        each.rpartition(".")[2][:_SIGNS]
        for each in services_of(session).keyring.lookup_hashes(f"{number}|{int(step)}", _PURPOSE)
    ]
    if not any(hmac.compare_digest(digest.encode(), each.encode()) for each in known):
        raise Refusal(NO_CODE)
    if not is_fresh(int(step), now):
        raise Refusal(EXPIRED)
    return find_open(session, number)


def find_open(session: Session, number: str) -> StudySession:
    """Return a session by its number, for a phone that proved to stand before its screen; raise Missing."""
    study = session.scalar(select(StudySession).where(StudySession.number == number))
    if study is None:
        raise Missing(NO_CODE)
    return study


@dataclass(frozen=True)
class Proof:
    """What a rider typed on the own phone; ``device`` is a random mark that this phone keeps."""

    who: str
    last_four: str
    device: str


def device_hash(session: Session, mark: str) -> str:
    """Return under what a phone is kept: it tells one from another and leads to none."""
    return services_of(session).keyring.lookup_hash(mark, "door.device")


@dataclass(frozen=True)
class Let:
    """What a phone is told: the key of what belongs to the check-in, or why there is none."""

    phone_key: str
    refused: Message | None = None


def let_in(session: Session, study: StudySession, proof: Proof, now: datetime) -> Let:
    """Check in the rider of a seat in this session whose name or receipt, and last four characters, these are.

    Wrong answers are counted and committed with the caller's transaction, so they are returned, not raised.
    """
    who = "".join(searched_name(proof.who).split())
    rider_key = f"door:{study.id}:{normalise(proof.who) if is_number(normalise(proof.who), 'V') else who}"
    limits = sorted([(rider_key, PER_RIDER), (f"door-from:{proof.device}", PER_DEVICE)])
    if throttle.locked_until(session, limits, now) is not None:
        return Let("", TOO_MANY)
    booking = _seat_of(session, study, who, proof)
    if booking is None:
        throttle.count(session, limits, now)
        return Let("", NOT_FOUND)
    device = device_hash(session, proof.device)
    asked = Asked(study, booking.task.number, now, now, Arrival(device=device))
    answer = arriving.arrive(session, asked, booking.task, VISITOR)
    if not answer.outcome.is_in or answer.booking is None or answer.booking.attendance is None:
        return Let("", _FOR_RIDERS.get(answer.outcome, AT_THE_DESK))
    return Let(answer.booking.attendance.phone_key or "")


AT_THE_DESK = message("You cannot be checked in here now. Ask at the desk.")
_FOR_RIDERS = {
    Outcome.EARLY: message("Check-in has not opened yet. Wait, and scan the code again."),
    Outcome.LATE: message("The session began too long ago. Ask at the desk for a later one."),
    Outcome.NO_TASK: message("Your study is completed, or no longer owed. Ask at the desk."),
}


def _seat_of(session: Session, study: StudySession, who: str, proof: Proof) -> Booking | None:
    """Return the one seat of this session that the proof fits; None for none, and for two that cannot be told apart."""
    number, tail = normalise(proof.who), normalise(proof.last_four)
    roster = list_roster(session, study.id)
    receipts = queries.receipts_of(session, [booking.task_id for booking in roster]) if is_number(number, "V") else {}
    fits = [
        booking
        for booking in roster
        if number in receipts.get(booking.task_id, ()) or "".join(searched_name(booking.task.rider.name).split()) == who
    ]
    right = [each for each in fits if hmac.compare_digest(last_four(session, each.task.rider).encode(), tail.encode())]
    return right[0] if len(right) == 1 else None
