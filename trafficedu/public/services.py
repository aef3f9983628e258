"""Proving to know a receipt, asking after a document: guessing is slow, and nobody is shut out with who guesses.

The worker keeps a receipt soon after its record was made, as of then; whoever opens it earlier has it issued at once.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from trafficedu.core import audit, throttle
from trafficedu.core.actors import SYSTEM, VISITOR, Actor
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.numbers import is_number, normalise
from trafficedu.core.services import services_of
from trafficedu.core.text import LOCALES, message, translate
from trafficedu.core.waiting import WaitingLine
from trafficedu.education.services.certifying import find_certificate_document
from trafficedu.issued.models import Document
from trafficedu.issued.rules import LETTERS, DocumentKind
from trafficedu.issued.services import issuing
from trafficedu.issued.services.earlier import keep_as_of
from trafficedu.public import queries
from trafficedu.reports.receipt_strip import StripWords, in_words
from trafficedu.riders.queries import people as riders
from trafficedu.violations.events import ReviewReopened, ViolationCorrected, ViolationSigned, ViolationVoided
from trafficedu.violations.models.records import Violation

PER_NUMBER = throttle.Limit(5, timedelta(minutes=15))
PER_ADDRESS = throttle.Limit(30, timedelta(minutes=15))
"""A number has 50 random bits and four characters guard it. An address may be a whole dormitory's, or a telephone
company's: after so many wrong answers the others are waited for, and a right one is never refused."""

PAPERS = {"a5": "pdf", "a4": "a4.pdf", "80mm": "80mm.pdf"}
"""PAPER -> ending of the file of a receipt on it; the first is what it is issued on."""
SCREEN, STRIP_PAGE = "screen", "strip"
"""What else a receipt is handed out on: an officer's phone, a browser that prints on a strip."""

REVIEWED_AGAIN = message("The record waits for its review once more.")

BATCH = 20
"""Receipts kept in one transaction: others write between two of them."""


class TooMany(Refusal):
    """Guessing has to wait (HTTP 429)."""


@dataclass(frozen=True)
class ReceiptKey:
    """What opens a receipt, the network address it was typed at, and the line to wait in there if need be."""

    number: str
    last_four: str
    address: str
    line: WaitingLine
    ticket: str = ""


def open_receipt(session: Session, given: ReceiptKey, now: datetime) -> Violation | None:
    """Return the violation whose number and last four characters these are, or None; either way it is audited.

    It counts against the number before it is judged, so that many guesses at once are told no more than the limit
    allows; against the address, which many riders share, when it was wrong. The answer is the same, and counted the
    same, whether the number does not exist, its rider is not known (a plate alone proves nobody), it is not yet
    reviewed or was rejected, or the four characters are wrong. What is opened is issued by then.

    Raises
    ------
    TooMany
        Too many failures for this number; nothing was looked at.
    HasToWait
        Too many from this address; nothing was looked at or counted.
    """
    by_number = [(f"receipt:{normalise(given.number)}", PER_NUMBER)]
    by_address = [(f"receipt-from:{given.address}", PER_ADDRESS)]
    _refuse_until(throttle.locked_until(session, by_number, now), now)
    if throttle.locked_until(session, by_address, now) is not None:
        given.line.pass_or_wait(session, given.ticket, now)
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
    _keep(session, [violation], now)
    return violation


def note_locked(session: Session) -> None:
    """Audit that an attempt to open a receipt was turned away unread, after too many wrong ones."""
    audit.write(session, "public:receipt:open", VISITOR, result=audit.REFUSED)


def has_to_wait(session: Session, address: str, now: datetime) -> bool:
    """Tell whether too many numbers were tried from an address: the next one that is asked after is waited for."""
    return throttle.locked_until(session, [(f"verify-from:{address}", PER_ADDRESS)], now) is not None


def verify_document(session: Session, number: str) -> Document | None:
    """Return the document with ``number``, or None. The caller notes what was not found."""
    number = normalise(number)
    return find_certificate_document(session, number) if is_documents(number) else None


def is_documents(number: str) -> bool:
    """Tell whether a number is well formed and may be a document's."""
    return any(is_number(number, letter) for letter in LETTERS)


