"""The papers as bytes for the command line, which sees everything."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.bulletin.queries import scorecard as scorecards
from trafficedu.bulletin.queries.month import gather
from trafficedu.core.actors import SYSTEM
from trafficedu.core.month import Month
from trafficedu.core.transactions import writing
from trafficedu.evaluation.queries.runs import MANAGE
from trafficedu.reports import bulletin, bulletin_annex, scorecard
from trafficedu.reports.bulletin_data import BulletinData

EVALUATOR = replace(SYSTEM, permissions=frozenset({MANAGE}))
"""The command line works with the newest evaluation, published or not, as those do who evaluate."""


def render_bulletin(session: Session, month: Month, code: str, locale: str, now: datetime) -> bytes:
    """Return the bulletin of an area as PDF; raise as :func:`gather`."""
    return bulletin.render(_kept(session, month, code, locale, now), locale)


def render_annex(session: Session, month: Month, code: str, locale: str, now: datetime) -> bytes:
    """Return the annex of the bulletin as XLSX; raise as :func:`gather`."""
    return bulletin_annex.render(_kept(session, month, code, locale, now), locale)


def render_scorecard(session: Session, month: Month, code: str, locale: str, now: datetime) -> bytes:
    """Return the scorecard of a town, village or company as PDF; raise as :func:`scorecard.gather`."""
    return scorecard.render(scorecards.gather(session, EVALUATOR, code, month, now, locale), locale)


def _kept(session: Session, month: Month, code: str, locale: str, now: datetime) -> BulletinData:
    """Return the figures; what was fitted for them is kept, in a transaction of its own."""
    found = gather(session, EVALUATOR, code, month, now, locale)
    if found.keeps:
        with writing(session):
            found.keep(session)
    return found.data
