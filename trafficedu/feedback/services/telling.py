"""Who is told that a notice that went out is another, or none, by now: its receiver, in the inbox and on channels."""

from __future__ import annotations

from sqlalchemy.orm import Session

from trafficedu.accounts.queries import answering_for
from trafficedu.core.text import message
from trafficedu.feedback.models import Notice
from trafficedu.messages.services.outbox import NewPush, push
from trafficedu.violations.events import CompanySettled, ViolationCorrected, ViolationVoided


def tell_withdrawn(session: Session, notice: Notice, event: ViolationVoided | CompanySettled) -> None:
    """Say that a notice was taken back, so that a measure taken because of it is lifted."""
    title = message("Notice %(number)s was withdrawn", number=notice.number)
    if isinstance(event, CompanySettled):
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
