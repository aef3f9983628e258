"""Who is told that a colour worsened, or was another than people know: handlers of ``evaluation.events``."""

from __future__ import annotations

from sqlalchemy.orm import Session

from trafficedu.accounts.queries import answering_for
from trafficedu.core.text import message
from trafficedu.evaluation.events import ColourCorrected, ColourWorsened
from trafficedu.evaluation.models import EvaluationResult
from trafficedu.evaluation.rules.names import COLOUR_NAMES
from trafficedu.messages.services.outbox import NewPush, push


def tell_corrected(session: Session, event: ColourCorrected) -> None:
    """Tell who answers for an area, or a company's contacts, that a colour they know does not hold any more."""
    result, month = session.get_one(EvaluationResult, event.result_id), str(event.month)
    title = message(
        "%(name)s is %(after)s in %(month)s, not %(before)s",
        name=result.name,
        before=COLOUR_NAMES[event.before],
        after=COLOUR_NAMES[result.colour],
        month=month,
    )
    body = message("A newer version of the evaluation was published. The page explains the colour.")
    path = f"/evaluation/{month}/{result.kind}/{result.code}"
    new = NewPush(f"colour:{month}:version {event.number}:{result.kind}:{result.code}", title, body, path)
    push(session, new, answering_for(session, result.company_id, result.area), event.by, event.at_utc)


def tell_worsened(session: Session, event: ColourWorsened) -> None:
    """Tell the grid officer and the leaders of an area, or a company's contacts, once for each month."""
    result = session.get_one(EvaluationResult, event.result_id)
    month = str(event.month)
    title = message(
        "%(name)s fell from %(before)s to %(after)s in %(month)s",
        name=result.name,
        before=COLOUR_NAMES[event.before],
        after=COLOUR_NAMES[event.after],
        month=month,
    )
    body = message("The page explains why and how to improve it.")
    path = f"/evaluation/{month}/{event.kind}/{event.code}"
    new = NewPush(f"colour:{month}:{event.kind}:{event.code}", title, body, path)
    push(session, new, answering_for(session, result.company_id, result.area), event.by, event.at_utc)
