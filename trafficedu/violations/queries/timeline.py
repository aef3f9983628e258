"""What a record of a violation went through, as its page tells it: from its own tables and those it hangs on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.accounts.queries import names_of
from trafficedu.core.actors import Actor
from trafficedu.core.audit import AuditEntry
from trafficedu.core.loading import loaded
from trafficedu.core.passages import Passage, audited
from trafficedu.core.row_acts import Consequence
from trafficedu.core.text import Message, message
from trafficedu.evidence.models import Signature
from trafficedu.evidence.queries import list_photos, list_signatures
from trafficedu.violations.models.decisions import CorrectionRequest, PlateQuestion
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.companies import list_decisions
from trafficedu.violations.queries.corrections import list_corrections
from trafficedu.violations.queries.doubles import duplicate_of, pairs_of
from trafficedu.violations.queries.objections import list_objections_of
from trafficedu.violations.queries.records import NAMED, VOID
from trafficedu.violations.rules.states import PairState, PlateState, RequestState, ViolationState

Names = Mapping[int, str]
DONE_TO_IT: Mapping[str, Message] = {
    "violations:violation:identify": message("Rider named"),
    "violations:violation:mend_plate": message("Plate put right"),
    "violations:violation:reopen": message("Decision of the review taken back"),
    "violations:unnamed:give_up": message("Nobody looks for the person any more"),
}
REVIEW, REOPEN = "violations:violation:review", "violations:violation:reopen"
CONFIRMED, REJECTED = message("Confirmed"), message("Rejected")


def of_record(session: Session, by: Actor, locale: str, violation_id: int) -> Iterator[Passage]:
    """Yield what happened to a record that ``by`` may see; photos, notes and persons for those who are told of them."""
    violation = session.get_one(Violation, violation_id)
    told = by.may(NAMED)
    yield from _begun(session, violation)
    if by.may("violations:violation:record"):
        yield from _asked(session, violation)
    yield from _objections(session, violation)
    yield from _own(session, violation)
    for line in list_corrections(session, violation_id, locale, notes=told):
        yield Passage(line.at_utc, line.what, line.by, line.reason)
    yield from _doubles(session, violation)
    yield from _companies(session, violation, by)
    if told:
        yield from _plate(session, violation)
        yield from _evidence(session, violation, why=by.may(VOID))


def _begun(session: Session, violation: Violation) -> Iterator[Passage]:
    """Yield the offence, and that it was recorded."""
    if violation.occurred.hour_known:
        yield Passage(violation.occurred_utc, message("The offence"))
    names = names_of(session, [violation.officer_id] if violation.officer_id is not None else [])
    recorded_by = names.get(violation.officer_id or 0, violation.officer_name)
    yield Passage(violation.recorded_utc, message("Recorded"), recorded_by)


def _own(session: Session, violation: Violation) -> Iterator[Passage]:
    """Yield what was decided on the record, as it and its rows of the audit trail say."""
    rows = audited(session, {Violation: [violation.id]}, [*DONE_TO_IT, REVIEW])
    actors = {violation.reviewed_by_id, violation.voided_by_id, *(row.actor_id for row in rows)}
    names = names_of(session, [each for each in actors if each is not None])
    yield from _done(rows, names)
    if violation.reviewed_utc is not None:
        decision = REJECTED if violation.is_rejected else CONFIRMED
        reason = violation.state_reason if violation.is_rejected else violation.late_reason
        yield Passage(violation.reviewed_utc, decision, names.get(violation.reviewed_by_id or 0, ""), reason)
    if violation.voided_utc is not None:
        why = violation.state_reason or duplicate_of(session, violation.id)
        yield Passage(violation.voided_utc, message("Voided"), names.get(violation.voided_by_id or 0, ""), why)


def _done(rows: Sequence[AuditEntry], names: Names) -> Iterator[Passage]:
    """Yield what was done to it; of reviews those that were taken back, for the record keeps the last one."""
    last_reopened = max((row.id for row in rows if row.action == REOPEN), default=0)
    for row in rows:
        who = names.get(row.actor_id or 0, "")
        if row.action != REVIEW:
            yield Passage(row.at_utc, DONE_TO_IT[row.action], who)
        elif row.id < last_reopened:
            yield Passage(
                row.at_utc, REJECTED if row.detail.get("state") == ViolationState.REJECTED else CONFIRMED, who
            )


def _asked(session: Session, violation: Violation) -> Iterator[Passage]:
    """Yield corrections that its officer asked for, and what was decided."""
    query = select(CorrectionRequest).where(CorrectionRequest.violation_id == violation.id)
    for asked in session.scalars(
        query.options(loaded(CorrectionRequest.asked_by), loaded(CorrectionRequest.decided_by))
    ):
        yield Passage(asked.asked_utc, message("Correction asked for"), asked.asked_by.display_name, asked.reason)
        if asked.decided_utc is not None and asked.state in {RequestState.GRANTED, RequestState.REFUSED}:
            decided = (
                message("Correction granted") if asked.state == RequestState.GRANTED else message("Correction refused")
            )
            yield Passage(
                asked.decided_utc, decided, asked.decided_by.display_name if asked.decided_by else "", asked.decision
            )


def _doubles(session: Session, violation: Violation) -> Iterator[Passage]:
    """Yield from which records it was told apart, and that others were voided as duplicates of it."""
    told = {
        PairState.APART: message("Told apart from %(number)s, which is of another offence"),
        PairState.MERGED: message("%(number)s was voided as a duplicate of this record"),
    }
    for pair in pairs_of(session, [violation.id], *told):
        if pair.decided_utc is not None and pair.voided_id != violation.id:
            other = pair.second if pair.first_id == violation.id else pair.first
            by = pair.decided_by.display_name if pair.decided_by else ""
            what = told[pair.state].filled(number=other.number)
            yield Passage(pair.decided_utc, what, by, page="violations.show", values={"number": other.number})


def _companies(session: Session, violation: Violation, reader: Actor) -> Iterator[Passage]:
    """Yield what was said about the company that answers for it; why, to those who decide on it."""
    decides = reader.may("violations:company:decide")
    for decision in list_decisions(session, violation.id):
        what = decision.act.label
        if decision.company is not None:
            what = message("%(what)s: %(name)s", what=what, name=decision.company.name)
        by = decision.decided_by.display_name if decision.decided_by else ""
        values = {"number": violation.number}
        reason = decision.reason if decides else ""
        yield Passage(decision.decided_utc, what, by, reason, page="violations.company", values=values)


def _objections(session: Session, violation: Violation) -> Iterator[Passage]:
    """Yield objections and what was decided on them."""
    found = list_objections_of(session, violation.id)
    names = names_of(session, [each.decided_by_id for each in found if each.decided_by_id is not None])
    for objection in found:
        page, values = "violations.objection", {"number": objection.number}
        raised = message("Objection raised by the company") if objection.company_id else message("Objection raised")
        yield Passage(objection.raised_utc, raised, page=page, values=values)
        if objection.decided_utc is not None:
            decided = message("Objection: %(state)s", state=objection.state.label)
            who = names.get(objection.decided_by_id or 0, "")
            yield Passage(objection.decided_utc, decided, who, objection.decision, page=page, values=values)


def _plate(session: Session, violation: Violation) -> Iterator[Passage]:
    """Yield what was decided on a plate that is known as another rider's."""
    question = session.scalar(select(PlateQuestion).where(PlateQuestion.violation_id == violation.id))
    if question is not None and question.decided_utc is not None and question.state != PlateState.DROPPED:
        names = names_of(session, [question.decided_by_id] if question.decided_by_id else [])
        what = message("Plate: %(state)s", state=question.state.label)
        values = {"number": violation.number}
        who = names.get(question.decided_by_id or 0, "")
        yield Passage(question.decided_utc, what, who, page="violations.plate", values=values)


