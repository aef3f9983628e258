"""Who sees which hazard, and which of them are late."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

from trafficedu.areas.queries.tree import lies_in
from trafficedu.core.actors import Actor
from trafficedu.core.orm import among
from trafficedu.hazards.models import Hazard
from trafficedu.hazards.rules import OPEN, UNFIXED


def visible_to(by: Actor, area_id: InstrumentedAttribute[Any] = Hazard.area_id) -> ColumnElement[bool]:
    """Return the condition that keeps a query to the area of ``by``; other posts see none."""
    return by.scope.condition(area=lies_in(area_id))


def overdue_on(day: date) -> ColumnElement[bool]:
    """Return the condition that a hazard is not fixed though its deadline passed before ``day``."""
    return among(Hazard.state, *OPEN) & Hazard.state.in_(UNFIXED) & (Hazard.sorted_on < day)
