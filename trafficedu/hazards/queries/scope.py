"""Who sees which hazard, and which of them are late."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, false, true
from sqlalchemy.orm import InstrumentedAttribute

from trafficedu.areas.queries import within
from trafficedu.core.actors import Actor
from trafficedu.hazards.models import Hazard
from trafficedu.hazards.rules import UNFIXED


def visible(by: Actor, area_id: InstrumentedAttribute[Any] = Hazard.area_id) -> ColumnElement[bool]:
    """Return the condition that keeps a query to the area of ``by``; other posts see none."""
    if by.scope.everything:
        return true()
    if by.scope.area_path:
        return area_id.in_(within(by.scope.area_path))
    return false()


def overdue_on(day: date) -> ColumnElement[bool]:
    """Return the condition that a hazard is not fixed though its deadline passed before ``day``."""
    return Hazard.state.in_(UNFIXED) & (Hazard.deadline_on < day)
