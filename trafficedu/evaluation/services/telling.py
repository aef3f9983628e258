"""Who is told that a colour worsened, or was another than people know: handlers of ``evaluation.events``."""

from __future__ import annotations

from sqlalchemy.orm import Session

from trafficedu.accounts.queries import answering_for
from trafficedu.core.text import Message, message
from trafficedu.evaluation.events import ColourCorrected, ColourWorsened
from trafficedu.evaluation.models import EvaluationResult
from trafficedu.evaluation.rules.names import COLOUR_NAMES, FIRM_SENTENCES
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
    body = _body(result, message("A newer version of the evaluation was published. The page explains the colour."))
    new = NewPush(
        f"colour:{month}:version {event.number}:{result.kind}:{result.code}", title, body, _path(result, month)
    )
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
    body = _body(result, message("The page explains why and how to improve it."))
    new = NewPush(f"colour:{month}:{event.kind}:{event.code}", title, body, _path(result, month))
    push(session, new, answering_for(session, result.company_id, result.area), event.by, event.at_utc)


def _body(result: EvaluationResult, said: Message) -> Message:
    """Say how sure it is before what the page has; a result under rule set 1 knows nothing of that."""
    if result.veto:
        return message("%(sure)s %(said)s", sure=message("A fatal accident caps the colour: this is firm."), said=said)
    if result.probability is None:
        return said
    sure = FIRM_SENTENCES[result.firm]
    return message("%(sure)s %(said)s", sure=sure, said=said)


def _path(result: EvaluationResult, month: str) -> str:
    """Return the page that explains a colour to its receivers: a company's contacts read scorecards, not results."""
    if result.company_id is not None:
        return f"/scorecards?month={month}"
    return f"/evaluation/{month}/{result.kind}/{result.code}"
