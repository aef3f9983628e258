"""What the sheet "one road, one plan" (一路一方案) says, gathered for ``reports``."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.areas.queries.tree import list_line
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import local
from trafficedu.core.services import services_of
from trafficedu.core.text import translate
from trafficedu.hazards.models import Hazard
from trafficedu.hazards.queries.records import find_hazard, list_steps, photos_of
from trafficedu.hazards.rules import HazardState, PhotoTime
from trafficedu.reports import hazard_plan
from trafficedu.reports.hazard_plan import HazardPlanData, PlanStep

MOST_ON_PAPER = 4
"""Photos of each kind on the sheet: the latest ones. The page of the hazard shows all."""


def plan_paper(session: Session, hazard: Hazard, locale: str, now: datetime) -> HazardPlanData:
    """Return what the sheet of a hazard says in ``locale``, with its photos."""
    line = [area.name for area in [*list_line(session, hazard.area), hazard.area]]
    address = services_of(session).address(f"/hazards/{hazard.number}")
    return HazardPlanData(
        number=hazard.number,
        district=line[0],
        where=" ".join(line[1:] or line),
        place=hazard.place,
        position="" if hazard.latitude is None else f"{hazard.latitude:.5f}, {hazard.longitude:.5f}",
        kind=hazard.kind.name(locale),
        risk=translate(hazard.risk.label, locale),
        description=hazard.description,
        state=translate(hazard.state.label, locale),
        reported_at=local(hazard.reported_utc),
        reported_by=hazard.reported_by.display_name if hazard.reported_by else "",
        goal=hazard.goal,
        measures=hazard.measures,
        responsible=hazard.responsible,
        deadline_on=hazard.deadline_on,
        fixed_on=hazard.fixed_on,
        fixed_by=hazard.fixed_by.display_name if hazard.fixed_by else "",
        verified_on=hazard.verified_on if hazard.state == HazardState.VERIFIED else None,
        verified_by=hazard.verified_by.display_name if hazard.verified_by else "",
        on_time=hazard.on_time,
        before=_pictures(session, hazard, PhotoTime.BEFORE),
        after=_pictures(session, hazard, PhotoTime.AFTER),
        steps=_course(session, hazard, locale),
        page_url=address,
        printed_at=local(now),
    )


def _pictures(session: Session, hazard: Hazard, taken: str) -> tuple[str, ...]:
    photos = [photo for photo in photos_of(session, hazard) if photo.taken == taken]
    return tuple(photo.key for photo in photos[-MOST_ON_PAPER:])


def _course(session: Session, hazard: Hazard, locale: str) -> tuple[PlanStep, ...]:
    return tuple(
        PlanStep(
            local(step.at_utc),
            translate(step.what.label, locale),
            step.by.display_name if step.by else "",
            step.note,
        )
        for step in list_steps(session, hazard)
    )


def render_plan(session: Session, hazard: Hazard, locale: str, now: datetime) -> bytes:
    """Return the sheet of a hazard as PDF."""
    paper, evidence = plan_paper(session, hazard, locale, now), services_of(session).evidence
    pictures = {key: evidence.read(key) for key in (*paper.before, *paper.after)}
    return hazard_plan.render(paper, pictures, locale)


def render_any(session: Session, number: str, locale: str, now: datetime) -> bytes:
    """Return the sheet of a hazard by number; raise Missing. For the command line, which sees everything."""
    return render_plan(session, find_hazard(session, number, SYSTEM), locale, now)
