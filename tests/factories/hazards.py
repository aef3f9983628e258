"""Hazards for tests."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from tests.factories.pictures import camera_photo
from trafficedu.areas.models import Area
from trafficedu.core.actors import SYSTEM, Actor, Scope
from trafficedu.hazards.models import Hazard
from trafficedu.hazards.services import deciding, planning, reporting
from trafficedu.hazards.services.deciding import FixDecision
from trafficedu.hazards.services.planning import RemedyPlan
from trafficedu.hazards.services.reporting import NewHazard

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
"""Friday, 20 November 2026, noon in Shanghai."""
TODAY = date(2026, 11, 20)
DAY = timedelta(days=1)
PLAN = RemedyPlan("路面平整，夜间可见", "铣刨重铺 40 平方米，增设反光标志", "街道城建办 沈工", TODAY + 7 * DAY)

FINDER = Actor(None, "报告人", scope=Scope(everything=True))


def new_hazard(area: Area, **values: Any) -> NewHazard:
    """Return a broken road of medium risk with a photo from before, with what is given changed."""
    given: dict[str, Any] = {
        "area_code": area.code,
        "place": "湘湖路与时代大道口东侧",
        "kind_code": "surface",
        "risk": "medium",
        "photos": (camera_photo(),),
    }
    return NewHazard(**given | values)


def make_hazard(session: Session, area: Area, by: Actor = SYSTEM, now: datetime = NOW, **values: Any) -> Hazard:
    """Report a hazard through the service."""
    return reporting.report(session, new_hazard(area, **values), by, now)


def make_planned(session: Session, area: Area, plan: RemedyPlan = PLAN, now: datetime = NOW, **values: Any) -> Hazard:
    """Report and plan a hazard."""
    hazard = make_hazard(session, area, now=now, **values)
    planning.plan(session, hazard, plan, hazard.version, SYSTEM, now)
    return hazard


def make_fixed(session: Session, area: Area, fixer: Actor, fixed: datetime = NOW + DAY, **values: Any) -> Hazard:
    """Report, plan and fix a hazard, with a photo from after."""
    hazard = make_planned(session, area, **values)
    planning.mark_fixed(session, hazard, "", [camera_photo(seed=7)], hazard.version, fixer, fixed)
    return hazard


def verify(session: Session, hazard: Hazard, by: Actor, now: datetime) -> None:
    """Accept the fix of a hazard."""
    deciding.verify(session, hazard, FixDecision(accepted=True), hazard.version, by, now)
