"""Who is told about deadlines of hazards and about looks that did not take place: handlers of ``hazards.events``.

Each says a thing once for a deadline, to the grid officer and the leaders who answer for the area.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from trafficedu.accounts.queries import watchers_of
from trafficedu.core.events import Event
from trafficedu.core.text import Message, message
from trafficedu.hazards.events import CheckOverdue, HazardDueSoon, HazardOverdue
from trafficedu.hazards.models import Hazard, HazardWatch
from trafficedu.messages.services.outbox import NewPush, push


def tell_due_soon(session: Session, event: HazardDueSoon) -> None:
    """Say that a hazard has to be fixed within days."""
    hazard, day = session.get_one(Hazard, event.hazard_id), event.deadline_on.isoformat()
    title = message("Hazard %(number)s is due on %(day)s", number=hazard.number, day=day)
    _tell(session, event, hazard, f"soon:{day}", title)


def tell_overdue(session: Session, event: HazardOverdue) -> None:
    """Say that a hazard was not fixed by its day."""
    hazard, day = session.get_one(Hazard, event.hazard_id), event.deadline_on.isoformat()
    title = message("Hazard %(number)s has been overdue since %(day)s", number=hazard.number, day=day)
    _tell(session, event, hazard, f"overdue:{day}", title)


def tell_check_overdue(session: Session, event: CheckOverdue) -> None:
    """Say that nobody looked at a listed area by its day."""
    area, day = session.get_one(HazardWatch, event.watch_id).area, event.due_on.isoformat()
    title = message("%(area)s was due to be checked by %(day)s", area=area.name, day=day)
    body = message("Look for hazards there and record the check.")
    key = f"hazard-check:{area.code}:{day}"
    new = NewPush(key, title, body, "/hazards/checks")
    push(session, new, watchers_of(session, area.path), event.by, event.at_utc)


def _tell(session: Session, event: Event, hazard: Hazard, occasion: str, title: Message) -> None:
    body = message("%(area)s: fix it and report it as fixed, or change its plan.", area=hazard.area.name)
    new = NewPush(f"hazard:{hazard.number}:{occasion}", title, body, f"/hazards/{hazard.number}")
    push(session, new, watchers_of(session, hazard.area.path), event.by, event.at_utc)
