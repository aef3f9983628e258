"""Proving to know a receipt, with guessing made slow; asking after a certificate likewise."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from trafficedu.core import audit, throttle
from trafficedu.core.actors import VISITOR
from trafficedu.core.errors import Refusal
from trafficedu.core.numbers import is_number, normalise
from trafficedu.core.text import message
from trafficedu.education.models import Certificate
from trafficedu.education.queries.certificates import find_certificate
from trafficedu.public import queries
from trafficedu.riders.queries import people as riders
from trafficedu.violations.models import Violation

PER_NUMBER = throttle.Limit(5, timedelta(minutes=15))
PER_ADDRESS = throttle.Limit(30, timedelta(minutes=15))
"""A number has 50 random bits and four characters guard it; an address may be a whole dormitory's."""


class TooMany(Refusal):
    """Guessing has to wait (HTTP 429)."""


@dataclass(frozen=True)
class ReceiptKey:
    """What opens a receipt, and the network address it was typed at."""

    number: str
    last_four: str
    address: str


def open_receipt(session: Session, given: ReceiptKey, now: datetime) -> Violation | None:
    """Return the violation whose number and last four characters these are, or None; either way it is audited.

    It counts against the number before it is judged, so that many guesses at once are told no more than the limit
    allows; against the address, which many riders share, when it was wrong. The answer is the same, and counted the
    same, whether the number does not exist, its rider is not known (a plate alone proves nobody), it is not yet
    reviewed or was rejected, or the four characters are wrong.

    Raises
    ------
    TooMany
        Too many failures for this number or from this address; nothing was looked at.
    """
    by_number = [(f"receipt:{normalise(given.number)}", PER_NUMBER)]
    by_address = [(f"receipt-from:{given.address}", PER_ADDRESS)]
    _refuse_until(throttle.locked_until(session, [*by_number, *by_address], now), now)
    _refuse_until(throttle.count(session, by_number, now), now)
    violation = queries.find_shown(session, given.number)
    rider = violation.rider if violation is not None else None
    expected = riders.last_four(session, rider) if rider is not None else "----"
    right = hmac.compare_digest(normalise(given.last_four).encode(), expected.encode())
    if violation is None or not right:
        throttle.count(session, by_address, now)
        audit.write(session, "public:receipt:open", VISITOR, result=audit.FAILED)
        return None
    throttle.forget(session, by_number)
    audit.write(session, "public:receipt:open", VISITOR, subject=violation)
    return violation


def note_locked(session: Session) -> None:
    """Audit that an attempt to open a receipt was turned away unread, after too many wrong ones."""
    audit.write(session, "public:receipt:open", VISITOR, result=audit.REFUSED)


def verify_certificate(session: Session, number: str, address: str, now: datetime) -> Certificate | None:
    """Return the certificate with ``number``, or None. Only reads; the caller notes what was not found.

    Raises
    ------
    TooMany
        Too many numbers tried from this address; nothing was looked at.
    """
    _refuse_until(throttle.locked_until(session, [(f"verify-from:{address}", PER_ADDRESS)], now), now)
    number = normalise(number)
    return find_certificate(session, number) if is_number(number, "C") else None


def note_unknown_certificate(session: Session, number: str, address: str, now: datetime) -> None:
    """Count a well-formed number that is no certificate's against its address; misspelt ones are not counted."""
    if is_number(normalise(number), "C"):
        throttle.count(session, [(f"verify-from:{address}", PER_ADDRESS)], now)


def _refuse_until(until: datetime | None, now: datetime) -> None:
    """Raise TooMany where there is a lock; ``until`` is its end."""
    if until is not None:
        minutes = int((until - now).total_seconds() // 60) + 1
        raise TooMany(message("Too many wrong attempts. Try again in %(minutes)d minutes.", minutes=minutes))
