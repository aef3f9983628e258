"""What a record says of who rides which e-bike: noted, asked about, decided, taken back. Flushes, never commits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Refusal
from trafficedu.core.text import message
from trafficedu.riders.models import Rider
from trafficedu.riders.rules import Answer, normalise_plate
from trafficedu.riders.services import plates
from trafficedu.violations.events import ViolationCorrected, ViolationVoided
from trafficedu.violations.models.decisions import PlateQuestion
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.plates import find_other_of_both, question_of
from trafficedu.violations.rules.states import PLATE_LIFE, CorrectedField, Offender, PlateAct, Source
from trafficedu.violations.services import doubles

ACTS = {Answer.BORROWED: PlateAct.BORROW, Answer.TRANSFERRED: PlateAct.TRANSFER, Answer.MISTYPED: PlateAct.MISTYPE}


def note(session: Session, violation: Violation, by: Actor, answer: str = "", met: str = "") -> Rider | None:
    """Note the rider of a record on its plate; nothing where there is no plate, no rider, or only a passenger.

    For a new record, and again after its plate, rider or offender was corrected (what it said before is taken back by
    ViolationVoided). Returns the usual rider where the plate is known as somebody else's and ``answer`` (with ``met``,
    the number of the rider whom the page named) does not say what that means.
    """
    if not violation.plate or violation.rider is None or violation.offender != Offender.RIDER:
        return None
    seen = plates.Seen(
        violation.plate,
        violation.rider,
        violation.occurred_on,
        violation.number,
        confirmed=violation.source == Source.FIELD,
        answer=answer,
        met=met,
    )
    return plates.note(session, seen, by)


def note_or_list(session: Session, violation: Violation, by: Actor) -> None:
    """Note the rider of a record on its plate where nobody can be asked: a doubt is listed for the supervisor."""
    usual = note(session, violation, by)
    if usual is None:
        return
    question = question_of(session, violation.id)
    if question is None:
        question = PlateQuestion(
            violation_id=violation.id, area_id=violation.area_id, occurred_on=violation.occurred_on, usual_id=usual.id
        )
        session.add(question)
    else:
        question.state = PLATE_LIFE.after(PlateAct.ASK, question.state)
    question.usual_id, question.plate = usual.id, violation.plate
    session.flush()
    audit.write(session, "violations:plate:ask", by, subject=question, violation_id=violation.id)


def decide(session: Session, question: PlateQuestion, answer: str, plate: str, by: Actor, now: datetime) -> None:
    """Say what it means that a record's rider met a plate known as somebody else's.

    ``plate`` is the right one where it was mistyped, or "" where that is not known.

    Raises
    ------
    Stale
        Somebody decided already.
    Refusal
        At ``answer``: none, or the e-bike is known as a third rider's meanwhile; at ``plate``.
    """
    if answer not in ACTS:
        raise Refusal(message("Choose a decision."), field="answer", value="")
    violation = question.violation
    question.state = PLATE_LIFE.after(ACTS[Answer(answer)], question.state)
    question.decided_by_id, question.decided_utc = by.user_id, now
    session.flush()
    audit.write(session, "violations:plate:decide", by, subject=question, state=question.state)
    if answer == Answer.MISTYPED:
        _mend(session, violation, plate, by, now)
        return
    usual = note(session, violation, by, answer, question.usual.number)
    if usual is not None:
        raise Refusal(
            message("Meanwhile this e-bike is known as that of %(name)s. Look at its page first.", name=usual.name),
            field="answer",
            value="",
        )


def _mend(session: Session, violation: Violation, text: str, by: Actor, now: datetime) -> None:
    """Give a record the plate that it should have had, and note its rider there."""
    plate = normalise_plate(text)
    if plate == violation.plate:
        raise Refusal(
            message("This is the plate that was mistyped. Enter the right one, or leave it empty."), field="plate"
        )
    violation.plate = plate
    session.flush()
    audit.write(session, "violations:violation:mend_plate", by, subject=violation)
    note_or_list(session, violation, by)
    doubles.look_again(session, violation, by, now)


def take_back(session: Session, violation: Violation, by: Actor) -> None:
    """Take back what a record said of plates, since it no longer stands, or never named this rider.

    Where another record that stands saw the same two together, it takes its place: as the first that did, or as one
    more question.
    """
    plates.take_back(session, violation.number, by)
    question = question_of(session, violation.id)
    if question is not None and question.is_open:
        question.state = PLATE_LIFE.after(PlateAct.DROP, question.state)
        session.flush()
        audit.write(session, "violations:plate:decide", by, subject=question, state=question.state)
    other = find_other_of_both(session, violation)
    if other is not None:
        note_or_list(session, other, by)


def take_back_voided(session: Session, event: ViolationVoided) -> None:
    """Take back what a record that is voided or corrected said of plates; see :func:`take_back`."""
    violation = session.get(Violation, event.violation_id)
    if violation is not None:
        take_back(session, violation, event.by)


def follow_correction(session: Session, event: ViolationCorrected) -> None:
    """Let what a record said of plates, and what is asked about it, follow its day and its place."""
    violation = session.get(Violation, event.violation_id)
    if violation is None or not event.fields & {CorrectedField.OCCURRED, CorrectedField.AREA}:
        return
    plates.move(session, violation.number, violation.occurred_on)
    question = question_of(session, violation.id)
    if question is not None:
        question.area_id, question.occurred_on = violation.area_id, violation.occurred_on
        session.flush()
