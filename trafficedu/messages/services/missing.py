"""Who is told that a source fell silent, or that records contradict a nil report."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.accounts.models import User
from trafficedu.accounts.rules import Role
from trafficedu.areas.models import Area
from trafficedu.areas.rules import paths_down_to
from trafficedu.core.text import message
from trafficedu.coverage.events import NilReportContradicted, SourceFellSilent
from trafficedu.coverage.rules import FigureKind
from trafficedu.messages.services.outbox import NewPush, push

TOLD = (Role.ANALYST, Role.SUPERVISOR, Role.LEADER)
"""Who can open the page of the month and say something about it."""


def tell_silent(session: Session, event: SourceFellSilent) -> None:
    """Ask what became of a source that stopped, once for each stop."""
    area = session.get_one(Area, event.area_id)
    what = FigureKind(event.figure).label
    title = message("%(area)s: no %(what)s since %(month)s", area=area.name, what=what, month=str(event.last))
    body = message(
        "Nothing was reported after %(month)s. Is it reported, did none happen, or is it late?", month=str(event.last)
    )
    key = f"silent:{event.figure}:{area.code}:{event.last}"
    _tell(
        session, event, area, NewPush(key, title, body, f"/coverage?figure={event.figure}&year={event.last.next.year}")
    )


def tell_contradicted(session: Session, event: NilReportContradicted) -> None:
    """Say that there are records of a month that was said to be without any."""
    area = session.get_one(Area, event.area_id)
    title = message(
        "%(area)s: records contradict the nil report of %(month)s (%(what)s)",
        area=area.name,
        what=FigureKind(event.figure).label,
        month=str(event.month),
    )
    body = message("The nil report no longer counts. Take it back, or void the records if they are wrong.")
    key = f"contradicted:{event.figure}:{area.code}:{event.month}"
    _tell(session, event, area, NewPush(key, title, body, f"/coverage/{event.figure}/{area.code}/{event.month}"))


def _tell(session: Session, event: SourceFellSilent | NilReportContradicted, area: Area, new: NewPush) -> None:
    """Tell those of :data:`TOLD` whose post is the area, or lies above it."""
    query = (
        select(User.id)
        .join(Area, User.area_id == Area.id)
        .where(User.active.is_(True), User.role.in_(TOLD), Area.path.in_(paths_down_to(area.path)))
    )
    push(session, new, session.scalars(query).all(), event.by, event.at_utc)
