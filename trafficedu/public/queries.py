"""What a rider's receipt says, for its page and for its paper."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.passages import Passage, audited
from trafficedu.core.services import services_of
from trafficedu.core.text import Message, message, translate
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Certificate, StudyTask
from trafficedu.education.queries.certificates import certificate_of_task
from trafficedu.education.queries.seats import live_booking
from trafficedu.education.queries.tasks import task_of_violation
from trafficedu.education.rules.states import NOT_BEGUN, TaskAct
from trafficedu.education.services.own_seat import last_change, may_change
from trafficedu.evidence.queries import find_signature
from trafficedu.feedback.models import Notice
from trafficedu.feedback.queries.notices import notice_of_violation
from trafficedu.feedback.rules.notices import HeldReason
from trafficedu.feedback.rules.policy import Receiver
from trafficedu.films.queries.watching import Standing, standing_of
from trafficedu.issued.queries.documents import Line, list_documents
from trafficedu.issued.rules import DocumentKind
from trafficedu.issued.services.issuing import NewDocument
from trafficedu.reaching.queries.contacts import contact_row, has_declined
from trafficedu.reports import qr
from trafficedu.reports.receipt import NoticeReceiver, ReceiptData, StudySeat
from trafficedu.riders.queries import people as riders
from trafficedu.riders.queries.people import MaskedRider
from trafficedu.riders.rules import mask_name
from trafficedu.violations.models.decisions import Objection
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.objections import list_objections_of
from trafficedu.violations.queries.records import find_public
from trafficedu.violations.rules.checks import objection_ends_on
from trafficedu.violations.rules.states import ViolationState

RECEIVED = (ViolationState.CONFIRMED, ViolationState.VOIDED)
"""States of a violation whose receipt may be read."""
VOID = message("This record was found to be wrong and has been voided. It has no consequences.")


WANTED = message("The person is to be identified. There is no study task, no notice and no receipt until then.")
REJECTED = message("The record was rejected at its review, so there is no receipt.")
NOBODY = message("It is not known who rode, so there is no receipt.")


@dataclass(frozen=True)
class Receipt:
    """All that a receipt's page shows.

    ``seat`` is where the rider goes to study; ``over`` is the session of a seat that was missed, where a new one is to
    be chosen. At most one of them is there.
    """

    violation: Violation
    rider: MaskedRider
    district: str
    penalty: Message
    task: StudyTask | None
    seat: StudySession | None
    over: StudySession | None
    minutes: int
    certificate: Certificate | None
    objection: Objection | None
    notice: Notice | None
    objection_days: int
    objection_workdays: int
    overdue: bool
    objects_until: date
    objected: int
    objections_most: int
    today: date
    change_until: datetime | None
    told: list[Any]
    """What the page shows of how the rider is told (:func:`reminders_of`)."""
    reminded: bool
    """Whether the rider is sent reminders."""
    choose_until: datetime | None
    """Until when the rider may choose between this session, which was moved, and another one."""
    in_time: bool
    """Whether the seat may still be moved or given up; ``change_until`` says until when, where there is one ahead."""
    films: Standing | None
    """How the rider stands with the films of the course, where it is not begun."""

    @property
    def may_give_up(self) -> bool:
        """Whether the rider may give the seat up without taking another: in time, and not overdue."""
        return self.may_move and self.seat is not None and self.in_time and not self.overdue

    @property
    def voided(self) -> bool:
        """Whether the record was found wrong."""
        return self.violation.state == ViolationState.VOIDED

    @property
    def held(self) -> StudySession | None:
        """The session in which the rider has a seat, whether it lies ahead or is over."""
        return self.seat or self.over

    @property
    def may_move(self) -> bool:
        """Whether the rider may choose a session: the study has not begun."""
        return not self.voided and self.task is not None and self.task.may(TaskAct.SEAT)

    @property
    def may_choose(self) -> bool:
        """Whether the rider may choose a session now: it is not too late to leave the seat there is."""
        return self.may_move and self.in_time

    def was_told(self, statement: str | None) -> bool:
        """Tell whether this is what the last objection says: the same, sent twice."""
        return self.objection is not None and self.objection.statement == statement

    @property
    def may_object(self) -> bool:
        """Whether an objection can be raised now: the record stands, none is open, days and number allow one."""
        waits = self.objection is not None and self.objection.is_open
        return not (self.voided or waits or self.today > self.objects_until or self.objected >= self.objections_most)


def read_receipt(session: Session, violation: Violation, now: datetime) -> Receipt:
    """Gather the receipt of a violation whose rider is known (precondition)."""
    day = local_date(now)
    if violation.rider is None:
        raise ValueError("a receipt belongs to a rider")
    task = task_of_violation(session, violation.id)
    booking = live_booking(session, task.id) if task is not None else None
    objections = list_objections_of(session, violation.id)
    return Receipt(
        violation=violation,
        rider=riders.describe(session, violation.rider),
        district=violation.area.district.name,
        penalty=violation.penalty_in_words,
        task=task,
        seat=booking.session if booking is not None and not booking.is_over(now) else None,
        over=booking.session if booking is not None and booking.is_over(now) else None,
        minutes=task.course.on(day).minutes if task is not None else 0,
        certificate=certificate_of_task(session, task.id) if task is not None else None,
        objection=max(objections, key=lambda objection: objection.id, default=None),
        notice=notice_of_violation(session, violation.id),
        objection_days=figure(session, "violations.objection_days"),
        objection_workdays=figure(session, "violations.objection_workdays"),
        overdue=task is not None and task.state in NOT_BEGUN and task.due_on < day,
        objects_until=objection_ends_on(violation.counts_from_utc, figure(session, "violations.objection_days")),
        objected=len(objections),
        objections_most=figure(session, "violations.objections_most"),
        today=day,
        told=reminders_of(session, violation),
        reminded=not has_declined(session, violation.rider),
        change_until=last_change(session, booking.session) if booking is not None else None,
        choose_until=booking.choose_until_utc if booking is not None and booking.chooses(now) else None,
        in_time=may_change(session, booking, now),
        films=standing_of(session, task, now) if task is not None and booking is not None else None,
    )


def reminders_of(session: Session, violation: Violation) -> list[Any]:
    """Return what the page of a receipt shows of how its rider is told, and what an answer to it rests on."""
    contact = contact_row(session, violation.rider) if violation.rider is not None else None
    return [violation, contact]


@dataclass(frozen=True)
class Answer:
    """What is told a rider after a record, on one card; ``why_none`` where there is no receipt.

    ``code`` is the QR code of the receipt's page as an element of a page, ``no_code`` why there is none though there
    is a receipt.
    """

    violation: Violation
    receipt: Receipt | None
    why_none: Message | None
    code: str = ""
    no_code: Message | None = None


def read_answer(session: Session, violation: Violation, now: datetime) -> Answer:
    """Gather what an officer tells a rider."""
    why_none = why_no_receipt(violation)
    if why_none is not None:
        return Answer(violation, None, why_none)
    receipt = read_receipt(session, violation, now)
    try:
        code = qr.inline_svg(services_of(session).address(f"/n/{violation.number}"))
    except Refusal as nowhere:
        return Answer(violation, receipt, None, no_code=nowhere.text)
    return Answer(violation, receipt, None, code)


def why_no_receipt(violation: Violation) -> Message | None:
    """Return why nothing can be handed out about a record, or None where its receipt can."""
    if violation.state == ViolationState.PENDING:
        day = violation.review_due_on
        return message("Waiting for review until %(day)s. It counts once it is confirmed.", day=day)
    if violation.state not in RECEIVED:
        return REJECTED
    if violation.rider_id is None:
        return WANTED if violation.is_wanted else NOBODY
    return None


def paper_of(session: Session, violation: Violation, now: datetime, locale: str, address: str) -> ReceiptData:
    """Return what the receipt says on paper; ``address`` leads to its page."""
    receipt = read_receipt(session, violation, now)
    task, kind = receipt.task, violation.kind
    open_task = task if task is not None and receipt.may_move else None
    note = VOID if receipt.voided else None
    officer, signed = violation.recorded_by, find_signature(session, violation)
    return ReceiptData(
        number=violation.number,
        district=receipt.district,
        rider_name=receipt.rider.name,
        masked_id=receipt.rider.id_masked,
        kind=kind.name(locale),
        law=kind.law(locale),
        place=f"{violation.area.name} {violation.place}".strip(),
        occurred_at=violation.occurred.at,
        penalty=translate(receipt.penalty, locale),
        fine_yuan=None,
        course=task.course.name(locale) if task is not None else "",
        seat=_seat(receipt, locale),
        due_on=open_task.due_on if open_task is not None else None,
        notified=_receiver_of(receipt.notice, locale),
        objection_days=receipt.objection_days,
        objection_workdays=receipt.objection_workdays,
        objection_where=translate(
            message("on this receipt's page, or at the traffic police squadron that recorded it"), locale
        ),
        officer=officer.badge if officer is not None else "",
        receipt_url=address,
        plate=violation.plate,
        note=translate(note, locale) if note is not None else "",
        signature=(signed.file_key or "") if signed is not None else "",
        signed_at=signed.at_utc if signed is not None else None,
    )


def _seat(receipt: Receipt, locale: str) -> StudySeat | None:
    seat = receipt.held
    if seat is None or not receipt.may_move:
        return None
    return StudySeat(
        station=seat.station.name,
        address=seat.station.address,
        starts_at=seat.starts_utc,
        course=seat.course.name(locale),
        minutes=receipt.minutes,
        over=receipt.over is not None,
    )


WITHHELD = {
    HeldReason.NO_LEGAL_BASIS: message("no legal basis is recorded"),
    HeldReason.NO_HOME_VILLAGE: message("no home village is recorded"),
    HeldReason.COMPANY_NAMED: message("it is not confirmed yet that you work for this company"),
    HeldReason.COMPANY_AMBIGUOUS: message("it is not settled yet for which company you were working"),
    HeldReason.DOUBLE: message("it is not decided yet whether this is a second record of one offence"),
}


def _receiver_of(notice: Notice | None, locale: str) -> NoticeReceiver | None:
    if notice is None:
        return None
    to_company = notice.receiver_kind == Receiver.COMPANY
    name = notice.company.name if notice.company else notice.area.name if notice.area else ""
    reason = translate(WITHHELD[notice.held_reason], locale) if notice.held_reason else ""
    return NoticeReceiver("company" if to_company else "village", name, reason)


def receipt_document(session: Session, violation: Violation, now: datetime) -> NewDocument:
    """Return what the receipt of a violation is issued with, as the records are ``now``."""
    address = f"/n/{violation.number}"
    name = mask_name(violation.rider.name) if violation.rider is not None else ""
    offence, district = violation.occurred_on.isoformat(), violation.area.district.name
    return NewDocument(
        kind=DocumentKind.RECEIPT,
        subject=violation.number,
        paper=lambda locale, _proof: paper_of(session, violation, now, locale, address),
        shown=(
            Line(message("Receipt number"), violation.number, violation.number),
            Line(message("Name"), name, name),
            Line(message("Day of the violation"), offence, offence),
            Line(message("Issuing authority"), district, district),
        ),
        marks=(VOID,) if violation.state == ViolationState.VOIDED else (),
        area_id=violation.area_id,
    )


def receipt_now(session: Session, number: str, now: datetime) -> NewDocument:
    """Return what a receipt would say were it issued now; raise :class:`Missing` where there is none."""
    violation = find_shown(session, number)
    if violation is None:
        raise Missing(message("There is no receipt with this number."))
    return receipt_document(session, violation, now)


def find_shown(session: Session, number: str) -> Violation | None:
    """Return the violation if its receipt may be shown at all: it counts or was voided, and its rider is known."""
    violation = find_public(session, number)
    shown = violation is not None and violation.rider_id is not None and violation.state in RECEIVED
    return violation if shown else None


ISSUED, ENDED = message("Issued: %(paper)s %(number)s"), message("%(paper)s %(number)s: %(state)s")
OPENED = message("The rider opened the receipt")


def tell_papers(session: Session, by: Actor, _locale: str, violation_id: int) -> Iterator[Passage]:
    """Yield which papers about a violation left the house, and when its rider read the receipt."""
    if not by.may("riders:rider:read"):
        return
    violation, notice = session.get_one(Violation, violation_id), notice_of_violation(session, violation_id)
    papers = list(list_documents(session, DocumentKind.RECEIPT, violation.number))
    if notice is not None:
        papers += list_documents(session, DocumentKind.NOTICE, notice.number)
    for paper in papers:
        named: dict[str, Any] = {"paper": paper.kind.label, "number": paper.number}
        values = {"number": paper.number}
        who = paper.issued_by.display_name if paper.issued_by else ""
        yield Passage(paper.issued_utc, ISSUED.filled(**named), who, page="issued.show", values=values)
        if paper.ended_utc is not None:
            ended = ENDED.filled(**named, state=paper.state.label)
            yield Passage(paper.ended_utc, ended, reason=paper.reason, page="issued.show", values=values)
    for row in audited(session, {Violation: [violation_id]}, ["public:receipt:open"]):
        yield Passage(row.at_utc, OPENED)
