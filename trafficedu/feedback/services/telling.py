"""Who is told that a notice that went out is another, or none, by now: its receiver, in the inbox and on channels."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.accounts.queries import answering_for, contacts_of
from trafficedu.core.text import message
from trafficedu.feedback.models import Notice
from trafficedu.feedback.queries.display import fewer_now, said_then
from trafficedu.messages.services.outbox import NewPush, push
from trafficedu.violations.events import (
    CompanySettled,
    ObjectionDecided,
    ReviewReopened,
    ToldApart,
    ViolationCorrected,
    ViolationEstablished,
    ViolationVoided,
)
from trafficedu.violations.models.decisions import Objection

Withdrawing = ViolationVoided | ReviewReopened | CompanySettled | ToldApart | ViolationEstablished


def tell_withdrawn(session: Session, notice: Notice, event: Withdrawing) -> None:
    """Say that a notice was taken back, so that a measure taken because of it is lifted."""
    title = message("Notice %(number)s was withdrawn", number=notice.number)
    if isinstance(event, ReviewReopened):
        key = f"notice:{notice.number}:reopened:{event.at_utc:%Y%m%d%H%M%S%f}"
        body = message("The record is reviewed once more. Lift the measure if you have taken one. No answer is needed.")
        new = NewPush(key, title, body, f"/notices/{notice.number}")
    elif not isinstance(event, ViolationVoided):
        key = f"notice:{notice.number}:readdressed:{event.at_utc:%Y%m%d%H%M%S%f}"
        body = message(
            "Somebody else answers for the rider. Lift the measure if you have taken one. No answer is needed."
        )
        new = NewPush(key, title, body, "/notices")
    else:
        body = message(
            "The violation was recorded in error. Lift the measure if you have taken one. No answer is needed."
        )
        new = NewPush(f"notice:{notice.number}:withdrawn", title, body, f"/notices/{notice.number}")
    push(session, new, answering_for(session, notice.company_id, notice.area), event.by, event.at_utc)


def tell_fewer(session: Session, notice: Notice, withdrawn: str, event: ViolationVoided | ReviewReopened) -> None:
    """Say that a stop was withdrawn which a later notice had counted, where less is recommended without it."""
    fewer = fewer_now(session, notice)
    if fewer is None or fewer.advice == said_then(notice):
        return
    title = message("Notice %(number)s counted a stop that was withdrawn", number=notice.number)
    advice = fewer.advice or message("nothing")
    body = message(
        "Recommended by the records of now: %(measure)s. If you have taken another measure, look at it again.",
        measure=advice,
    )
    new = NewPush(f"notice:{notice.number}:fewer:{withdrawn}", title, body, f"/notices/{notice.number}")
    push(session, new, answering_for(session, notice.company_id, notice.area), event.by, event.at_utc)


def tell_again(session: Session, notice: Notice, event: ViolationEstablished) -> None:
    """Say that a notice that was withdrawn with a review holds again; the deadline runs from now."""
    title = message("Notice %(number)s holds again", number=notice.number)
    body = message("The review confirmed the record after all. Answer as usual.")
    key = f"notice:{notice.number}:again:{event.at_utc:%Y%m%d%H%M%S%f}"
    new = NewPush(key, title, body, f"/notices/{notice.number}")
    push(session, new, answering_for(session, notice.company_id, notice.area), event.by, event.at_utc)


def tell_decided(session: Session, event: ObjectionDecided) -> None:
    """Answer the company that objected for its rider, once for each decision."""
    objection = session.get_one(Objection, event.objection_id)
    notice = session.scalar(select(Notice).where(Notice.violation_id == objection.violation_id))
    if objection.company_id is None or notice is None:
        return
    title = message("Your objection to notice %(number)s was decided", number=notice.number)
    body = message("The record is voided; the notice is withdrawn.")
    if not objection.is_upheld:
        body = message("The record stands. Read the reasons on the page of the notice.")
    key = f"objection:{objection.number}:decided:{event.at_utc:%Y%m%d%H%M%S%f}"
    new = NewPush(key, title, body, f"/notices/{notice.number}")
    push(session, new, contacts_of(session, objection.company_id), event.by, event.at_utc)


def tell_corrected(session: Session, notice: Notice, event: ViolationCorrected) -> None:
    """Say that the violation of a notice was corrected; once for each correction."""
    title = message("Notice %(number)s was corrected", number=notice.number)
    body = message("Its violation was put right. Read the notice again; it says what changed.")
    key = f"notice:{notice.number}:corrected:{event.at_utc:%Y%m%d%H%M%S%f}"
    push(
        session,
        NewPush(key, title, body, f"/notices/{notice.number}"),
        answering_for(session, notice.company_id, notice.area),
        event.by,
        event.at_utc,
    )