def note_unknown_document(session: Session, number: str, address: str, now: datetime) -> None:
    """Count a well-formed number that is no document's against its address; misspelt ones are not counted."""
    if is_documents(normalise(number)):
        throttle.count(session, [(f"verify-from:{address}", PER_ADDRESS)], now)


def receipt_of(session: Session, number: str, by: Actor, now: datetime) -> Document:
    """Return the receipt that is handed out now; raise :class:`Missing` where there is none.

    It is issued by then, and anew where the record, the seat or the day says something else by now.
    """
    violation = queries.find_shown(session, number)
    if violation is None:
        raise Missing(message("There is no receipt with this number."))
    subject = violation.number
    return issuing.current(
        session, DocumentKind.RECEIPT, subject, lambda: queries.receipt_now(session, subject, now), by, now
    )


def keep_due(session: Session, now: datetime, limit: int) -> int:
    """Keep the receipts of records that count since the last round, as of then; returns how many. A chore."""
    query = select(Violation).where(*Violation.owes_receipt()).order_by(Violation.id).limit(min(limit, BATCH))
    due = session.scalars(query.with_for_update(skip_locked=True, of=Violation)).all()
    keep_receipts(session, due, now)
    return len(due)


def keep_receipts(session: Session, due: Sequence[Violation], now: datetime) -> None:
    """Keep what receipts say that the worker was to keep."""
    _keep(session, due, now)
    session.execute(
        update(Violation).where(Violation.id.in_([violation.id for violation in due])).values(receipt_due=False)
    )


def _keep(session: Session, violations: Sequence[Violation], now: datetime) -> None:
    """Keep receipts, each as of when its record began to count; of whoever was named later, as of now."""
    keep_as_of(
        session,
        DocumentKind.RECEIPT,
        violations,
        lambda violation: now if violation.papers else violation.counts_from_utc,
        lambda violation, moment: queries.receipt_document(session, violation, moment),
    )


def note_handed_out(session: Session, violation: Violation, document: Document, on: str, by: Actor) -> None:
    """Audit that somebody who works with a record showed its receipt, or printed it ``on`` a paper."""
    act = "show" if on == SCREEN else "print"
    audit.write(session, f"public:receipt:{act}", by, subject=violation, document=document.id, paper=on)


def strip_of(session: Session, document: Document, locale: str) -> tuple[StripWords, bytes]:
    """Return what a receipt says on a strip, and the picture of the signature on it, b"" where there is none."""
    data, proof = issuing.said_on_page(session, document, locale)
    signature = services_of(session).evidence.read(data.signature) if data.signature else b""
    return in_words(data, locale, proof, signature), signature


def render_receipt(session: Session, number: str, locale: str, now: datetime, paper: str = "a5") -> bytes:
    """Return a receipt as PDF; raise :class:`Missing` where there is none: for the command line, behind no key."""
    return issuing.hand_out(session, receipt_of(session, number, SYSTEM, now), locale, now, PAPERS[paper])


def revoke_receipt(session: Session, event: ReviewReopened) -> None:
    """Revoke a receipt that was handed out for a record that waits for its review again."""
    violation = session.get_one(Violation, event.violation_id)
    reason = " ".join(translate(REVIEWED_AGAIN, locale) for locale in LOCALES)
    issuing.withdraw(session, DocumentKind.RECEIPT, violation.number, reason, event.by, event.at_utc)


def reissue_receipt(session: Session, event: ViolationVoided | ViolationCorrected | ViolationSigned) -> None:
    """Replace a receipt that was handed out once its record says something else: it does not hold any more."""
    violation = session.get_one(Violation, event.violation_id)
    if violation.rider_id is not None:
        new = queries.receipt_document(session, violation, event.at_utc)
        issuing.renew(session, new, event.by, event.at_utc, first=False)


def _refuse_until(until: datetime | None, now: datetime) -> None:
    """Raise TooMany where there is a lock; ``until`` is its end."""
    if until is not None:
        minutes = int((until - now).total_seconds() // 60) + 1
        raise TooMany(message("Too many wrong attempts. Try again in %(minutes)d minutes.", minutes=minutes))
