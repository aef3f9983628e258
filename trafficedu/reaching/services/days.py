"""The report of a station's day as a document: issued, issued anew where the day changed, handed out as it stands."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.text import message
from trafficedu.issued.models import Document
from trafficedu.issued.queries.documents import valid_document
from trafficedu.issued.rules import DocumentKind
from trafficedu.issued.services import issuing
from trafficedu.issued.services.issuing import NewDocument
from trafficedu.reaching.queries.days import day_document, subject_of
from trafficedu.stations.models import Station

NONE = message("No report of this day has been issued yet.")


def issue_day(session: Session, station: Station, day: date, by: Actor, now: datetime) -> Document:
    """Issue the report of a day; where nothing of it changed since, the one that was issued is given again.

    Raises
    ------
    Refusal
        The day has not come yet.
    """
    by.require("reaching:day:issue")
    if day > local_date(now):
        raise Refusal(message("This day has not come yet."))
    made = issuing.renew(session, day_document(session, station, day, now), by, now)
    assert made is not None
    return made


def render_day(session: Session, station: Station, day: date, locale: str, now: datetime) -> bytes:
    """Return the report of a day as it was issued; raise :class:`Missing` before it is."""
    held = valid_document(session, DocumentKind.STATION_DAY, subject_of(station, day))
    if held is None:
        raise Missing(NONE)
    return issuing.hand_out(session, held, locale, now)


def day_now(session: Session, subject: str, now: datetime) -> NewDocument:
    """Return what the report of a day would say were it issued now; raise :class:`Missing`."""
    code, _, text = subject.partition("/")
    station = session.scalar(select(Station).where(Station.code == code))
    try:
        day = date.fromisoformat(text)
    except ValueError:
        station = None
    if station is None:
        raise Missing(NONE)
    return day_document(session, station, day, now)
