"""Who sees which violation."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from trafficedu.areas.queries.tree import lies_in
from trafficedu.core.actors import Actor
from trafficedu.violations.models.records import Violation


def visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition on ``Violation`` that keeps a query to what ``by`` may see.

    Areas see their subtree. Stations and companies see nothing here: they meet a violation as a task or a
    notice.
    """
    return by.scope.condition(area=lies_in(Violation.area_id))
