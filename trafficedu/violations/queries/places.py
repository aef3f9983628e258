"""The places that an officer named last, to be offered again on the spot."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.core.actors import Actor
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.scope import visible_to

DAYS, LATEST, MOST = 60, 400, 40
"""How far back is looked, at how many records, and how many places are offered."""


def list_own_places(session: Session, by: Actor, day: date) -> list[tuple[str, str, float | None, float | None]]:
    """Return village, place and mean position (where one was given) of the places that ``by`` recorded at last.

    The latest first; of the last :data:`DAYS` days and :data:`LATEST` records, those with a place.
    """
    own = (
        select(Violation.area_id, Violation.place, Violation.latitude, Violation.longitude, Violation.occurred_utc)
        .where(Violation.officer_id == by.user_id, Violation.occurred_on >= day - timedelta(days=DAYS), visible_to(by))
        .order_by(Violation.occurred_on.desc(), Violation.occurred_utc.desc(), Violation.id.desc())
        .limit(LATEST)
        .subquery()
    )
    latest = func.max(own.c.occurred_utc)
    query = (
        select(Area.code, own.c.place, func.avg(own.c.latitude), func.avg(own.c.longitude))
        .join(Area, Area.id == own.c.area_id)
        .where(own.c.place != "")
        .group_by(Area.code, own.c.place)
        .order_by(latest.desc(), Area.code, own.c.place)
        .limit(MOST)
    )
    return [(code, place, latitude, longitude) for code, place, latitude, longitude in session.execute(query)]
