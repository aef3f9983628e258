"""Who sees which accident."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from trafficedu.accidents.models import Accident
from trafficedu.areas.queries.tree import lies_in
from trafficedu.core.actors import Actor


def visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition on ``Accident`` that keeps a query to the area of ``by``; other posts see none."""
    return by.scope.condition(area=lies_in(Accident.area_id))
