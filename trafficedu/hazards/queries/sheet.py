"""What the sheet "one road, one plan" (一路一方案) says, gathered for ``reports``."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.areas.queries.tree import list_line
from trafficedu.core.clock import local
from trafficedu.core.text import message, translate
from trafficedu.hazards.models import Hazard
from trafficedu.hazards.queries.records import list_steps, photos_of
from trafficedu.hazards.rules import HazardState, PhotoTime
from trafficedu.issued.queries.documents import Line
from trafficedu.issued.rules import DocumentKind
from trafficedu.issued.services.issuing import NewDocument
from trafficedu.reports.hazard_plan import HazardPlanData, PlanStep

MOST_ON_PAPER = 4
"""Photos of each kind on the sheet: the latest ones. The page of the hazard shows all."""


def plan_paper(session: Session, hazard: Hazard, locale: str, now: datetime) -> HazardPlanData:
    """Return what the sheet of a hazard says in ``locale``, with its photos."""
    line = [area.name for area in [*list_line(session, hazard.area), hazard.area]]
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
        page_url=f"/hazards/{hazard.number}",
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


def plan_document(session: Session, hazard: Hazard, now: datetime) -> NewDocument:
    """Return what the sheet of a hazard is issued with, as its record is now."""
    where, district = hazard.area.name, list_line(session, hazard.area)
    top = district[0].name if district else where
    return NewDocument(
        kind=DocumentKind.HAZARD,
        subject=hazard.number,
        paper=lambda locale, _proof: plan_paper(session, hazard, locale, now),
        shown=(
            Line(message("Hazard number"), hazard.number, hazard.number),
            Line(message("Hazard kind"), hazard.kind.name("zh"), hazard.kind.name("en")),
            Line(message("Town and village"), where, where),
            Line(message("Issuing authority"), top, top),
        ),
        area_id=hazard.area_id,
    )
