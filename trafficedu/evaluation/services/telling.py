"""Who is told that a colour worsened: a handler of ``evaluation.events``."""

from __future__ import annotations

from sqlalchemy.orm import Session

from trafficedu.accounts.queries import contacts_of, watchers_of
from trafficedu.core.text import message
from trafficedu.evaluation.events import ColourWorsened
from trafficedu.evaluation.models import EvaluationResult
from trafficedu.evaluation.rules.names import COLOUR_NAMES
from trafficedu.messages.services.outbox import NewPush, push


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
    users = (
        watchers_of(session, result.area.path) if result.area is not None else contacts_of(session, result.company_id)
    )
    new = NewPush(f"colour:{month}:{event.kind}:{event.code}", title, body, path)
    push(session, new, users, event.by, event.at_utc)