def _evidence(session: Session, violation: Violation, *, why: bool) -> Iterator[Passage]:
    """Yield photos and signatures as they came and went; ``why`` a photo went may say what was on it."""
    photos, signatures = list_photos(session, violation), list_signatures(session, violation)
    ids = {who for photo in photos for who in (photo.received_by_id, photo.withdrawn_by_id)}
    ids |= {signature.received_by_id for signature in signatures}
    names = names_of(session, [each for each in ids if each is not None])
    for photo in photos:
        added = message("Photo %(position)d added", position=photo.position)
        yield Passage(photo.received_utc, added, names.get(photo.received_by_id or 0, ""))
        if photo.withdrawn_utc is not None:
            gone = message("Photo %(position)d taken back", position=photo.position)
            by = names.get(photo.withdrawn_by_id or 0, "")
            yield Passage(photo.withdrawn_utc, gone, by, photo.withdrawn_reason if why else "")
    for signature in signatures:
        yield Passage(signature.received_utc, _signed(signature), names.get(signature.received_by_id or 0, ""))


def _signed(signature: Signature) -> Message:
    return message("The person refused to sign") if signature.refused else message("The person signed")


def after_confirming(session: Session, ids: Sequence[int]) -> dict[int, list[Consequence]]:
    """Return what would follow if these records were confirmed."""
    named, unknown = (
        message("its rider gets a study task, the notice goes out"),
        message("its rider is yet to be named"),
    )
    riders = session.execute(select(Violation.id, Violation.rider_id, Violation.historic).where(Violation.id.in_(ids)))
    return {record: [Consequence(named if rider else unknown)] for record, rider, historic in riders if not historic}
