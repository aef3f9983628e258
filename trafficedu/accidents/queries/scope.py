"""Who sees which accident."""

from __future__ import annotations

from sqlalchemy import ColumnElement, false, true

from trafficedu.accidents.models import Accident
from trafficedu.areas.queries import within
from trafficedu.core.actors import Actor


def visible(by: Actor) -> ColumnElement[bool]:
    """Return the condition on ``Accident`` that keeps a query to the area of ``by``; other posts see none."""
    if by.scope.everything:
        return true()
    if by.scope.area_path:
        return Accident.area_id.in_(within(by.scope.area_path))
    return false()
