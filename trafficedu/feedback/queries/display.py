"""Notices as a page or a paper shows them: the rider as far as the reader may know, times judged, keys chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.listing import AGO, Column, Listing
from trafficedu.core.states import Word
from trafficedu.core.text import Message, message, translate
from trafficedu.evidence.queries import find_signature
from trafficedu.feedback.models import Notice
from trafficedu.feedback.queries.notices import BY_TIME_LEFT, NoticeFilter, filtered, is_receiver, reach
from trafficedu.feedback.queries.policy import present_advice, recommendations
from trafficedu.feedback.rules.notices import answer_state, is_late
from trafficedu.feedback.rules.policy import Basis, Measure, Receiver, Recommendation, in_words, one_tap
from trafficedu.issued.queries.documents import Line
from trafficedu.issued.rules import DocumentKind
from trafficedu.issued.services.issuing import NewDocument
from trafficedu.reports.notice import NoticeData
from trafficedu.riders.queries import engagements
from trafficedu.riders.queries import people as riders
from trafficedu.riders.rules import LegalBasis, mask_name
from trafficedu.violations.models.records import Violation


@dataclass(frozen=True)
class NoticeRow:
    """One notice for one reader. ``rider_name`` and ``rider_id`` are "" where the reader may not know them."""

    notice: Notice
    receiver: str
    rider_name: str
    rider_id: str
    answered: bool
    late: bool
    answerable: bool
    correctable: bool
    recommendation: Recommendation
    advice: Message | None
    keys: tuple[tuple[Measure, Message], ...]
    answer: Message | None
    held: Message | None

    @property
    def state(self) -> Word:
        """How it stands, for its badge: a sent one by its answer and its deadline."""
        if not self.notice.is_sent:
            return self.notice.state
        return answer_state(self.answered, self.late, self.notice.closed_utc is not None)


def notices_at(by: Actor, now: datetime) -> Listing[NoticeRow, NoticeFilter]:
    """Return the list of notices as ``by`` reads it at ``now``: those with the least time left first."""
    receiver: Column[NoticeRow] = Column(
        "receiver", message("Receiver"), value=lambda row: row.receiver or message("nobody yet")
    )
    return Listing(
        lambda who, chosen: filtered(who, chosen, now),
        [
            Column("violation", message("Violation"), value=lambda row: row.notice.violation.kind.name),
            Column("rider", message("Rider")),
            *([] if by.scope.company_id else [receiver]),
            Column("due", message("Answer by"), value=lambda row: row.notice.due_utc, look=AGO),
            Column("state", message("State"), value=lambda row: row.state),
            Column("answer", message("Answer")),
        ],
        order=BY_TIME_LEFT,
        complete=lambda session, notices: describe(session, notices, by, now),
        reach=lambda session, who, chosen: reach(session, who, chosen, now),
    )


def describe(session: Session, notices: Sequence[Notice], by: Actor, now: datetime) -> list[NoticeRow]:
    """Return ``notices`` as ``by`` may see them at ``now``."""
    advice = recommendations(session, notices)
    return [_describe(session, notice, advice[notice.id], by, now) for notice in notices]


def _describe(session: Session, notice: Notice, advice: Recommendation, by: Actor, now: datetime) -> NoticeRow:
    name, identity = _rider(session, notice, by)
    feedback = notice.feedback
    receiver = is_receiver(by, notice)
    answerable = notice.is_sent and feedback is None and receiver
    late = notice.is_sent and is_late(notice.due_utc, notice.answered_utc, now)
    keys = one_tap(notice.receiver_kind, advice.measure) if answerable else ()
    return NoticeRow(
        notice=notice,
        receiver=_receiver(notice),
        rider_name=name,
        rider_id=identity,
        answered=feedback is not None,
        late=late,
        answerable=answerable,
        correctable=notice.is_sent and feedback is not None and receiver,
        recommendation=advice,
        advice=in_words(advice.measure) if advice.measure else None,
        keys=tuple((measure, in_words(measure)) for measure in keys),
        answer=in_words(Measure(feedback.measure, feedback.days)) if feedback else None,
        held=notice.held_reason.label if notice.held_reason else None,
    )


def _receiver(notice: Notice) -> str:
    if notice.company is not None:
        return notice.company.name
    return notice.area.name if notice.area is not None else ""


def _rider(session: Session, notice: Notice, by: Actor) -> tuple[str, str]:
    """Return name and masked identity number as far as ``by`` may know them.

    Who must act on the notice has to know who it is about, but only until it is withdrawn; a leader reads a
    masked name; who reads figures only reads neither.
    """
    if by.may("riders:rider:read") or by.scope.everything:
        masked = riders.describe(session, notice.rider)
        return masked.name, masked.id_masked
    if not is_receiver(by, notice):
        return "", ""
    if notice.is_voided or not by.may("feedback:rider:read"):
        return mask_name(notice.rider.name), ""
    masked = riders.describe(session, notice.rider)
    return masked.name, masked.id_masked


def paper_of(session: Session, notice: Notice, by: Actor, now: datetime, locale: str, answer_url: str) -> NoticeData:
    """Return what the notice says on paper. Precondition: it was sent.

    The study stands on the answer page, where it is always the present one.
    """
    row = describe(session, [notice], by, now)[0]
    violation = notice.violation
    advice = row.recommendation
    place, signing = f"{violation.area.name} {violation.place}".strip(), signing_of(session, violation)
    if notice.sent_utc is None or notice.due_utc is None:
        raise ValueError("a held notice has no paper")
    return NoticeData(
        number=notice.number,
        district=violation.area.district.name,
        receiver="company" if notice.receiver_kind == Receiver.COMPANY else "village",
        receiver_name=row.receiver,
        rider_name=row.rider_name,
        masked_id=row.rider_id,
        violation_number=violation.number,
        kind=violation.kind.name(locale),
        law=violation.kind.law(locale),
        place=place,
        occurred_at=violation.occurred.at,
        penalty=translate(violation.penalty_in_words, locale),
        count_in_window=advice.count,
        window_days=advice.window.days,
        stop=translate(advice.counted, locale),
        policy=translate(in_force(advice.basis, locale), locale) if advice.basis else "",
        recommended=translate(in_words(advice.measure), locale) if advice.measure else "",
        course="",
        seat=None,
        due_on=None,
        legal_basis=translate(_basis(session, notice), locale),
        sent_at=notice.sent_utc,
        answer_by=notice.due_utc,
        answer_url=answer_url,
        signing=translate(signing, locale) if signing else "",
    )


def signing_of(session: Session, violation: Violation) -> Message | None:
    """Return in words whether the rider signed or refused to, None where nobody was asked.

    How somebody signs is shown only to who may see the record's evidence.
    """
    signature = find_signature(session, violation)
    if signature is None:
        return None
    return message("refused to sign") if signature.refused else message("signed")


@dataclass(frozen=True)
class Fewer:
    """What would be recommended by the records of now, since a stop that a notice counted was withdrawn or moved."""

    counted: Message
    advice: Message | None


def said_then(notice: Notice) -> Message | None:
    """Return the measure that a notice recommended when it went out, None where none."""
    measure = Recommendation.unpacked(notice.advice).measure if notice.advice else None
    return in_words(measure) if measure else None


def fewer_now(session: Session, notice: Notice) -> Fewer | None:
    """Return how a notice that went out counted more stops than there are by now, None where it did not."""
    if not notice.advice or not notice.is_sent:
        return None
    said, present = Recommendation.unpacked(notice.advice), present_advice(session, [notice])[notice.id]
    if present.count >= said.count or present.window != said.window:
        return None
    return Fewer(present.counted, in_words(present.measure) if present.measure else None)


def in_force(basis: Basis, locale: str) -> Message:
    """Name the policy that something was recommended by, as papers and pages do."""
    return message("%(name)s, in force from %(day)s", name=basis.name(locale), day=basis.since.isoformat())


def notice_document(session: Session, notice: Notice, now: datetime) -> NewDocument:
    """Return what a notice is issued with, as the records are now. Precondition: it was sent."""
    violation, address = notice.violation, f"/notices/{notice.number}"
    district, offence = violation.area.district.name, violation.occurred_on.isoformat()
    name, receiver = mask_name(notice.rider.name), _receiver(notice)
    return NewDocument(
        kind=DocumentKind.NOTICE,
        subject=notice.number,
        paper=lambda locale, _proof: paper_of(session, notice, SYSTEM, now, locale, address),
        shown=(
            Line(message("Notice number"), notice.number, notice.number),
            Line(message("Receiver"), receiver, receiver),
            Line(message("Name"), name, name),
            Line(message("Day of the violation"), offence, offence),
            Line(message("Issuing authority"), district, district),
        ),
        area_id=violation.area_id,
        company_id=notice.company_id,
    )


def _basis(session: Session, notice: Notice) -> Message:
    if notice.receiver_kind != Receiver.COMPANY:
        return LegalBasis.STATUTORY_DUTY.label
    basis = None
    if notice.company_id is not None:
        day = notice.violation.occurred_on
        basis = engagements.legal_basis_of(session, notice.rider_id, notice.company_id, day)
    return basis.label if basis else message("the legal basis recorded with the rider's engagement")
