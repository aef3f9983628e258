"""Outcomes and signatures as pages show them: what is kept at once; a background job works out what is missing or old.

What is kept holds for the day it was worked out on: another day of records is in by tomorrow.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.areas.queries import tree as areas
from trafficedu.configuration.queries import figure
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.jobs import Asked
from trafficedu.core.month import Month, Period
from trafficedu.core.text import message
from trafficedu.core.work import Ending, Work
from trafficedu.evaluation.models import AnalysisResult
from trafficedu.evaluation.queries.results import find_result
from trafficedu.evaluation.services import fits
from trafficedu.evaluation.services.fits import Shown
from trafficedu.evaluation.services.results import keeping
from trafficedu.outcomes.rules import REVISION
from trafficedu.outcomes.services.signing import signatures_of
from trafficedu.outcomes.services.working_out import outcome_of

JOB = "outcome"
"""The kind of a job that works outcomes or signatures out."""
OUTCOME, SIGNING = "out", "sign"
READ, READ_SIGNING = "outcomes:study:read", "outcomes:signing:read"
NEEDS: Mapping[str, str] = {OUTCOME: READ, SIGNING: READ_SIGNING}


def shown(session: Session, what: str, area: Area, period: Period, by: Actor, now: datetime, locale: str) -> Shown:
    """Return ``OUTCOME`` or ``SIGNING`` of some months of an area as it is kept, and what is done about it."""
    title = message("Outcome of education in %(area)s", area=area.name)
    if what == SIGNING:
        title = message("Signatures of studies in %(area)s", area=area.name)
    given = {"what": what, "area": area.code, "first": str(period.first), "last": str(period.last)}
    asked = Asked(JOB, title, given, (NEEDS[what],))
    digest = _fingerprint(session, local_date(now))
    return fits.shown_of(
        session, (_kind(what, period), area.id), asked, lambda kept: kept.fingerprint == digest, by, now, locale
    )


def last_kept(session: Session, what: str, area: Area, period: Period) -> AnalysisResult | None:
    """Return what was worked out last of some months of an area, however long ago; asks for nothing."""
    return find_result(session, _kind(what, period), area.id)


def compute(work: Work) -> Ending:
    """Work an outcome out and keep it: the job's function."""
    given = work.parameters
    area = areas.find_visible_area(work.session, given["area"], work.by)
    period = Period(Month.parse(given["first"]), Month.parse(given["last"]))
    return Ending(write=kept_of(work.session, given["what"], area, period, work.now, work.tell))


def kept_of(session: Session, what: str, area: Area, period: Period, now: datetime, tell: Any = lambda *_: None) -> Any:
    """Work it out and return what stores it."""
    worked_out = outcome_of if what == OUTCOME else signatures_of
    payload = worked_out(session, area, period, now, tell)
    digest = _fingerprint(session, local_date(now))
    return keeping(_kind(what, period), area.id, period.last_day, digest, payload, now)


def _kind(what: str, period: Period) -> str:
    return f"{what}:{str(period.first).replace('-', '')}-{str(period.last).replace('-', '')}"


def _fingerprint(session: Session, day: date) -> str:
    """Return what a kept result rests on: the day, the figures it counts by, and how it is worked out."""
    figures = (figure(session, "education.reoffence_days"), figure(session, "education.due_days"))
    return f"{day}/{REVISION}/{figures[0]}/{figures[1]}"


def result_of(kept: AnalysisResult | None) -> dict[str, Any] | None:
    """Return what is kept, where it has the shape of now."""
    if kept is None or kept.payload.get("revision") != REVISION:
        return None
    return kept.payload
