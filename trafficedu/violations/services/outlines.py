"""What records know of where an area lies: a map that leaves most of them outside is of another place."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.areas.events import OutlinesTried
from trafficedu.areas.models import Area
from trafficedu.areas.rules import described
from trafficedu.core.errors import Refusal
from trafficedu.core.positions import MARGIN
from trafficedu.core.text import message
from trafficedu.violations.models.records import Violation

LOOKED_AT = 2_000
"""Of the latest records with a position."""
LEAST = 5
"""Positions of an area below which nothing is concluded from them: one phone may be wrong."""


def check_outlines(session: Session, event: OutlinesTried) -> None:
    """Raise Refusal at ``file`` where most of an area's recorded positions lie outside its outline."""
    query = (
        select(Area.path, Violation.latitude, Violation.longitude)
        .join(Area, Area.id == Violation.area_id)
        .where(Violation.latitude.is_not(None), Violation.longitude.is_not(None))
        .order_by(Violation.id.desc())
        .limit(LOOKED_AT)
    )
    boxes = {path: box.widened(MARGIN) for path, box in event.outlines.items()}
    placed, inside = Counter[str](), Counter[str]()
    for path, latitude, longitude in session.execute(query):
        for outlined in boxes:
            if path.startswith(outlined):
                placed[outlined] += 1
                inside[outlined] += boxes[outlined].holds(latitude, longitude)
    for path, count in placed.items():
        if count >= LEAST and 2 * inside[path] < count:
            raise Refusal(
                message(
                    "The outline of %(name)s is of another place: %(outside)d of the latest %(count)d records with a "
                    "position lie outside of it (%(there)s). Nothing was imported.",
                    name=event.names[path],
                    outside=count - inside[path],
                    count=count,
                    there=described(event.outlines[path]),
                ),
                field="file",
            )
